// RMSprop (Tieleman and Hinton, 2012), and its centred form (Graves, 2013).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class RMSProp : OptimizerHelper, IMomentum
{
    public RMSProp(IEnumerable<Parameter> parameters, double lr = 0.001, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, alpha, eps, weight_decay, momentum, centered, maximize) { }

    public RMSProp(IEnumerable<ParamGroup> parameters, double lr = 0.001, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false)
    {
        Begin(new Options { LearningRate = lr, alpha = alpha, centered = centered, eps = eps, maximize = maximize, momentum = momentum, weight_decay = weight_decay }, parameters, p => new State(p));
    }

    /// <summary>The first group's momentum; setting sets every group's.</summary>
    public double Momentum
    {
        get => FirstMomentum;
        set => FirstMomentum = value;
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
        Foreach.AverageOfSquares(squares, g, alpha);
        Tensor[] below;
        if (options.centered!.Value)
        {
            var means = live.All(s => s.grad_avg);
            Foreach.Average(means, g, alpha);
            below = Aten._foreach_addcmul_Scalar.CallList(squares, means, means, -1);
            Aten._foreach_sqrt_.Run((Tensor[])below);
        }
        else
        {
            below = Aten._foreach_sqrt.CallList((Tensor[])squares);
        }
        Aten._foreach_add_Scalar_.Run(below, options.eps!.Value);
        if (momentum > 0)
        {
            // The momentum may have been set after the first steps.
            live.States.ForEach(s => s.Begin());
            var buffers = live.All(s => s.momentum_buffer);
            Aten._foreach_mul_Scalar_.Run(buffers, momentum);
            Foreach.Addcdiv(buffers, g, below, 1);
            Aten._foreach_add_List_.Run(live.Parameters(), buffers, -lr);
        }
        else
        {
            Foreach.Addcdiv(live.Parameters(), g, below, -lr);
        }
    }

    public class Options : OptimizerOptions
    {
        public bool? maximize;
        public double? momentum;
        public double? alpha;
        public double? eps;
        public double? weight_decay;
        public bool? centered;
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
        public Tensor square_avg = null!;
        [MayBeMissing]
        public Tensor momentum_buffer = null!;
        [MayBeMissing]
        public Tensor grad_avg = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            base.Initialize(options);
            var o = (Options)options;
            momentum_buffer = o.momentum > 0 ? Zeros() : null!;
            grad_avg = o.centered == true ? Zeros() : null!;
        }

        internal void Begin() => momentum_buffer ??= Zeros();

        public void Dispose() => Free();
    }
}
