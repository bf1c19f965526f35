namespace TorchSharp;

/// <summary>For what libtorch keeps for each thread: grad mode, inference mode, autocast.</summary>
internal static class OwnThread
{
    /// <summary>Such a scope must end where it began; after an await the code may stand on another thread.</summary>
    internal static void Check(int thread, string what)
    {
        if (thread != Environment.CurrentManagedThreadId)
        {
            throw new InvalidOperationException($"{what} belongs to a thread, and this scope of it ends on another than it began on; do not await inside it");
        }
    }
}
