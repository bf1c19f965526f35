// Zeiler, "ADADELTA: an adaptive learning rate method" (2012).

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class Adadelta : OptimizerHelper
{
    public Adadelta(IEnumerable<Parameter> parameters, double lr, double rho = 0.9, double eps = 1e-6, double weight_decay = 0, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters }], lr, rho, eps, weight_decay, maximize) { }

    public Adadelta(IEnumerable<ParamGroup> parameters, double lr = 1, double rho = 0.9, double eps = 1e-6, double weight_decay = 0, bool maximize = false)
    {
        Begin(new Options { LearningRate = lr, eps = eps, maximize = maximize, rho = rho, weight_decay = weight_decay }, parameters, p => new State(p));
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
        Foreach.AverageOfSquares(squares, g, rho);
        var delta = new Tensor[g.Length];
        for (var i = 0; i < g.Length; i++)
        {
            // sqrt(change + ε) / sqrt(square + ε) · g
            var above = Aten.sqrt.Call(Aten.add_Scalar.Call(changes[i], eps));
            var below = Aten.sqrt.Call(Aten.add_Scalar.Call(squares[i], eps));
            delta[i] = Aten.mul_Tensor_.Into(Aten.div_Tensor_.Into(above, below), g[i]);
        }
        Foreach.AverageOfSquares(changes, delta, rho);
        Aten._foreach_add_List_.Run(live.Parameters(), delta, -lr);
    }

    public class Options : OptimizerOptions
    {
        public double? rho;
        public double? eps;
        public double? weight_decay;
        public bool? maximize;
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
        public Tensor square_avg = null!;
        public Tensor acc_delta = null!;

        public State(Parameter parameter) : base(parameter) { }

        public void Dispose() => Free();
    }
}
