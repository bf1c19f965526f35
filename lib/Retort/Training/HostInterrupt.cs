namespace Retort.Training;

/// <summary>
/// The stop button of a notebook, for a long call that looks at it between its steps, so that pressing stop ends a training
/// run with a checkpoint instead of losing it. A host that has such a button keeps two functions in the process's
/// AppContext: one gives the running cell's token, the other holds back, until the call has ended in order, whatever else
/// would stop the cell's code in the middle of a step.
/// </summary>
internal sealed class HostInterrupt : IDisposable
{
    private const string TokenKey = "Retort.Interrupt";
    private const string DeferKey = "Retort.Interrupt.Defer";
    private readonly CancellationTokenSource source;
    private readonly IDisposable? deferral;

    private HostInterrupt(CancellationTokenSource source, IDisposable? deferral)
    {
        this.source = source;
        this.deferral = deferral;
    }

    /// <summary>Cancelled when either the caller's token or the host's is.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Begins a call that stops in order. To be disposed of when it ends, on the thread on which it began.</summary>
    public static HostInterrupt With(CancellationToken cancel) => new(
        CancellationTokenSource.CreateLinkedTokenSource(cancel, AppContext.GetData(TokenKey) is Func<CancellationToken> cell ? cell() : default),
        (AppContext.GetData(DeferKey) as Func<IDisposable>)?.Invoke());

    /// <summary>Ends the call.</summary>
    public void Dispose()
    {
        deferral?.Dispose();
        source.Dispose();
    }
}
