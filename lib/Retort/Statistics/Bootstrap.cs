// Efron and Tibshirani, "An introduction to the bootstrap" (1993), chapters 13 and 14. The hierarchical form draws seeds and
// test items both: a difference between two arms has to hold for other seeds and for other test items.

using MathNet.Numerics.Distributions;
using Retort.Randomness;

namespace Retort.Statistics;

/// <summary>Intervals by resampling with replacement. The same seed gives the same interval.</summary>
public static class Bootstrap
{
    /// <summary>An interval of any statistic of a sample.</summary>
    /// <param name="values">the sample</param>
    /// <param name="statistic">of a sample of the same size; the mean where null</param>
    /// <param name="kind">percentile, or corrected for bias and acceleration</param>
    /// <param name="confidence">such as 0.95</param>
    /// <param name="resamples">how often to resample</param>
    /// <param name="seed">of the resampling</param>
    /// <exception cref="ArgumentException">Fewer than two values, or a confidence outside 0 to 1.</exception>
    public static Interval Of(IReadOnlyList<double> values, Func<double[], double>? statistic = null,
        BootstrapKind kind = BootstrapKind.Corrected, double confidence = 0.95, int resamples = 5_000, long seed = 0)
    {
        Sample.RequireValues(values.Count, 2);
        Sample.RequireConfidence(confidence);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        statistic ??= static x => Sample.Mean(x);
        var draw = RandomStream.Of(seed, "bootstrap");
        var resample = new double[values.Count];
        var found = new double[resamples];
        for (var r = 0; r < resamples; r++)
        {
            for (var i = 0; i < resample.Length; i++)
            {
                resample[i] = values[draw.Next(resample.Length)];
            }
            found[r] = statistic(resample);
        }
        Array.Sort(found);
        var estimate = statistic(values.ToArray());
        var (low, high) = kind == BootstrapKind.Percentile
            ? ((1 - confidence) / 2, (1 + confidence) / 2)
            : Corrected(values, statistic, estimate, found, confidence);
        var name = kind == BootstrapKind.Percentile ? "percentile bootstrap" : "BCa bootstrap";
        return new Interval(estimate, Sample.QuantileOfSorted(found, low), Sample.QuantileOfSorted(found, high), confidence,
            $"{name}, {resamples} resamples, n = {values.Count}");
    }

    /// <summary>An interval of the mean difference of two arms measured on the same items.</summary>
    /// <param name="a">one value an item</param>
    /// <param name="b">one value an item, in the same order</param>
    /// <param name="kind">percentile, or corrected for bias and acceleration</param>
    /// <param name="confidence">such as 0.95</param>
    /// <param name="resamples">how often to resample</param>
    /// <param name="seed">of the resampling</param>
    public static Interval OfDifference(IReadOnlyList<double> a, IReadOnlyList<double> b,
        BootstrapKind kind = BootstrapKind.Corrected, double confidence = 0.95, int resamples = 5_000, long seed = 0) =>
        Of(Sample.Differences(a, b), null, kind, confidence, resamples, seed);

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

    private static (double Low, double High) Corrected(IReadOnlyList<double> values, Func<double[], double> statistic,
        double estimate, double[] sorted, double confidence)
    {
        // Bias z0: where the estimate stands among the resamples, ties counted half. Equal to 0 where all are equal.
        var below = (sorted.Count(x => x < estimate) + sorted.Count(x => x <= estimate)) / (2.0 * sorted.Length);
        below = Math.Clamp(below, 0.5 / sorted.Length, 1 - 0.5 / sorted.Length);
        var z0 = Normal.InvCDF(0, 1, below);
        var left = new double[values.Count];
        var without = new double[values.Count - 1];
        for (var i = 0; i < values.Count; i++)
        {
            for (var j = 0; j < without.Length; j++)
            {
                without[j] = values[j < i ? j : j + 1];
            }
            left[i] = statistic(without);
        }
        var mean = Sample.Mean(left);
        var cubes = left.Sum(x => Math.Pow(mean - x, 3));
        var squares = left.Sum(x => Math.Pow(mean - x, 2));
        var acceleration = squares == 0 ? 0 : cubes / (6 * Math.Pow(squares, 1.5));
        return (Shifted((1 - confidence) / 2), Shifted((1 + confidence) / 2));

        double Shifted(double share)
        {
            var z = z0 + Normal.InvCDF(0, 1, share);
            return Normal.CDF(0, 1, z0 + z / (1 - acceleration * z));
        }
    }
}
