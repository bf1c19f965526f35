// Stochastic gradient descent, with momentum and Nesterov's variant as PyTorch writes them.

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class SGD : OptimizerHelper, IMomentum
{
    public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize) { }

    public SGD(IEnumerable<ParamGroup> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
    {
        if (nesterov && (momentum <= 0 || dampening != 0))
        {
            throw new ArgumentException("Nesterov's variant needs a momentum and no dampening");
        }
        Begin(new Options { LearningRate = lr, dampening = dampening, maximize = maximize, momentum = momentum, nesterov = nesterov, weight_decay = weight_decay }, parameters, p => new State(p));
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
                    live.States[i].momentum_buffer = Aten.clone.Call(g[i]).DetachFromDisposeScope();
                }
                else
                {
                    begun.Add(i);
                }
            }
            if (begun.Count > 0)
            {
                Tensor[] moving = [.. begun.Select(i => live.States[i].momentum_buffer)];
                Aten._foreach_mul_Scalar_.Run(moving, momentum);
                Aten._foreach_add_List_.Run(moving, begun.Count == g.Length ? g : [.. begun.Select(i => g[i])], 1 - options.dampening!.Value);
            }
            var buffers = live.All(s => s.momentum_buffer);
            g = options.nesterov!.Value ? Aten._foreach_add_List.CallList(g, buffers, momentum) : buffers;
        }
        Aten._foreach_add_List_.Run(live.Parameters(), g, options.maximize!.Value ? lr : -lr);
    }

    public class Options : OptimizerOptions
    {
        public double? momentum;
        public double? dampening;
        public double? weight_decay;
        public bool? nesterov;
        public bool? maximize;
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
        [MayBeMissing]
        public Tensor momentum_buffer = null!;

        public State(Parameter parameter) : base(parameter) { }

        public void Dispose() => Free();
    }
}
