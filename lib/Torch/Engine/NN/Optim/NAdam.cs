// Dozat, "Incorporating Nesterov momentum into Adam" (2016).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class NAdam : OptimizerHelper, IBetas
{
    public NAdam(IEnumerable<Parameter> parameters, double lr, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, double momentum_decay = 0.004)
        : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, momentum_decay) { }

    public NAdam(IEnumerable<ParamGroup> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, double momentum_decay = 0.004)
    {
        Begin(new Options { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, momentum_decay = momentum_decay, weight_decay = weight_decay }, parameters, p => new State(p));
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
        var (lr, beta1, beta2, psi) = (options.LearningRate!.Value, options.beta1!.Value, options.beta2!.Value, options.momentum_decay!.Value);
        var live = LiveOf<State>(group);
        if (live.Count == 0)
        {
            return;
        }
        double Mu(long step) => beta1 * (1 - 0.5 * Math.Pow(0.96, step * psi));
        foreach (var state in live.States)
        {
            state.step++;
            state.mu_product *= Mu(state.step);
        }
        var g = live.Grads(false, options.weight_decay!.Value);
        var (m, v) = (live.All(s => s.exp_avg), live.All(s => s.exp_avg_sq));
        Foreach.Average(m, g, beta1);
        Foreach.AverageOfSquares(v, g, beta2);
        var below = Foreach.Divided(v, live.Each(s => 1 - Math.Pow(beta2, s.step)));
        Aten._foreach_sqrt_.Run((Tensor[])below);
        Aten._foreach_add_Scalar_.Run(below, options.eps!.Value);
        var parameters = live.Parameters();
        Foreach.Addcdiv(parameters, g, below, live.Each(s => -lr * (1 - Mu(s.step)) / (1 - s.mu_product)));
        Foreach.Addcdiv(parameters, m, below, live.Each(s => -lr * Mu(s.step + 1) / (1 - s.mu_product * Mu(s.step + 1))));
    }

    public class Options : OptimizerOptions
    {
        public double? beta1;
        public double? beta2;
        public double? eps;
        public double? weight_decay;
        public double? momentum_decay;
    }

    public class ParamGroup : ParamGroup<Options>, IBetas
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, double momentum_decay = 0.004)
            : base(parameters, new Options { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay, momentum_decay = momentum_decay }) { }

        public (double, double) Betas
        {
            get => (Options.beta1!.Value, Options.beta2!.Value);
            set => (Options.beta1, Options.beta2) = (value.Item1, value.Item2);
        }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public long step;
        public double mu_product;
        public Tensor exp_avg = null!;
        public Tensor exp_avg_sq = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            base.Initialize(options);
            mu_product = 1;
        }

        public void Dispose() => Free();
    }
}
