// RMSprop (Tieleman and Hinton, 2012), and its centred form (Graves, 2013).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class RMSProp : OptimizerHelper, IMomentum
{
    private readonly Options defaults;

    public RMSProp(IEnumerable<Parameter> parameters, double lr = 0.001, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, alpha, eps, weight_decay, momentum, centered, maximize) { }

    public RMSProp(IEnumerable<ParamGroup> parameters, double lr = 0.001, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false)
    {
        defaults = new Options
        {
            LearningRate = lr,
            alpha = alpha,
            centered = centered,
            eps = eps,
            maximize = maximize,
            momentum = momentum,
            weight_decay = weight_decay,
        };
        foreach (var group in parameters)
        {
            add_param_group(group);
        }
    }

    /// <summary>The first group's momentum; setting sets every group's.</summary>
    public double Momentum
    {
        get => ((ParamGroup)groups[0]).Momentum;
        set => groups.ForEach(g => ((ParamGroup)g).Momentum = value);
    }

    public override void add_param_group(Modules.ParamGroup param_group)
    {
        param_group.Options ??= new Options();
        var options = (Options)param_group.Options;
        options.LearningRate ??= defaults.LearningRate;
        options.alpha ??= defaults.alpha;
        options.centered ??= defaults.centered;
        options.eps ??= defaults.eps;
        options.maximize ??= defaults.maximize;
        options.momentum ??= defaults.momentum;
        options.weight_decay ??= defaults.weight_decay;
        options.InitialLearningRate = options.LearningRate!.Value;
        Join(param_group, p => new State(p));
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = group.Options;
        var (lr, alpha, momentum) = (options.LearningRate!.Value, options.alpha!.Value, options.momentum!.Value);
        var live = LiveOf<State>(group);
        if (live.Count == 0)
        {
            return;
        }
        live.States.ForEach(s => s.step++);
        var g = live.Grads(options.maximize!.Value, options.weight_decay!.Value);
        var squares = live.All(s => s.square_avg);
        Foreach.MulInPlace.Run(squares, alpha);
        Foreach.AddcmulInPlace.Run(squares, g, g, 1 - alpha);
        Tensor[] below;
        if (options.centered!.Value)
        {
            var means = live.All(s => s.grad_avg);
            Foreach.MulInPlace.Run(means, alpha);
            Foreach.AddInPlace.Run(means, g, 1 - alpha);
            below = Foreach.Addcmul.CallList(squares, means, means, -1);
            Foreach.SqrtInPlace.Run((Tensor[])below);
        }
        else
        {
            below = Foreach.Sqrt.CallList((Tensor[])squares);
        }
        Foreach.AddScalarInPlace.Run(below, options.eps!.Value);
        if (momentum > 0)
        {
            // The momentum may have been set after the first steps.
            live.States.ForEach(s => s.Begin());
            var buffers = live.All(s => s.momentum_buffer);
            Foreach.MulInPlace.Run(buffers, momentum);
            Foreach.Addcdiv(buffers, g, below, 1);
            Foreach.AddInPlace.Run(live.Parameters(), buffers, -lr);
        }
        else
        {
            Foreach.Addcdiv(live.Parameters(), g, below, -lr);
        }
    }

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
        public double? alpha;
        public bool? centered;
        public double? eps;
        public bool? maximize;
        public double? momentum;
        public double? weight_decay;

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            alpha = other.alpha;
            centered = other.centered;
            eps = other.eps;
            maximize = other.maximize;
            momentum = other.momentum;
            weight_decay = other.weight_decay;
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(maximize!.Value);
            writer.Write(momentum!.Value);
            writer.Write(alpha!.Value);
            writer.Write(eps!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(centered!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            maximize = reader.ReadBoolean();
            momentum = reader.ReadDouble();
            alpha = reader.ReadDouble();
            eps = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            centered = reader.ReadBoolean();
        }
    }

    public class ParamGroup : ParamGroup<Options>, IMomentum
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.001, double eps = 1e-8, double alpha = 0.99, double weight_decay = 0, double momentum = 0, bool centered = false)
            : base(parameters, new Options { LearningRate = lr, eps = eps, alpha = alpha, weight_decay = weight_decay, momentum = momentum, centered = centered }) { }

        public double Momentum
        {
            get => Options.momentum!.Value;
            set => Options.momentum = value;
        }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public long step;
        public Tensor grad_avg = null!;
        public Tensor momentum_buffer = null!;
        public Tensor square_avg = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            step = 0;
            Renew(ref square_avg);
            var o = (Options)options;
            momentum_buffer?.Dispose();
            momentum_buffer = o.momentum > 0 ? Zeros() : null!;
            grad_avg?.Dispose();
            grad_avg = o.centered == true ? Zeros() : null!;
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            Take(ref grad_avg!, other.grad_avg);
            Take(ref momentum_buffer!, other.momentum_buffer);
            Take(ref square_avg!, other.square_avg);
        }

        internal void Begin() => momentum_buffer ??= Zeros();

        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            square_avg.Save(writer);
            SaveConditionalStateTensor(writer, momentum_buffer);
            SaveConditionalStateTensor(writer, grad_avg);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            square_avg.Load(reader);
            LoadConditionalStateTensor(reader, ref momentum_buffer, parameter.device);
            LoadConditionalStateTensor(reader, ref grad_avg, parameter.device);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State o && step == o.step && Close(grad_avg, o.grad_avg) && Close(momentum_buffer, o.momentum_buffer) && Close(square_avg, o.square_avg);

        public override void to(Device device)
        {
            Move(ref grad_avg!, device);
            Move(ref momentum_buffer!, device);
            Move(ref square_avg!, device);
        }

        public void Dispose()
        {
            grad_avg?.Dispose();
            momentum_buffer?.Dispose();
            square_avg?.Dispose();
        }
    }
}
