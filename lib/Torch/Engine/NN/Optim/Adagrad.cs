// Duchi, Hazan and Singer, "Adaptive subgradient methods" (2011).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class Adagrad : OptimizerHelper
{
    public Adagrad(IEnumerable<Parameter> parameters, double lr = 0.01, double lr_decay = 0, double weight_decay = 0, double initial_accumulator_value = 0, double eps = 1e-10)
        : this([new ParamGroup { Parameters = parameters }], lr, lr_decay, weight_decay, initial_accumulator_value, eps) { }

    public Adagrad(IEnumerable<ParamGroup> parameters, double lr = 0.01, double lr_decay = 0, double weight_decay = 0, double initial_accumulator_value = 0, double eps = 1e-10)
    {
        Begin(new Options { LearningRate = lr, eps = eps, initial_accumulator_value = initial_accumulator_value, lr_decay = lr_decay, weight_decay = weight_decay }, parameters, p => new State(p));
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = group.Options;
        var live = LiveOf<State>(group);
        if (live.Count == 0)
        {
            return;
        }
        live.States.ForEach(s => s.step++);
        var g = live.Grads(false, options.weight_decay!.Value);
        var sums = live.All(s => s.sum);
        Aten._foreach_addcmul_Scalar_.Run(sums, g, g, 1);
        var below = Foreach.RootPlus(sums, options.eps!.Value);
        Foreach.Addcdiv(live.Parameters(), g, below, live.Each(s => -options.LearningRate!.Value / (1 + (s.step - 1) * options.lr_decay!.Value)));
    }

    public class Options : OptimizerOptions
    {
        public double? lr_decay;
        public double? initial_accumulator_value;
        public double? eps;
        public double? weight_decay;
    }

    public class ParamGroup : ParamGroup<Options>
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.01, double lr_decay = 0, double weight_decay = 0, double initial_accumulator_value = 0, double eps = 1e-10)
            : base(parameters, new Options { LearningRate = lr, lr_decay = lr_decay, weight_decay = weight_decay, initial_accumulator_value = initial_accumulator_value, eps = eps }) { }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public long step;
        public Tensor sum = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            base.Initialize(options);
            Aten.fill_Scalar_.Run(sum, ((Options)options).initial_accumulator_value ?? 0);
        }

        public void Dispose() => Free();
    }
}
