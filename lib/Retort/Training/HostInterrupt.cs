namespace Retort.Training;

/// <summary>
/// The stop button of a notebook. A host that has one keeps a function under this name in the process's AppContext, which
/// gives the running cell's token; long calls ask it when they begin, so that pressing stop ends a training run with a
/// checkpoint instead of losing it.
/// </summary>
internal static class HostInterrupt
{
    private const string Key = "Retort.Interrupt";

    /// <summary>Cancelled when either the caller's token or the host's is. To be disposed of when the call ends.</summary>
    public static CancellationTokenSource With(CancellationToken cancel) =>
        CancellationTokenSource.CreateLinkedTokenSource(cancel, AppContext.GetData(Key) is Func<CancellationToken> cell ? cell() : default);
}
