// Polyak and Juditsky, "Acceleration of stochastic approximation by averaging" (1992).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class ASGD : OptimizerHelper
{
    private readonly Options defaults;

    public ASGD(IEnumerable<Parameter> parameters, double lr = 0.01, double lambd = 0.0001, double alpha = 0.75, double t0 = 1000000, double weight_decay = 0, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, lambd, alpha, t0, weight_decay, maximize) { }

    public ASGD(IEnumerable<ParamGroup<Options>> parameters, double lr = 0.01, double lambd = 0.0001, double alpha = 0.75, double t0 = 1000000, double weight_decay = 0, bool maximize = false)
    {
        defaults = new Options
        {
            LearningRate = lr,
            alpha = alpha,
            lambd = lambd,
            maximize = maximize,
            t0 = t0,
            weight_decay = weight_decay,
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
        options.alpha ??= defaults.alpha;
        options.lambd ??= defaults.lambd;
        options.maximize ??= defaults.maximize;
        options.t0 ??= defaults.t0;
        options.weight_decay ??= defaults.weight_decay;
        options.InitialLearningRate = options.LearningRate!.Value;
        Join(param_group, p => new State(p));
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup<Options>>(Update, closure);

    private void Update(ParamGroup<Options> group)
    {
        var options = group.Options;
        var (lr, lambda) = (options.LearningRate!.Value, options.lambd!.Value);
        var live = LiveOf<State>(group, linear: true);
        if (live.Count == 0)
        {
            return;
        }
        live.States.ForEach(s => s.step++);
        var g = live.Grads(options.maximize!.Value, options.weight_decay!.Value);
        var parameters = live.Parameters();
        for (var i = 0; i < g.Length; i++)
        {
            var state = live.States[i];
            Kernels.MulScalarInPlace.Run(parameters[i], 1 - lambda * state.eta);
            Kernels.AddInPlace.Run(parameters[i], g[i], -state.eta);
            if (state.mu == 1)
            {
                Kernels.Copy.Run(state.ax, parameters[i]);
            }
            else
            {
                Kernels.AddInPlace.Run(state.ax, Kernels.MulScalar.Call(Kernels.Sub.Call(parameters[i], state.ax), state.mu));
            }
            state.eta = lr / Math.Pow(1 + lambda * lr * state.step, options.alpha!.Value);
            state.mu = 1 / Math.Max(1, state.step - options.t0!.Value);
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
        public double? lambd;
        public bool? maximize;
        public double? t0;
        public double? weight_decay;

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            alpha = other.alpha;
            lambd = other.lambd;
            maximize = other.maximize;
            t0 = other.t0;
            weight_decay = other.weight_decay;
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(maximize!.Value);
            writer.Write(lambd!.Value);
            writer.Write(alpha!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(t0!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            maximize = reader.ReadBoolean();
            lambd = reader.ReadDouble();
            alpha = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            t0 = reader.ReadDouble();
        }
    }

    public class ParamGroup : ParamGroup<Options>
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.01, double lambd = 0.0001, double alpha = 0.75, double t0 = 1000000, double weight_decay = 0)
            : base(parameters, new Options { LearningRate = lr, lambd = lambd, alpha = alpha, t0 = t0, weight_decay = weight_decay }) { }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public double eta;
        public double mu;
        public long step;
        public Tensor ax = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            step = 0;
            eta = options.LearningRate!.Value;
            mu = 1;
            Renew(ref ax);
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            eta = other.eta;
            mu = other.mu;
            step = other.step;
            Take(ref ax!, other.ax);
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            writer.Write(eta);
            writer.Write(mu);
            ax.Save(writer);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            eta = reader.ReadDouble();
            mu = reader.ReadDouble();
            ax.Load(reader);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State o && Math.Abs(eta - o.eta) <= 1e-12 && Math.Abs(mu - o.mu) <= 1e-12 && step == o.step && Close(ax, o.ax);

        public override void to(Device device)
        {
            Move(ref ax!, device);
        }

        public void Dispose()
        {
            ax?.Dispose();
        }
    }
}
