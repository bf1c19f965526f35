// Liu et al., "On the variance of the adaptive learning rate and beyond" (2020).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class RAdam : OptimizerHelper, IBetas
{
    public RAdam(IEnumerable<Parameter> parameters, double lr, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0)
        : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay) { }

    public RAdam(IEnumerable<ParamGroup> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0)
    {
        Begin(new Options { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay }, parameters, p => new State(p));
    }

    /// <summary>The first group's betas; setting sets every group's.</summary>
    public (double, double) Betas
    {
        get => FirstBetas;
        set => FirstBetas = value;
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = group.Options;
        var (lr, beta1, beta2) = (options.LearningRate!.Value, options.beta1!.Value, options.beta2!.Value);
        var live = LiveOf<State>(group);
        if (live.Count == 0)
        {
            return;
        }
        live.States.ForEach(s => s.step++);
        var g = live.Grads(false, options.weight_decay!.Value);
        var (m, v) = (live.All(s => s.exp_avg), live.All(s => s.exp_avg_sq));
        Foreach.Average(m, g, beta1);
        Foreach.AverageOfSquares(v, g, beta2);
        var most = 2 / (1 - beta2) - 1; // ρ∞, the longest average there is
        var below = Foreach.RootPlus(v, options.eps!.Value);
        var parameters = live.Parameters();
        for (var i = 0; i < parameters.Length; i++)
        {
            var step = live.States[i].step;
            var (left1, left2) = (1 - Math.Pow(beta1, step), 1 - Math.Pow(beta2, step));
            var length = most - 2 * step * Math.Pow(beta2, step) / left2; // ρt
            if (length > 5)
            {
                var rectified = Math.Sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length));
                Aten.addcdiv_.Run(parameters[i], m[i], below[i], -lr * rectified * Math.Sqrt(left2) / left1);
            }
            else
            {
                // Too few steps for a variance: momentum alone.
                Aten.add_Tensor_.Run(parameters[i], m[i], -lr / left1);
            }
        }
    }

    public class Options : OptimizerOptions
    {
        public double? beta1;
        public double? beta2;
        public double? eps;
        public double? weight_decay;
    }

    public class ParamGroup : ParamGroup<Options>, IBetas
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0)
            : base(parameters, new Options { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay }) { }

        public (double, double) Betas
        {
            get => (Options.beta1!.Value, Options.beta2!.Value);
            set => (Options.beta1, Options.beta2) = (value.Item1, value.Item2);
        }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public long step;
        public Tensor exp_avg = null!;
        public Tensor exp_avg_sq = null!;

        public State(Parameter parameter) : base(parameter) { }

        public void Dispose() => Free();
    }
}
