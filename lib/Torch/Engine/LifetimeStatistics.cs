namespace TorchSharp;

/// <summary>How many of one kind of object a thread made, and what became of them, on whatever thread that was.</summary>
public class LifetimeStatistics
{
    // While above zero nothing is counted: TorchSharp makes what this is about in native code.
    internal int Paused;

    private long createdOutside, disposedOutside, createdInside, disposedInside, attached, detached;

    public long CreatedOutsideScopeCount => Interlocked.Read(ref createdOutside);
    public long DisposedOutsideScopeCount => Interlocked.Read(ref disposedOutside);
    public long CreatedInScopeCount => Interlocked.Read(ref createdInside);
    public long DisposedInScopeCount => Interlocked.Read(ref disposedInside);
    public long AttachedToScopeCount => Interlocked.Read(ref attached);
    public long DetachedFromScopeCount => Interlocked.Read(ref detached);

    public long ThreadTotalLiveCount => CreatedInScopeCount + CreatedOutsideScopeCount - DisposedInScopeCount - DisposedOutsideScopeCount;

    public void Reset()
    {
        Interlocked.Exchange(ref createdOutside, 0);
        Interlocked.Exchange(ref disposedOutside, 0);
        Interlocked.Exchange(ref createdInside, 0);
        Interlocked.Exchange(ref disposedInside, 0);
        Interlocked.Exchange(ref attached, 0);
        Interlocked.Exchange(ref detached, 0);
    }

    public override string ToString()
        => $"ThreadTotalLiveCount: {ThreadTotalLiveCount}; CreatedInScope: {CreatedInScopeCount}; CreatedOutsideScope: {CreatedOutsideScopeCount}; "
            + $"DisposedInScope: {DisposedInScopeCount}; DisposedOutsideScope: {DisposedOutsideScopeCount}; "
            + $"AttachedToScope: {AttachedToScopeCount}; DetachedFromScope: {DetachedFromScopeCount}";

    // Only the thread that they belong to creates.
    internal void CountCreated(bool inside)
    {
        if (Paused > 0) return;
        if (inside) createdInside++;
        else createdOutside++;
    }

    internal void CountDisposedInScope() => Count(ref disposedInside);

    internal void CountDisposedOutside() => Count(ref disposedOutside);

    internal void CountAttached() => Count(ref attached);

    internal void CountDetached() => Count(ref detached);

    private void Count(ref long number)
    {
        if (Paused == 0) Interlocked.Increment(ref number);
    }
}
