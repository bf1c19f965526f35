namespace TorchSharp;

/// <summary>The calling thread's stack of dispose scopes, and what it counted.</summary>
public class DisposeScopeManager
{
    [ThreadStatic]
    private static DisposeScopeManager? current;

    private readonly List<DisposeScope> stack = [];

    internal ThreadDisposeScopeStatistics Counts { get; } = new();

    internal static DisposeScopeManager Current => current ??= new DisposeScopeManager();

    public static ThreadDisposeScopeStatistics Statistics => Current.Counts;

    internal DisposeScope? Innermost => stack.Count > 0 ? stack[^1] : null;

    internal DisposeScope Push()
    {
        var scope = new DisposeScope(this, Innermost);
        stack.Add(scope);
        return scope;
    }

    internal void Remove(DisposeScope scope) => stack.Remove(scope);

    internal void Register(torch.Tensor tensor)
    {
        if (stack.Count > 0)
        {
            Counts.TensorStatistics.CreatedInScopeCount++;
            stack[^1].Add(tensor);
        }
        else
        {
            Counts.TensorStatistics.CreatedOutsideScopeCount++;
        }
    }

    internal void CountOutside() => Counts.TensorStatistics.DisposedOutsideScopeCount++;

    /// <summary>For disposables other than tensors (packed sequences).</summary>
    internal DisposeScope? Register(IDisposable disposable)
    {
        if (stack.Count == 0)
        {
            Counts.PackedSequenceStatistics.CreatedOutsideScopeCount++;
            return null;
        }
        Counts.PackedSequenceStatistics.CreatedInScopeCount++;
        stack[^1].Add(disposable);
        return stack[^1];
    }
}
