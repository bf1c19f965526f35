namespace Retort.Statistics;

/// <summary>Mean and spread of a small sample, such as one score per seed.</summary>
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
