// Dozat, "Incorporating Nesterov momentum into Adam" (2016).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class NAdam : OptimizerHelper, IBetas
{
    private readonly Options defaults;

    public NAdam(IEnumerable<Parameter> parameters, double lr, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, double momentum_decay = 0.004)
        : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, momentum_decay) { }

    public NAdam(IEnumerable<ParamGroup> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, double momentum_decay = 0.004)
    {
        defaults = new Options
        {
            LearningRate = lr,
            beta1 = beta1,
            beta2 = beta2,
            eps = eps,
            momentum_decay = momentum_decay,
            weight_decay = weight_decay,
        };
        foreach (var group in parameters)
        {
            add_param_group(group);
        }
    }

    /// <summary>The first group's betas; setting sets every group's.</summary>
    public (double, double) Betas
    {
        get => ((ParamGroup)groups[0]).Betas;
        set => groups.ForEach(g => ((ParamGroup)g).Betas = value);
    }

    public override void add_param_group(Modules.ParamGroup param_group)
    {
        param_group.Options ??= new Options();
        var options = (Options)param_group.Options;
        options.LearningRate ??= defaults.LearningRate;
        options.beta1 ??= defaults.beta1;
        options.beta2 ??= defaults.beta2;
        options.eps ??= defaults.eps;
        options.momentum_decay ??= defaults.momentum_decay;
        options.weight_decay ??= defaults.weight_decay;
        options.InitialLearningRate = options.LearningRate!.Value;
        Join(param_group, p => new State(p));
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
        Foreach.MulInPlace.Run(m, beta1);
        Foreach.AddInPlace.Run(m, g, 1 - beta1);
        Foreach.MulInPlace.Run(v, beta2);
        Foreach.AddcmulInPlace.Run(v, g, g, 1 - beta2);
        var below = Foreach.Divided(v, live.Each(s => 1 - Math.Pow(beta2, s.step)));
        Foreach.SqrtInPlace.Run((Tensor[])below);
        Foreach.AddScalarInPlace.Run(below, options.eps!.Value);
        var parameters = live.Parameters();
        Foreach.Addcdiv(parameters, g, below, live.Each(s => -lr * (1 - Mu(s.step)) / (1 - s.mu_product)));
        Foreach.Addcdiv(parameters, m, below, live.Each(s => -lr * Mu(s.step + 1) / (1 - s.mu_product * Mu(s.step + 1))));
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
        public double? beta1;
        public double? beta2;
        public double? eps;
        public double? momentum_decay;
        public double? weight_decay;

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            beta1 = other.beta1;
            beta2 = other.beta2;
            eps = other.eps;
            momentum_decay = other.momentum_decay;
            weight_decay = other.weight_decay;
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(beta1!.Value);
            writer.Write(beta2!.Value);
            writer.Write(eps!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(momentum_decay!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            beta1 = reader.ReadDouble();
            beta2 = reader.ReadDouble();
            eps = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            momentum_decay = reader.ReadDouble();
        }
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
        public double mu_product;
        public long step;
        public Tensor exp_avg = null!;
        public Tensor exp_avg_sq = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            step = 0;
            mu_product = 1;
            Renew(ref exp_avg);
            Renew(ref exp_avg_sq);
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            mu_product = other.mu_product;
            step = other.step;
            Take(ref exp_avg!, other.exp_avg);
            Take(ref exp_avg_sq!, other.exp_avg_sq);
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            writer.Write(mu_product);
            exp_avg.Save(writer);
            exp_avg_sq.Save(writer);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            mu_product = reader.ReadDouble();
            exp_avg.Load(reader);
            exp_avg_sq.Load(reader);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State o && Math.Abs(mu_product - o.mu_product) <= 1e-12 && step == o.step && Close(exp_avg, o.exp_avg) && Close(exp_avg_sq, o.exp_avg_sq);

        public override void to(Device device)
        {
            Move(ref exp_avg!, device);
            Move(ref exp_avg_sq!, device);
        }

        public void Dispose()
        {
            exp_avg?.Dispose();
            exp_avg_sq?.Dispose();
        }
    }
}
