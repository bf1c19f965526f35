// Batches of samples of like length, so that little of a batch is padding. As the order of samples, the batches are a pure
// function of (seed, step): the samples of an epoch come in SampleOrder's order, stretches of several batches are sorted by
// length and cut, and the batches are put into an order of their own.

using Retort.Randomness;

namespace Retort.Data;

/// <summary>Batches by length. Nothing is stored but the batches of one epoch. Safe from several threads at once.</summary>
public sealed class LengthBatches
{
    private readonly int[] lengths;
    private readonly int batch;
    private readonly int window;
    private readonly long seed;
    private readonly SampleOrder order;
    private volatile Tuple<long, int[][]>? latest;

    /// <param name="lengths">the length of each sample, in any unit</param>
    /// <param name="batch">samples in a batch; the last of an epoch may have fewer</param>
    /// <param name="seed">the run's seed</param>
    /// <param name="window">batches that are sorted together: 1 keeps the order of the samples</param>
    public LengthBatches(IReadOnlyList<long> lengths, int batch, long seed, int window = 16)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        this.lengths = [.. lengths.Select(n => checked((int)n))];
        (this.batch, this.window, this.seed) = (batch, window, seed);
        order = new SampleOrder(lengths.Count, seed);
    }

    /// <summary>Batches of an epoch.</summary>
    public int PerEpoch => order.BatchesPerEpoch(batch);

    /// <summary>The samples of a step, counted from 0 over all epochs, and the epoch it lies in.</summary>
    public (long Epoch, int[] Samples) Batch(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var epoch = step / PerEpoch;
        var of = latest;
        if (of is null || of.Item1 != epoch)
        {
            latest = of = Tuple.Create(epoch, Epoch(epoch));
        }
        return (epoch, of.Item2[step % PerEpoch]);
    }

    private int[][] Epoch(long epoch)
    {
        var samples = Enumerable.Range(0, order.Count).Select(position => order.At(epoch, position));
        var batches = samples.Chunk(batch * window)
            .SelectMany(stretch => stretch.OrderBy(i => lengths[i]).ThenBy(i => i).Chunk(batch)).ToArray();
        RandomStream.Of(seed, "batch order", "", epoch).Shuffle(batches.AsSpan());
        return batches;
    }
}
