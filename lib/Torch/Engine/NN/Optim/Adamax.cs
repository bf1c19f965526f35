// Kingma and Ba, "Adam" (2015), section 7.1: the infinity norm in place of the second moment.

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class Adamax : OptimizerHelper, IBetas
{
    public Adamax(IEnumerable<Parameter> parameters, double lr, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0)
        : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay) { }

    public Adamax(IEnumerable<ParamGroup> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0)
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
        var (lr, beta1) = (options.LearningRate!.Value, options.beta1!.Value);
        var live = LiveOf<State>(group);
        if (live.Count == 0)
        {
            return;
        }
        live.States.ForEach(s => s.step++);
        var g = live.Grads(false, options.weight_decay!.Value);
        var (m, u) = (live.All(s => s.exp_avg), live.All(s => s.exp_inf));
        Foreach.Average(m, g, beta1);
        Aten._foreach_mul_Scalar_.Run(u, options.beta2!.Value);
        for (var i = 0; i < u.Length; i++)
        {
            Aten.copy_.Run(u[i], Aten.maximum.Call(u[i], Aten.add_Scalar_.Into(Aten.abs.Call(g[i]), options.eps!.Value)));
        }
        Foreach.Addcdiv(live.Parameters(), m, u, live.Each(s => -lr / (1 - Math.Pow(beta1, s.step))));
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
        public Tensor exp_inf = null!;

        public State(Parameter parameter) : base(parameter) { }

        public void Dispose() => Free();
    }
}
