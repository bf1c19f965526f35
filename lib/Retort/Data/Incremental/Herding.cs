// Herding: Welling, "Herding dynamical weights to learn" (ICML 2009); for choosing exemplars: Rebuffi et al., "iCaRL" (CVPR 2017).
// Here in the form of the class-incremental SLU authors' code, which weighs repeats and stops after 1,000 steps.

namespace Retort.Data;

/// <summary>Samples that stand for their class, by their features.</summary>
public static class Herding
{
    private const int MostSteps = 1000;

    /// <summary>
    /// Samples whose mean direction follows the class's: features are scaled to length 1, mu is their mean, w = mu, and again and again
    /// i = argmax w·d_i is taken and w += mu - d_i; the order is that of the first choice. After 1,000 steps samples never chosen
    /// follow in their own order.
    /// </summary>
    /// <param name="features">one vector a sample, all equally long</param>
    /// <param name="count">how many to choose; all where there are fewer</param>
    /// <returns>indices of samples, best first</returns>
    /// <exception cref="ArgumentException">The vectors differ in length or hold numbers that are not finite.</exception>
    public static int[] Order(IReadOnlyList<float[]> features, int count)
    {
        var rows = Checked(features);
        count = Math.Clamp(count, 0, rows.Length);
        foreach (var row in rows)
        {
            var length = Math.Sqrt(Dot(row, row)) + 1e-8;
            for (var k = 0; k < row.Length; k++)
            {
                row[k] /= length;
            }
        }
        var mu = Mean(rows);
        double[] w = [.. mu];
        var (chosen, order) = (new bool[rows.Length], new List<int>());
        for (var step = 0; step < MostSteps && order.Count < count; step++)
        {
            var (best, highest) = (0, double.NegativeInfinity);
            for (var i = 0; i < rows.Length; i++)
            {
                if (Dot(w, rows[i]) is var score && score > highest)
                {
                    (best, highest) = (i, score);
                }
            }
            if (!chosen[best])
            {
                chosen[best] = true;
                order.Add(best);
            }
            for (var k = 0; k < w.Length; k++)
            {
                w[k] += mu[k] - rows[best][k];
            }
        }
        order.AddRange(Enumerable.Range(0, rows.Length).Where(i => !chosen[i]).Take(count - order.Count));
        return [.. order];
    }

    /// <summary>The samples nearest to the mean of the features (Euclidean, not scaled), nearest first; of equals the one listed first.</summary>
    /// <param name="features">one vector a sample, all equally long</param>
    /// <param name="count">how many to choose; all where there are fewer</param>
    /// <exception cref="ArgumentException">The vectors differ in length or hold numbers that are not finite.</exception>
    public static int[] NearestMean(IReadOnlyList<float[]> features, int count)
    {
        var rows = Checked(features);
        var mu = Mean(rows);
        var distances = rows.Select(row => row.Zip(mu).Sum(p => (p.First - p.Second) * (p.First - p.Second))).ToArray();
        return [.. Enumerable.Range(0, rows.Length).OrderBy(i => distances[i]).Take(Math.Max(0, count))];
    }

    private static double[][] Checked(IReadOnlyList<float[]> features)
    {
        for (var i = 0; i < features.Count; i++)
        {
            if (features[i].Length != features[0].Length || !features[i].All(float.IsFinite))
            {
                throw new ArgumentException($"sample {i}: {features[i].Length} numbers; expected {features[0].Length}, all finite", nameof(features));
            }
        }
        return [.. features.Select(f => f.Select(x => (double)x).ToArray())];
    }

    private static double[] Mean(double[][] rows)
    {
        var mean = new double[rows.Length == 0 ? 0 : rows[0].Length];
        foreach (var row in rows)
        {
            for (var k = 0; k < mean.Length; k++)
            {
                mean[k] += row[k] / rows.Length;
            }
        }
        return mean;
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (var k = 0; k < a.Length; k++)
        {
            sum += a[k] * b[k];
        }
        return sum;
    }
}
