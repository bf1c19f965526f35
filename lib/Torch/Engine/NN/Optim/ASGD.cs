// Polyak and Juditsky, "Acceleration of stochastic approximation by averaging" (1992).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class ASGD : OptimizerHelper
{
    public ASGD(IEnumerable<Parameter> parameters, double lr = 0.01, double lambd = 0.0001, double alpha = 0.75, double t0 = 1000000, double weight_decay = 0, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, lambd, alpha, t0, weight_decay, maximize) { }

    public ASGD(IEnumerable<ParamGroup<Options>> parameters, double lr = 0.01, double lambd = 0.0001, double alpha = 0.75, double t0 = 1000000, double weight_decay = 0, bool maximize = false)
    {
        Begin(new Options { LearningRate = lr, alpha = alpha, lambd = lambd, maximize = maximize, t0 = t0, weight_decay = weight_decay }, parameters, p => new State(p));
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
            Aten.mul_Scalar_.Run(parameters[i], 1 - lambda * state.eta);
            Aten.add_Tensor_.Run(parameters[i], g[i], -state.eta);
            if (state.mu == 1)
            {
                Aten.copy_.Run(state.ax, parameters[i]);
            }
            else
            {
                Aten.add_Tensor_.Run(state.ax, Aten.mul_Scalar.Call(Aten.sub_Tensor.Call(parameters[i], state.ax), state.mu));
            }
            state.eta = lr / Math.Pow(1 + lambda * lr * state.step, options.alpha!.Value);
            state.mu = 1 / Math.Max(1, state.step - options.t0!.Value);
        }
    }

    public class Options : OptimizerOptions
    {
        public bool? maximize;
        public double? lambd;
        public double? alpha;
        public double? weight_decay;
        public double? t0;
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
        public long step;
        public double eta;
        public double mu;
        public Tensor ax = null!;

        public State(Parameter parameter) : base(parameter) { }

        public override void Initialize(OptimizerOptions options)
        {
            base.Initialize(options);
            eta = options.LearningRate!.Value;
            mu = 1;
        }

        public void Dispose() => Free();
    }
}
