namespace TorchSharp;

/// <summary>The calling thread's stack of dispose scopes, and what it counted.</summary>
public class DisposeScopeManager
{
    [ThreadStatic]
    private static DisposeScopeManager? current;

    // A scope may end on another thread than it began on.
    private readonly List<DisposeScope> stack = [];
    private volatile DisposeScope? innermost;

    internal ThreadDisposeScopeStatistics Counts { get; } = new();

    internal static DisposeScopeManager Current => current ??= new DisposeScopeManager();

    public static ThreadDisposeScopeStatistics Statistics => Current.Counts;

    internal DisposeScope? Innermost => innermost;

    internal DisposeScope Push()
    {
        lock (stack)
        {
            var scope = new DisposeScope(this, innermost);
            stack.Add(scope);
            innermost = scope;
            return scope;
        }
    }

    internal void Remove(DisposeScope scope)
    {
        lock (stack)
        {
            stack.Remove(scope);
            innermost = stack.Count > 0 ? stack[^1] : null;
        }
    }

    internal void Register(torch.Tensor tensor)
    {
        var scope = innermost;
        Counts.TensorStatistics.CountCreated(scope is not null);
        scope?.Add(tensor);
    }

    internal void CountOutside() => Counts.TensorStatistics.CountDisposedOutside();

    /// <summary>For disposables other than tensors (packed sequences).</summary>
    internal DisposeScope? Register(IDisposable disposable)
    {
        var scope = innermost;
        Counts.PackedSequenceStatistics.CountCreated(scope is not null);
        scope?.Add(disposable);
        return scope;
    }
}
