// Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning" (1993).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class Rprop : OptimizerHelper
{
    public Rprop(IEnumerable<Parameter> parameters, double lr = 0.01, double etaminus = 0.5, double etaplus = 1.2, double min_step = 1e-6, double max_step = 50, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, etaminus, etaplus, min_step, max_step, maximize) { }

    public Rprop(IEnumerable<ParamGroup> parameters, double lr = 0.01, double etaminus = 0.5, double etaplus = 1.2, double min_step = 1e-6, double max_step = 50, bool maximize = false)
    {
        Begin(new Options { LearningRate = lr, etaminus = etaminus, etaplus = etaplus, max_step = max_step, maximize = maximize, min_step = min_step }, parameters, p => new State(p));
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = group.Options;
        var (minus, plus) = (options.etaminus!.Value, options.etaplus!.Value);
        var live = LiveOf<State>(group);
        if (live.Count == 0)
        {
            return;
        }
        if (live.States.Any(s => s.prev.is_complex()))
        {
            throw new NotSupportedException("Rprop has no rule for complex parameters here");
        }
        live.States.ForEach(s => s.step++);
        var g = live.Grads(options.maximize!.Value);
        var parameters = live.Parameters();
        for (var i = 0; i < g.Length; i++)
        {
            var state = live.States[i];
            var agreement = Aten.sign.Call(Aten.mul_Tensor.Call(g[i], state.prev));
            var turned = agreement.lt(0);
            // Longer steps where the sign stayed, shorter ones and no move where it turned.
            var factor = ones_like(agreement).masked_fill_(agreement.gt(0), plus).masked_fill_(turned, minus);
            Aten.mul_Tensor_.Run(state.step_size, factor);
            Aten.clamp_.Run(state.step_size, options.min_step!.Value, options.max_step!.Value);
            var moving = Aten.masked_fill_Scalar.Call(g[i], turned, 0);
            Aten.addcmul_.Run(parameters[i], Aten.sign.Call(moving), state.step_size, -1);
            Aten.copy_.Run(state.prev, moving);
        }
    }

    public class Options : OptimizerOptions
    {
        public bool? maximize;
        public double? etaminus;
        public double? etaplus;
        public double? min_step;
        public double? max_step;
    }

    public class ParamGroup : ParamGroup<Options>
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.01, double etaminus = 0.5, double etaplus = 1.2, double min_step = 1e-6, double max_step = 50, bool maximize = false)
            : base(parameters, new Options { LearningRate = lr, etaminus = etaminus, etaplus = etaplus, min_step = min_step, max_step = max_step, maximize = maximize }) { }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public long step;
        public Tensor prev = null!;
        public Tensor step_size = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            base.Initialize(options);
            Aten.fill_Scalar_.Run(step_size, options.LearningRate!.Value);
        }

        public void Dispose() => Free();
    }
}
