// Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning" (1993).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class Rprop : OptimizerHelper
{
    private readonly Options defaults;

    public Rprop(IEnumerable<Parameter> parameters, double lr = 0.01, double etaminus = 0.5, double etaplus = 1.2, double min_step = 1e-6, double max_step = 50, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, etaminus, etaplus, min_step, max_step, maximize) { }

    public Rprop(IEnumerable<ParamGroup> parameters, double lr = 0.01, double etaminus = 0.5, double etaplus = 1.2, double min_step = 1e-6, double max_step = 50, bool maximize = false)
    {
        defaults = new Options
        {
            LearningRate = lr,
            etaminus = etaminus,
            etaplus = etaplus,
            max_step = max_step,
            maximize = maximize,
            min_step = min_step,
        };
        foreach (var group in parameters)
        {
            add_param_group(group);
        }
    }

    public override void add_param_group(Modules.ParamGroup param_group)
    {
        param_group.Options ??= new Options();
        var options = (Options)param_group.Options;
        options.LearningRate ??= defaults.LearningRate;
        options.etaminus ??= defaults.etaminus;
        options.etaplus ??= defaults.etaplus;
        options.max_step ??= defaults.max_step;
        options.maximize ??= defaults.maximize;
        options.min_step ??= defaults.min_step;
        options.InitialLearningRate = options.LearningRate!.Value;
        Join(param_group, p => new State(p));
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
            var agreement = Kernels.Sign.Call(Kernels.Mul.Call(g[i], state.prev));
            var turned = agreement.lt(0);
            // Longer steps where the sign stayed, shorter ones and no move where it turned.
            var factor = ones_like(agreement).masked_fill_(agreement.gt(0), plus).masked_fill_(turned, minus);
            Kernels.MulInPlace.Run(state.step_size, factor);
            Kernels.ClampInPlace.Run(state.step_size, options.min_step!.Value, options.max_step!.Value);
            var moving = Kernels.MaskedFill.Call(g[i], turned, 0);
            Addcmul.Run(parameters[i], Kernels.Sign.Call(moving), state.step_size, -1);
            Kernels.Copy.Run(state.prev, moving);
        }
    }

    private static readonly Op Addcmul = new("aten::addcmul_");

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            FreeStates();
        }
    }

    public class Options : OptimizerOptions
    {
        public double? etaminus;
        public double? etaplus;
        public double? max_step;
        public bool? maximize;
        public double? min_step;

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            etaminus = other.etaminus;
            etaplus = other.etaplus;
            max_step = other.max_step;
            maximize = other.maximize;
            min_step = other.min_step;
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(maximize!.Value);
            writer.Write(etaminus!.Value);
            writer.Write(etaplus!.Value);
            writer.Write(min_step!.Value);
            writer.Write(max_step!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            maximize = reader.ReadBoolean();
            etaminus = reader.ReadDouble();
            etaplus = reader.ReadDouble();
            min_step = reader.ReadDouble();
            max_step = reader.ReadDouble();
        }
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
            step = 0;
            Renew(ref prev);
            Renew(ref step_size);
            Kernels.Fill.Run(step_size, options.LearningRate!.Value);
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            Take(ref prev!, other.prev);
            Take(ref step_size!, other.step_size);
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            prev.Save(writer);
            step_size.Save(writer);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            prev.Load(reader);
            step_size.Load(reader);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State o && step == o.step && Close(prev, o.prev) && Close(step_size, o.step_size);

        public override void to(Device device)
        {
            Move(ref prev!, device);
            Move(ref step_size!, device);
        }

        public void Dispose()
        {
            prev?.Dispose();
            step_size?.Dispose();
        }
    }
}
