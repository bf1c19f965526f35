using MathNet.Numerics.Distributions;

namespace Retort.Statistics;

/// <summary>
/// How many seeds a comparison needs, planned from the spread that an earlier run has shown and from the size of effect that one wants
/// to find. What the earlier run said of the effect itself, or of its sign, takes no part.
/// </summary>
public static class Power
{
    /// <summary>
    /// The probability that a two-sided test finds a true difference, by Student's t as <see cref="PairedEffect"/> tests: the variance of
    /// the mean difference is seedsVariance / seeds + clustersVariance / clusters.
    /// </summary>
    /// <param name="difference">the true difference that is to be found</param>
    /// <param name="seeds">number of seeds, at least 2</param>
    /// <param name="clusters">clusters of test items of equal size, at least 2; else Kish's effective number of them</param>
    /// <param name="seedsVariance">variance of the difference from seed to seed</param>
    /// <param name="clustersVariance">variance of the difference from cluster to cluster</param>
    /// <param name="alpha">the level of the test</param>
    public static double Of(double difference, int seeds, double clusters, double seedsVariance, double clustersVariance, double alpha)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seeds, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(clusters, 2);
        var (ofSeeds, ofClusters) = (seedsVariance / seeds, clustersVariance / clusters);
        var whole = ofSeeds + ofClusters;
        var uncertain = ofSeeds * ofSeeds / (seeds - 1) + ofClusters * ofClusters / (clusters - 1);
        // The degrees of freedom of Crossed.Errors.
        var freedom = Math.Max(Math.Min(seeds - 1, clusters - 1), Math.Min(clusters - 1, whole * whole / uncertain - 2));
        return 1 - StudentT.CDF(0, 1, freedom, StudentT.InvCDF(0, 1, freedom, 1 - alpha / 2) - Math.Abs(difference) / Math.Sqrt(whole));
    }

    /// <summary>The fewest seeds, from 3 to a hundred, with which a difference is found with a probability; null: even a hundred are too few.</summary>
    /// <param name="probability">such as 0.8</param>
    /// <param name="difference">the true difference that is to be found</param>
    /// <param name="clusters">clusters of test items</param>
    /// <param name="seedsVariance">variance of the difference from seed to seed</param>
    /// <param name="clustersVariance">variance of the difference from cluster to cluster</param>
    /// <param name="alpha">the level of the test</param>
    public static int? LeastSeeds(double probability, double difference, double clusters, double seedsVariance, double clustersVariance, double alpha) =>
        Enumerable.Range(3, 98).Select(n => (int?)n).FirstOrDefault(n => Of(difference, n!.Value, clusters, seedsVariance, clustersVariance, alpha) >= probability);
}
