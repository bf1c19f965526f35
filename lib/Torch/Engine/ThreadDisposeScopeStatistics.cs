namespace TorchSharp;

/// <summary>The sums of <see cref="LifetimeStatistics"/> over tensors and packed sequences of one thread.</summary>
public class ThreadDisposeScopeStatistics
{
    public LifetimeStatistics TensorStatistics { get; } = new();
    public LifetimeStatistics PackedSequenceStatistics { get; } = new();

    public long CreatedOutsideScopeCount => TensorStatistics.CreatedOutsideScopeCount + PackedSequenceStatistics.CreatedOutsideScopeCount;
    public long DisposedOutsideScopeCount => TensorStatistics.DisposedOutsideScopeCount + PackedSequenceStatistics.DisposedOutsideScopeCount;
    public long CreatedInScopeCount => TensorStatistics.CreatedInScopeCount + PackedSequenceStatistics.CreatedInScopeCount;
    public long DisposedInScopeCount => TensorStatistics.DisposedInScopeCount + PackedSequenceStatistics.DisposedInScopeCount;
    public long AttachedToScopeCount => TensorStatistics.AttachedToScopeCount + PackedSequenceStatistics.AttachedToScopeCount;
    public long DetachedFromScopeCount => TensorStatistics.DetachedFromScopeCount + PackedSequenceStatistics.DetachedFromScopeCount;
    public long ThreadTotalLiveCount => TensorStatistics.ThreadTotalLiveCount + PackedSequenceStatistics.ThreadTotalLiveCount;

    /// <summary>This thread's tensors are not counted until the result is disposed of.</summary>
    internal IDisposable Pause() => new Pausing(TensorStatistics);

    private sealed class Pausing : IDisposable
    {
        private readonly LifetimeStatistics of;

        internal Pausing(LifetimeStatistics of) => Interlocked.Increment(ref (this.of = of).Paused);

        public void Dispose() => Interlocked.Decrement(ref of.Paused);
    }

    internal LifetimeStatistics Of(IDisposable disposable) => disposable is torch.Tensor ? TensorStatistics : PackedSequenceStatistics;

    public void Reset()
    {
        TensorStatistics.Reset();
        PackedSequenceStatistics.Reset();
    }

    public override string ToString() => $"{nameof(TensorStatistics)}: {TensorStatistics}; {nameof(PackedSequenceStatistics)}: {PackedSequenceStatistics}";
}
