// The order of samples in training as a pure function of (seed, epoch, position): a keyed permutation, so that a run
// resumes at any step at once and nothing is stored. The permutation is a Feistel network on the smallest even number of
// bits that holds the count; outputs beyond the count go through it again (cycle walking; Black and Rogaway, "Ciphers
// with arbitrary finite domains", CT-RSA 2002).

using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// A fresh order of the samples in each epoch. Nothing is stored: the sample at a position of an epoch is computed from
/// (seed, epoch, position) in constant time. Safe from several threads at once.
/// </summary>
public sealed class SampleOrder
{
    private const int Rounds = 6;
    private readonly long seed;
    private readonly int halfBits;
    private readonly uint halfMask;
    private volatile EpochKeys? latest;

    private sealed record EpochKeys(long Epoch, ulong[] Keys);

    /// <param name="count">number of samples</param>
    /// <param name="seed">the run's seed</param>
    /// <param name="shardIndex">this worker's number, from 0</param>
    /// <param name="shardCount">number of workers; worker w takes the positions p with p mod count = w</param>
    /// <exception cref="ArgumentOutOfRangeException">No samples, or a shard that does not exist or is empty.</exception>
    public SampleOrder(int count, long seed, int shardIndex = 0, int shardCount = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shardCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shardCount, count);
        ArgumentOutOfRangeException.ThrowIfNegative(shardIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shardIndex, shardCount);
        Count = count;
        this.seed = seed;
        ShardIndex = shardIndex;
        ShardCount = shardCount;
        halfBits = 1;
        while (1L << (2 * halfBits) < count)
        {
            halfBits++;
        }
        halfMask = (1u << halfBits) - 1;
    }

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>This worker's number.</summary>
    public int ShardIndex { get; }

    /// <summary>Number of workers.</summary>
    public int ShardCount { get; }

    /// <summary>Number of samples that this worker takes in an epoch.</summary>
    public int ShardSize => (Count - ShardIndex + ShardCount - 1) / ShardCount;

    /// <summary>The sample at a position of the whole epoch; the positions 0 to Count - 1 give each sample once.</summary>
    public int At(long epoch, int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, Count);
        var keys = KeysOf(epoch);
        var x = (uint)position;
        do
        {
            x = Permute(x, keys);
        }
        while (x >= (uint)Count);
        return (int)x;
    }

    /// <summary>Number of batches in this worker's epoch.</summary>
    /// <param name="batch">samples in a batch</param>
    /// <param name="dropLast">leave out a last batch that would be smaller</param>
    public int BatchesPerEpoch(int batch, bool dropLast = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        return dropLast ? ShardSize / batch : (ShardSize + batch - 1) / batch;
    }

    /// <summary>The samples of a training step, counted from 0 over all epochs, and the epoch it lies in.</summary>
    /// <param name="step">the step's number</param>
    /// <param name="batch">samples in a batch</param>
    /// <param name="dropLast">leave out a last batch that would be smaller; else it is kept at its size</param>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative, or an epoch holds no whole batch.</exception>
    public (long Epoch, int[] Samples) Batch(long step, int batch, bool dropLast = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var perEpoch = BatchesPerEpoch(batch, dropLast);
        ArgumentOutOfRangeException.ThrowIfZero(perEpoch, nameof(batch));
        var epoch = step / perEpoch;
        var first = (int)(step % perEpoch) * batch;
        var samples = new int[Math.Min(batch, ShardSize - first)];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = At(epoch, (first + i) * ShardCount + ShardIndex);
        }
        return (epoch, samples);
    }

    private ulong[] KeysOf(long epoch)
    {
        var keys = latest;
        if (keys is null || keys.Epoch != epoch)
        {
            var draw = RandomStream.Of(seed, "sample order", "", epoch);
            keys = new EpochKeys(epoch, [.. Enumerable.Range(0, Rounds).Select(_ => draw.NextUInt64())]);
            latest = keys;
        }
        return keys.Keys;
    }

    private uint Permute(uint x, ulong[] keys)
    {
        uint left = x >> halfBits, right = x & halfMask;
        foreach (var key in keys)
        {
            // SplitMix64's finalizer as the round function.
            var z = right ^ key;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            (left, right) = (right, left ^ ((uint)z & halfMask));
        }
        return (left << halfBits) | right;
    }
}
