namespace TorchSharp;

public static partial class torch
{
    /// <summary>A scope that owns every tensor made on this thread until it is disposed of.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.Current.Push();

    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.Current.Innermost;

    /// <summary>Runs the expression in a scope of its own; only its result outlives it.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using DisposeScope scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }

    public static string __version__ => "0.107.0";

    /// <summary>An error of libtorch always arrives as an exception at the call; nothing is left to check.</summary>
    public static void CheckForErrors()
    {
    }
}
