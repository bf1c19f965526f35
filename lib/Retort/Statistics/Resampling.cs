using Retort.Randomness;

namespace Retort.Statistics;

/// <summary>
/// Draws of test items with replacement, in clusters where they share something: which ones hangs on the items, the clusters and the seed alone, so that what a
/// run gives on each draw is measured once and serves every comparison that the run is part of.
/// </summary>
internal sealed class Resampling
{
    private readonly int[]? clusters;
    private readonly int[] sizes;
    private readonly long seed;

    /// <param name="items">number of test items</param>
    /// <param name="clusters">the number of each item's cluster; null: each item its own</param>
    /// <param name="resamples">how often items are drawn</param>
    /// <param name="seed">decides the draws</param>
    /// <exception cref="ArgumentException">No item, or clusters that are not one number an item.</exception>
    public Resampling(int items, int[]? clusters, int resamples = 1_000, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(items);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 2);
        (Items, this.clusters, Count, this.seed) = (items, clusters, resamples, seed);
        sizes = Sizes(items, clusters);
        Clusters = sizes.Count(n => n > 0);
        // Kish's number: clusters of unequal size tell less than as many of one size.
        EffectiveClusters = (double)items * items / sizes.Sum(n => (double)n * n);
    }

    public int Items { get; }

    /// <summary>How often items are drawn.</summary>
    public int Count { get; }

    /// <summary>Clusters that have an item.</summary>
    public int Clusters { get; }

    public double EffectiveClusters { get; }

    public bool Clustered => clusters is not null;

    /// <summary>Each draw: how often each item is in it. The arrays are used again after <paramref name="together"/> draws.</summary>
    public IEnumerable<double[]> Weights(int together = 1)
    {
        var random = RandomStream.Of(seed, "paired-effect");
        var filled = Enumerable.Range(0, sizes.Length).Where(c => sizes[c] > 0).ToArray();
        var times = new int[sizes.Length];
        double[][] weights = [.. Enumerable.Range(0, together).Select(_ => new double[Items])];
        for (var r = 0; r < Count; r++)
        {
            Array.Clear(times);
            for (var k = 0; k < filled.Length; k++)
            {
                times[filled[random.Next(filled.Length)]]++;
            }
            var drawn = weights[r % together];
            for (var i = 0; i < drawn.Length; i++)
            {
                drawn[i] = times[clusters is null ? i : clusters[i]];
            }
            yield return drawn;
        }
    }

    private static int[] Sizes(int items, int[]? clusters)
    {
        if (clusters is null)
        {
            return [.. Enumerable.Repeat(1, items)];
        }
        if (clusters.Length != items || clusters.Any(c => c < 0))
        {
            throw new ArgumentException($"{items} items need one cluster number each, from 0; got {clusters.Length} with the least {clusters.DefaultIfEmpty(0).Min()}", nameof(clusters));
        }
        var sizes = new int[clusters.Max() + 1];
        foreach (var cluster in clusters)
        {
            sizes[cluster]++;
        }
        return sizes;
    }
}

/// <summary>A number that a run gives: on all test items once, and on each draw of them.</summary>
/// <param name="Once">on all items</param>
/// <param name="Drawn">on each draw of a <see cref="Resampling"/>; not a number where the measure is not defined on it</param>
internal sealed record Resampled(double Once, double[] Drawn)
{
    public static Resampled operator -(Resampled a, Resampled b) => new(a.Once - b.Once, [.. a.Drawn.Zip(b.Drawn, (x, y) => x - y)]);
}
