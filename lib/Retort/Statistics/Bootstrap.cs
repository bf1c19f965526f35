// Efron and Tibshirani, "An introduction to the bootstrap" (1993), chapters 13 and 14. The hierarchical form draws seeds and
// test items both: a difference between two arms has to hold for other seeds and for other test items.

using Retort.Randomness;

namespace Retort.Statistics;

/// <summary>Intervals by resampling with replacement. The same seed gives the same interval.</summary>
public static class Bootstrap
{
    /// <summary>
    /// An interval of a difference over seeds and test items at once, for any metric. Each resample draws seeds and, one
    /// set for all of them, items; the metric sees the items as weights (how often each was drawn).
    /// </summary>
    /// <param name="seeds">number of seeds</param>
    /// <param name="items">number of test items</param>
    /// <param name="difference">from a seed's number and one weight an item to that seed's difference between the arms</param>
    /// <param name="confidence">such as 0.95</param>
    /// <param name="resamples">how often to resample</param>
    /// <param name="seed">of the resampling</param>
    /// <returns>The mean difference over seeds with its percentile interval.</returns>
    public static Interval OfSeedsAndItems(int seeds, int items, Func<int, float[], double> difference,
        double confidence = 0.95, int resamples = 1_000, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(seeds);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(items);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        Sample.RequireConfidence(confidence);
        var draw = RandomStream.Of(seed, "bootstrap-seeds-items");
        var weights = new float[items];
        Array.Fill(weights, 1f);
        var estimate = Enumerable.Range(0, seeds).Average(s => difference(s, weights));
        var found = new double[resamples];
        var drawn = new int[seeds];
        for (var r = 0; r < resamples; r++)
        {
            Array.Clear(weights);
            for (var i = 0; i < items; i++)
            {
                weights[draw.Next(items)]++;
            }
            Array.Clear(drawn);
            for (var s = 0; s < seeds; s++)
            {
                drawn[draw.Next(seeds)]++;
            }
            double sum = 0;
            for (var s = 0; s < seeds; s++)
            {
                sum += drawn[s] == 0 ? 0 : drawn[s] * difference(s, weights);
            }
            found[r] = sum / seeds;
        }
        Array.Sort(found);
        return new Interval(estimate, Sample.QuantileOfSorted(found, (1 - confidence) / 2),
            Sample.QuantileOfSorted(found, (1 + confidence) / 2), confidence,
            $"bootstrap over {seeds} seeds and {items} test items, {resamples} resamples");
    }

    /// <summary>The same for a metric that is a mean over items: differences[seed][item].</summary>
    /// <param name="differences">one row a seed, one value an item: arm a minus arm b</param>
    /// <param name="confidence">such as 0.95</param>
    /// <param name="resamples">how often to resample</param>
    /// <param name="seed">of the resampling</param>
    /// <exception cref="ArgumentException">No rows, or rows of different lengths.</exception>
    public static Interval OfSeedsAndItems(IReadOnlyList<double[]> differences, double confidence = 0.95,
        int resamples = 1_000, long seed = 0)
    {
        Sample.RequireValues(differences.Count, 1);
        var items = differences[0].Length;
        if (differences.Any(row => row.Length != items))
        {
            throw new ArgumentException("every seed needs the same test items", nameof(differences));
        }
        return OfSeedsAndItems(differences.Count, items, (s, weights) =>
        {
            double sum = 0;
            for (var i = 0; i < items; i++)
            {
                sum += weights[i] * differences[s][i];
            }
            return sum / items;
        }, confidence, resamples, seed);
    }
}
