// Nocedal and Wright, "Numerical optimization" (2006), algorithm 7.4, with PyTorch's rules of step length and of stopping; no line
// search, as in TorchSharp.

using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

public class LBFGS : Optimizer, ILearningRateController
{
    public double _rate;
    private readonly Parameter[] all;
    private readonly Limits limits;
    private readonly List<(Tensor Change, Tensor Move, double Rho)> history = [];
    private Tensor? direction, gradient, before;
    private double length, scale = 1;
    private long steps;

    /// <summary>When a step's iterations end, and how many of the last changes are remembered.</summary>
    internal sealed record Limits(long Iterations = 20, long Evaluations = 25, double Gradient = 1e-5, double Change = 1e-9, long History = 100);

    public LBFGS(nint handle, double lr) : this([], lr, new Limits()) => ArgumentOutOfRangeException.ThrowIfNotEqual(handle, 0);

    internal LBFGS(IEnumerable<Parameter> parameters, double lr, Limits limits) : base(0)
    {
        (all, this.limits, _rate, InitialLearningRate) = ([.. parameters], limits, lr, lr);
    }

    public double LearningRate
    {
        get => _rate;
        set => _rate = value;
    }

    public double InitialLearningRate { get; set; }

    public override IEnumerable<ILearningRateController> ParamGroups => [this];

    public override IEnumerable<Parameter> parameters() => all;

    /// <summary>Several iterations, the closure called in each; the first loss comes back.</summary>
    /// <param name="closure">clears the gradients, computes the loss and its gradients</param>
    public override Tensor step(Func<Tensor>? closure)
    {
        ArgumentNullException.ThrowIfNull(closure);
        using var off = no_grad();
        var first = Evaluate(closure, out var loss);
        var evaluations = 1L;
        for (var i = 1L; i <= limits.Iterations && Largest(gradient!) > limits.Gradient; i++)
        {
            steps++;
            var lossBefore = loss;
            using (NewDisposeScope())
            {
                Keep(ref direction, Direction());
                Keep(ref before, gradient!.clone());
                length = steps == 1 ? Math.Min(1, 1 / Number(gradient.abs().sum())) * _rate : _rate;
                if (Number(gradient.dot(direction!)) > -limits.Change)
                {
                    break;
                }
                Move(direction!, length);
            }
            if (i == limits.Iterations)
            {
                break;
            }
            Evaluate(closure, out loss).Dispose();
            if (++evaluations >= limits.Evaluations || Largest(direction!) * length <= limits.Change || Math.Abs(loss - lossBefore) < limits.Change)
            {
                break;
            }
        }
        return first;
    }

    // Outside of any scope of ours: what the closure makes is the user's.
    private Tensor Evaluate(Func<Tensor> closure, out double loss)
    {
        Tensor result;
        using (enable_grad())
        {
            result = closure();
        }
        using var scope = NewDisposeScope();
        loss = Number(result);
        // A copy even of one gradient alone: the closure will clear it.
        Tensor[] rows = [.. all.Select(p => (Gradients.Of(p) is { } grad ? grad.MoveToOtherDisposeScope(scope) : zeros_like(p)).reshape(-1))];
        Keep(ref gradient, Aten.cat.Call(rows));
        return result;
    }

    /// <summary>Minus the inverse curvature times the gradient, by the two loops over what is remembered.</summary>
    private Tensor Direction()
    {
        if (steps == 1)
        {
            return -gradient!;
        }
        var change = gradient! - before!;
        var move = direction! * length;
        var curvature = Number(change.dot(move));
        if (curvature > 1e-10)
        {
            if (history.Count == limits.History)
            {
                history[0].Change.Dispose();
                history[0].Move.Dispose();
                history.RemoveAt(0);
            }
            history.Add((change.DetachFromDisposeScope(), move.DetachFromDisposeScope(), 1 / curvature));
            scale = curvature / Number(change.dot(change));
        }
        var weights = new double[history.Count];
        var r = -gradient!;
        for (var i = history.Count - 1; i >= 0; i--)
        {
            weights[i] = Number(history[i].Move.dot(r)) * history[i].Rho;
            r.add_(history[i].Change, -weights[i]);
        }
        r.mul_(scale);
        for (var i = 0; i < history.Count; i++)
        {
            r.add_(history[i].Move, weights[i] - Number(history[i].Change.dot(r)) * history[i].Rho);
        }
        return r;
    }

    private static double Number(Tensor tensor)
    {
        using var number = tensor.to_type(ScalarType.Float64, copy: true);
        return number.item<double>();
    }

    private static double Largest(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return Number(tensor.abs().max());
    }

    private static void Keep(ref Tensor? place, Tensor value)
    {
        place?.Dispose();
        place = value.DetachFromDisposeScope();
    }

    private void Move(Tensor by, double factor)
    {
        var at = 0L;
        foreach (var parameter in all)
        {
            var count = parameter.numel();
            parameter.add_(by.slice(0, at, at + count, 1).view(parameter.shape), factor);
            at += count;
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            direction?.Dispose();
            gradient?.Dispose();
            before?.Dispose();
            history.ForEach(pair => { pair.Change.Dispose(); pair.Move.Dispose(); });
            history.Clear();
        }
    }
}
