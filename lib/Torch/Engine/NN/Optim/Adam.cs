// Kingma and Ba, "Adam: a method for stochastic optimization" (2015). Weight decay is added to the gradient.

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class Adam : OptimizerHelper, IBetas
{
    public Adam(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize) { }

    public Adam(IEnumerable<ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
    {
        Begin(new Options { LearningRate = lr, amsgrad = amsgrad, beta1 = beta1, beta2 = beta2, eps = eps, maximize = maximize, weight_decay = weight_decay }, parameters, p => new State(p));
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
        var live = LiveOf<State>(group);
        if (live.Count == 0)
        {
            return;
        }
        live.States.ForEach(s => s.step++);
        var o = group.Options;
        AdamRule.Step(live, s => s.step, s => s.exp_avg, s => s.exp_avg_sq, s => s.max_exp_avg_sq, new AdamRule.Numbers(
            o.LearningRate!.Value, o.beta1!.Value, o.beta2!.Value, o.eps!.Value, o.weight_decay!.Value, false, o.amsgrad!.Value, o.maximize!.Value));
    }

    public class Options : OptimizerOptions
    {
        public double? beta1;
        public double? beta2;
        public double? eps;
        public double? weight_decay;
        public bool? amsgrad;
        public bool? maximize;
    }

    public class ParamGroup : ParamGroup<Options>, IBetas
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : base(parameters, new Options { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay, amsgrad = amsgrad, maximize = maximize }) { }

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
        [MayBeMissing]
        public Tensor max_exp_avg_sq = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            base.Initialize(options);
            max_exp_avg_sq = ((Options)options).amsgrad == true ? Zeros() : null!;
        }

        public void Dispose() => Free();
    }
}
