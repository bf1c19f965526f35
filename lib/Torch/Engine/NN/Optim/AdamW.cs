// Loshchilov and Hutter, "Decoupled weight decay regularization" (2019): the decay acts on the parameter itself.

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class AdamW : OptimizerHelper, IBetas
{
    private readonly Options defaults;

    public AdamW(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize) { }

    public AdamW(IEnumerable<ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
    {
        defaults = new Options
        {
            LearningRate = lr,
            amsgrad = amsgrad,
            beta1 = beta1,
            beta2 = beta2,
            eps = eps,
            maximize = maximize,
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
        options.amsgrad ??= defaults.amsgrad;
        options.beta1 ??= defaults.beta1;
        options.beta2 ??= defaults.beta2;
        options.eps ??= defaults.eps;
        options.maximize ??= defaults.maximize;
        options.weight_decay ??= defaults.weight_decay;
        options.InitialLearningRate = options.LearningRate!.Value;
        Join(param_group, p => new State(p));
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
            o.LearningRate!.Value, o.beta1!.Value, o.beta2!.Value, o.eps!.Value, o.weight_decay!.Value, true, o.amsgrad!.Value, o.maximize!.Value));
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
        public bool? amsgrad;
        public double? beta1;
        public double? beta2;
        public double? eps;
        public bool? maximize;
        public double? weight_decay;

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            var other = (Options)source;
            amsgrad = other.amsgrad;
            beta1 = other.beta1;
            beta2 = other.beta2;
            eps = other.eps;
            maximize = other.maximize;
            weight_decay = other.weight_decay;
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            base.SaveStateDict(writer);
            writer.Write(beta1!.Value);
            writer.Write(beta2!.Value);
            writer.Write(eps!.Value);
            writer.Write(weight_decay!.Value);
            writer.Write(amsgrad!.Value);
            writer.Write(maximize!.Value);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            base.LoadStateDict(reader);
            beta1 = reader.ReadDouble();
            beta2 = reader.ReadDouble();
            eps = reader.ReadDouble();
            weight_decay = reader.ReadDouble();
            amsgrad = reader.ReadBoolean();
            maximize = reader.ReadBoolean();
        }
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
        public Tensor max_exp_avg_sq = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            step = 0;
            Renew(ref exp_avg);
            Renew(ref exp_avg_sq);
            max_exp_avg_sq?.Dispose();
            max_exp_avg_sq = ((Options)options).amsgrad == true ? Zeros() : null!;
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            step = other.step;
            Take(ref exp_avg!, other.exp_avg);
            Take(ref exp_avg_sq!, other.exp_avg_sq);
            Take(ref max_exp_avg_sq!, other.max_exp_avg_sq);
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(step);
            exp_avg.Save(writer);
            exp_avg_sq.Save(writer);
            SaveConditionalStateTensor(writer, max_exp_avg_sq);
        }

        public override void LoadStateDict(BinaryReader reader)
        {
            step = reader.ReadInt64();
            exp_avg.Load(reader);
            exp_avg_sq.Load(reader);
            LoadConditionalStateTensor(reader, ref max_exp_avg_sq, parameter.device);
        }

        public override bool ApproximatelyEquals(OptimizerState other) =>
            other is State o && step == o.step && Close(exp_avg, o.exp_avg) && Close(exp_avg_sq, o.exp_avg_sq) && Close(max_exp_avg_sq, o.max_exp_avg_sq);

        public override void to(Device device)
        {
            Move(ref exp_avg!, device);
            Move(ref exp_avg_sq!, device);
            Move(ref max_exp_avg_sq!, device);
        }

        public void Dispose()
        {
            exp_avg?.Dispose();
            exp_avg_sq?.Dispose();
            max_exp_avg_sq?.Dispose();
        }
    }
}
