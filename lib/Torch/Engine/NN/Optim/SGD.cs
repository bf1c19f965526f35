// Stochastic gradient descent, with momentum and Nesterov's variant as PyTorch writes them.

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class SGD : OptimizerHelper, IMomentum
{
    private readonly Options defaults;

    public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize) { }

    public SGD(IEnumerable<ParamGroup> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
    {
        if (nesterov && (momentum <= 0 || dampening != 0))
        {
            throw new ArgumentException("Nesterov's variant needs a momentum and no dampening");
        }
        defaults = new Options
        {
            LearningRate = lr,
            dampening = dampening,
            maximize = maximize,
            momentum = momentum,
            nesterov = nesterov,
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
        options.dampening ??= defaults.dampening;
        options.maximize ??= defaults.maximize;
        options.momentum ??= defaults.momentum;
        options.nesterov ??= defaults.nesterov;
        options.weight_decay ??= defaults.weight_decay;
        options.InitialLearningRate = options.LearningRate!.Value;
        Join(param_group, p => new State(p));
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = group.Options;
        var (lr, momentum) = (options.LearningRate!.Value, options.momentum!.Value);
        var live = LiveOf<State>(group, linear: true);
        if (live.Count == 0)
        {
            return;
        }
        var g = live.Grads(false, options.weight_decay!.Value);
        if (momentum != 0)
        {
            var begun = new List<int>();
            for (var i = 0; i < g.Length; i++)
            {
                if (live.States[i].momentum_buffer is null)
                {
                    live.States[i].momentum_buffer = Kernels.Clone.Call(g[i]).DetachFromDisposeScope();
                }
                else
                {
                    begun.Add(i);
                }
            }
            if (begun.Count > 0)
            {
                Tensor[] moving = [.. begun.Select(i => live.States[i].momentum_buffer)];
                Foreach.MulInPlace.Run(moving, momentum);
                Foreach.AddInPlace.Run(moving, begun.Count == g.Length ? g : [.. begun.Select(i => g[i])], 1 - options.dampening!.Value);
            }
            var buffers = live.All(s => s.momentum_buffer);
            g = options.nesterov!.Value ? Foreach.Add.CallList(g, buffers, momentum) : buffers;
        }
        Foreach.AddInPlace.Run(live.Parameters(), g, options.maximize!.Value ? lr : -lr);
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
        public double? dampening;
        public bool? maximize;
        public double? momentum;
        public bool? nesterov;
        public double? weight_decay;

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            dampening = other.dampening;
            maximize = other.maximize;
            momentum = other.momentum;
            nesterov = other.nesterov;
            weight_decay = other.weight_decay;
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(momentum!.Value);
            writer.Write(dampening!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(nesterov!.Value);
            writer.Write(maximize!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            momentum = reader.ReadDouble();
            dampening = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            nesterov = reader.ReadBoolean();
            maximize = reader.ReadBoolean();
        }
    }

    public class ParamGroup : ParamGroup<Options>, IMomentum
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.001, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
            : base(parameters, new Options { LearningRate = lr, momentum = momentum, dampening = dampening, weight_decay = weight_decay, nesterov = nesterov, maximize = maximize }) { }

        public double Momentum
        {
            get => Options.momentum!.Value;
            set => Options.momentum = value;
        }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public Tensor momentum_buffer = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            momentum_buffer?.Dispose();
            momentum_buffer = null!;
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            Take(ref momentum_buffer!, other.momentum_buffer);
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            SaveConditionalStateTensor(writer, momentum_buffer);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            LoadConditionalStateTensor(reader, ref momentum_buffer, parameter.device);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State o && Close(momentum_buffer, o.momentum_buffer);

        public override void to(Device device)
        {
            Move(ref momentum_buffer!, device);
        }

        public void Dispose()
        {
            momentum_buffer?.Dispose();
        }
    }
}
