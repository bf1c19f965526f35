// The design is crossed: every seed is measured on the same test items. With a_s what a seed adds, b_i what an item adds and
// c_si what they add together, the mean difference over S seeds and I items has the variance
//     var(a)/S + var(b)/I + var(c)/(S I).
// Seeds' differences spread by var(a) + var(c)/I about their mean: that variance over S is the seeds' part. Resampling items
// gives var(b)/I + var(c)/I for one seed and var(b)/I for what two seeds share; the covariance between seeds is the items'
// part. So the interaction is counted once; where seeds lie closer together than the interaction alone lets them, it stands for
// them. Satterthwaite, "An approximate distribution of estimates of variance components" (1946), gives the degrees of freedom:
// few for what seeds tell, as many as clusters for what items tell. With two to four in the larger part they come out too many
// when that part is small by chance. Two less, and no fewer than the smaller of both, keeps the rate of false verdicts between
// 1 % and 6.2 % at a nominal 5 %, whichever part is larger (tests/Statistics simulate it).

namespace Retort.Statistics;

/// <summary>
/// The difference of two arms that were trained with the same seeds and measured on the same test items. Seeds get Student's
/// t with their few degrees of freedom; test items are resampled, in clusters where they share something. The metric may be
/// any function of item weights.
/// </summary>
public static class PairedEffect
{
    /// <summary>The difference of two arms, or any other number a seed.</summary>
    /// <param name="seeds">number of seeds</param>
    /// <param name="items">number of test items</param>
    /// <param name="difference">
    /// from a seed's number and one weight an item (how often it was drawn; null: all once) to that seed's difference, in the
    /// measure's unit. The array of weights is used again: don't keep it.
    /// </param>
    /// <param name="clusters">the number of each item's cluster (intent, sentence, speaker), from 0; null: each item its own</param>
    /// <param name="confidence">of the interval</param>
    /// <param name="resamples">how often items are resampled</param>
    /// <param name="seed">of the resampling</param>
    /// <returns>With one seed, or items of a single cluster: an effect without interval, which decides nothing.</returns>
    /// <exception cref="ArgumentException">No seed, no item, or clusters that are not one number an item.</exception>
    public static Effect Of(int seeds, int items, Func<int, double[]?, double> difference, int[]? clusters = null,
        double confidence = 0.95, int resamples = 1_000, long seed = 0)
    {
        return From(Crossed.Of(seeds, items, [difference], clusters, resamples, seed), items, confidence);
    }

    /// <summary>Of differences that were resampled before, one a seed.</summary>
    internal static Effect OfDrawn(Resampling design, IReadOnlyList<Resampled> differences, double confidence = 0.95) =>
        From(Crossed.Of(design, [.. differences.Select(d => new[] { d })]), design.Items, confidence);

    private static Effect From(Crossed crossed, int items, double confidence)
    {
        var (seedsPart, itemsPart, freedom) = crossed.Errors([1]);
        return new Effect
        {
            Estimate = crossed.Means[0],
            StandardErrorSeeds = seedsPart,
            StandardErrorItems = itemsPart,
            DegreesOfFreedom = freedom,
            Seeds = crossed.Seeds,
            Items = items,
            Clusters = crossed.Clusters,
            OfSeeds = crossed.OfSeeds(0),
            Confidence = confidence,
            Method = crossed.MethodOf(freedom),
        };
    }

    /// <summary>A measure that is not one of test items, such as validation loss: Student's t of one difference a seed.</summary>
    /// <param name="differences">one a seed</param>
    /// <param name="confidence">of the interval</param>
    public static Effect OfSeeds(IReadOnlyList<double> differences, double confidence = 0.95)
    {
        Sample.RequireValues(differences.Count, 1);
        var alone = differences.Count == 1;
        var error = alone ? double.NaN : Sample.StandardError(differences);
        var still = error <= 1e-9 * Math.Abs(Sample.Mean(differences)) && differences.Any(d => d != 0);
        return new Effect
        {
            Estimate = Sample.Mean(differences),
            StandardErrorSeeds = still ? double.NaN : error,
            StandardErrorItems = 0,
            DegreesOfFreedom = alone ? double.NaN : differences.Count - 1,
            Seeds = differences.Count,
            Items = 0,
            OfSeeds = [.. differences],
            Confidence = confidence,
            Method = alone ? Crossed.OneSeed : still ? Crossed.NoSpread : $"Student's t over {differences.Count} seeds",
        };
    }

    /// <summary>
    /// The share of one difference in another, such as what an arm recovers of what is lost: (arm - worst) / (best - worst).
    /// The interval is Fieller's: all shares r for which part - r * whole is not distinguishable from zero.
    /// </summary>
    /// <param name="seeds">number of seeds</param>
    /// <param name="items">number of test items</param>
    /// <param name="part">the difference above the line, as in <see cref="Of"/></param>
    /// <param name="whole">the difference below the line</param>
    /// <param name="clusters">the number of each item's cluster; null: each item its own</param>
    /// <param name="confidence">of the interval</param>
    /// <param name="resamples">how often items are resampled</param>
    /// <param name="seed">of the resampling</param>
    public static ShareEffect Share(int seeds, int items, Func<int, double[]?, double> part, Func<int, double[]?, double> whole,
        int[]? clusters = null, double confidence = 0.95, int resamples = 1_000, long seed = 0) =>
        ShareEffect.Of(Crossed.Of(seeds, items, [part, whole], clusters, resamples, seed), items, confidence);

    /// <summary>
    /// The smallest of several effects, for claims that must hold at every step ("larger is better throughout"): the
    /// intersection-union test, whose p-value is the largest of the steps' (Berger, 1982).
    /// </summary>
    /// <param name="steps">such as each size less the next smaller</param>
    /// <exception cref="ArgumentException">No steps, or steps of different confidence.</exception>
    public static Effect Least(IReadOnlyList<Effect> steps) => new LeastEffect(steps);
}
