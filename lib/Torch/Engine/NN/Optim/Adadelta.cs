// Zeiler, "ADADELTA: an adaptive learning rate method" (2012).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class Adadelta : OptimizerHelper
{
    private readonly Options defaults;

    public Adadelta(IEnumerable<Parameter> parameters, double lr, double rho = 0.9, double eps = 1e-6, double weight_decay = 0, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, rho, eps, weight_decay, maximize) { }

    public Adadelta(IEnumerable<ParamGroup> parameters, double lr = 1, double rho = 0.9, double eps = 1e-6, double weight_decay = 0, bool maximize = false)
    {
        defaults = new Options
        {
            LearningRate = lr,
            eps = eps,
            maximize = maximize,
            rho = rho,
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
        options.eps ??= defaults.eps;
        options.maximize ??= defaults.maximize;
        options.rho ??= defaults.rho;
        options.weight_decay ??= defaults.weight_decay;
        options.InitialLearningRate = options.LearningRate!.Value;
        Join(param_group, p => new State(p));
    }

    public override Tensor step(Func<Tensor>? closure = null) => _step<ParamGroup>(Update, closure);

    private void Update(ParamGroup group)
    {
        var options = group.Options;
        var (lr, rho, eps) = (options.LearningRate!.Value, options.rho!.Value, options.eps!.Value);
        var live = LiveOf<State>(group);
        if (live.Count == 0)
        {
            return;
        }
        live.States.ForEach(s => s.step++);
        var g = live.Grads(options.maximize!.Value, options.weight_decay!.Value);
        var (squares, changes) = (live.All(s => s.square_avg), live.All(s => s.acc_delta));
        Foreach.MulInPlace.Run(squares, rho);
        Foreach.AddcmulInPlace.Run(squares, g, g, 1 - rho);
        var delta = new Tensor[g.Length];
        for (var i = 0; i < g.Length; i++)
        {
            // sqrt(change + ε) / sqrt(square + ε) · g
            var above = Kernels.Sqrt.Call(Kernels.AddScalar.Call(changes[i], eps));
            var below = Kernels.Sqrt.Call(Kernels.AddScalar.Call(squares[i], eps));
            delta[i] = Kernels.MulInPlace.Into(Kernels.DivInPlace.Into(above, below), g[i]);
        }
        Foreach.MulInPlace.Run(changes, rho);
        Foreach.AddcmulInPlace.Run(changes, delta, delta, 1 - rho);
        Foreach.AddInPlace.Run(live.Parameters(), delta, -lr);
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
        public double? eps;
        public bool? maximize;
        public double? rho;
        public double? weight_decay;

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            eps = other.eps;
            maximize = other.maximize;
            rho = other.rho;
            weight_decay = other.weight_decay;
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(rho!.Value);
            writer.Write(eps!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(maximize!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            rho = reader.ReadDouble();
            eps = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            maximize = reader.ReadBoolean();
        }
    }

    public class ParamGroup : ParamGroup<Options>
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options) { }

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1, double rho = 0.9, double eps = 1e-6, double weight_decay = 0, bool maximize = false)
            : base(parameters, new Options { LearningRate = lr, rho = rho, eps = eps, weight_decay = weight_decay, maximize = maximize }) { }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public long step;
        public Tensor acc_delta = null!;
        public Tensor square_avg = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            step = 0;
            Renew(ref square_avg);
            Renew(ref acc_delta);
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            Take(ref acc_delta!, other.acc_delta);
            Take(ref square_avg!, other.square_avg);
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            square_avg.Save(writer);
            acc_delta.Save(writer);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            square_avg.Load(reader);
            acc_delta.Load(reader);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State o && step == o.step && Close(acc_delta, o.acc_delta) && Close(square_avg, o.square_avg);

        public override void to(Device device)
        {
            Move(ref acc_delta!, device);
            Move(ref square_avg!, device);
        }

        public void Dispose()
        {
            acc_delta?.Dispose();
            square_avg?.Dispose();
        }
    }
}
