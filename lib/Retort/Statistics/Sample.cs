using MathNet.Numerics.Distributions;

namespace Retort.Statistics;

/// <summary>Mean, spread and Student's interval of a small sample, such as one score per seed.</summary>
public static class Sample
{
    /// <summary>The arithmetic mean. NaN of an empty sample.</summary>
    public static double Mean(IReadOnlyList<double> values)
    {
        double sum = 0;
        for (var i = 0; i < values.Count; i++)
        {
            sum += values[i];
        }
        return sum / values.Count;
    }

    /// <summary>Sum of squared deviations divided by n - 1. NaN of fewer than two values.</summary>
    public static double Variance(IReadOnlyList<double> values)
    {
        if (values.Count < 2)
        {
            return double.NaN;
        }
        var mean = Mean(values);
        double sum = 0;
        for (var i = 0; i < values.Count; i++)
        {
            sum += (values[i] - mean) * (values[i] - mean);
        }
        return sum / (values.Count - 1);
    }

    /// <summary>The square root of <see cref="Variance"/>.</summary>
    public static double StandardDeviation(IReadOnlyList<double> values) => Math.Sqrt(Variance(values));

    /// <summary>Standard deviation of the mean.</summary>
    public static double StandardError(IReadOnlyList<double> values) => StandardDeviation(values) / Math.Sqrt(values.Count);

    /// <summary>Mean plus or minus t(n - 1) standard errors. With one value the interval is unbounded.</summary>
    /// <exception cref="ArgumentException">The sample is empty, or the confidence is not between 0 and 1.</exception>
    public static Interval MeanInterval(IReadOnlyList<double> values, double confidence = 0.95)
    {
        RequireValues(values.Count, 1);
        RequireConfidence(confidence);
        var mean = Mean(values);
        var half = values.Count == 1
            ? double.PositiveInfinity
            : StudentT.InvCDF(0, 1, values.Count - 1, 0.5 + confidence / 2) * StandardError(values);
        return new Interval(mean, mean - half, mean + half, confidence, $"Student's t, n = {values.Count}");
    }

    /// <summary>The value below which a share of the sample lies: linear between order statistics (R's type 7, NumPy's default).</summary>
    /// <param name="values">the sample, in any order</param>
    /// <param name="share">between 0 and 1</param>
    public static double Quantile(IReadOnlyList<double> values, double share)
    {
        RequireValues(values.Count, 1);
        var sorted = values.ToArray();
        Array.Sort(sorted);
        return QuantileOfSorted(sorted, share);
    }

    internal static double QuantileOfSorted(double[] sorted, double share)
    {
        var place = Math.Clamp(share, 0, 1) * (sorted.Length - 1);
        var below = (int)Math.Floor(place);
        return below + 1 >= sorted.Length
            ? sorted[^1]
            : sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
    }

    /// <summary>a - b, item by item.</summary>
    /// <exception cref="ArgumentException">The two have different lengths.</exception>
    public static double[] Differences(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        if (a.Count != b.Count)
        {
            throw new ArgumentException($"paired samples need equal lengths, got {a.Count} and {b.Count}");
        }
        var differences = new double[a.Count];
        for (var i = 0; i < differences.Length; i++)
        {
            differences[i] = a[i] - b[i];
        }
        return differences;
    }

    internal static void RequireValues(int count, int least)
    {
        if (count < least)
        {
            throw new ArgumentException($"the sample has {count} values, at least {least} needed");
        }
    }

    internal static void RequireConfidence(double confidence)
    {
        if (!(confidence > 0 && confidence < 1))
        {
            throw new ArgumentException($"confidence must lie between 0 and 1, got {confidence}", nameof(confidence));
        }
    }
}
