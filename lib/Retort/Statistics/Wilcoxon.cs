// Wilcoxon, "Individual comparisons by ranking methods" (1945). Zero differences are left out, ties share their mean rank.
// Exact up to 50 pairs without ties or zeros, otherwise the normal approximation with tie correction and no continuity
// correction: the rule of scipy.stats.wilcoxon.

namespace Retort.Statistics;

/// <summary>Wilcoxon's signed-rank test of paired samples.</summary>
public static class Wilcoxon
{
    /// <summary>Tests whether the differences a - b lie symmetrically about zero.</summary>
    /// <param name="a">one value a pair</param>
    /// <param name="b">one value a pair, in the same order</param>
    /// <param name="alternative">what counts as evidence</param>
    /// <exception cref="ArgumentException">Different lengths, or every difference is zero.</exception>
    public static TestResult Test(IReadOnlyList<double> a, IReadOnlyList<double> b, Alternative alternative = Alternative.TwoSided)
    {
        var all = Sample.Differences(a, b);
        var differences = all.Where(d => d != 0).ToArray();
        Sample.RequireValues(differences.Length, 1);
        var n = differences.Length;
        var order = Enumerable.Range(0, n).OrderBy(i => Math.Abs(differences[i])).ToArray();
        double positive = 0, tieTerm = 0;
        var ties = false;
        for (var start = 0; start < n;)
        {
            var end = start + 1;
            while (end < n && Math.Abs(differences[order[end]]) == Math.Abs(differences[order[start]]))
            {
                end++;
            }
            double size = end - start, rank = (start + end + 1) / 2.0;
            ties |= size > 1;
            tieTerm += size * (size * size - 1);
            positive += rank * order[start..end].Count(i => differences[i] > 0);
            start = end;
        }
        var total = n * (n + 1) / 2.0;
        var exact = !ties && n == all.Length && n <= 50;
        var (atLeast, atMost) = exact ? Exact(positive, n) : Normal(positive, n, tieTerm);
        var p = alternative switch
        {
            Alternative.Greater => atLeast,
            Alternative.Less => atMost,
            _ => Math.Min(1, 2 * Math.Min(atLeast, atMost)),
        };
        var statistic = alternative == Alternative.TwoSided ? Math.Min(positive, total - positive) : positive;
        return new TestResult($"Wilcoxon signed-rank test, {n} pairs, {(exact ? "exact" : "normal approximation")}", statistic, p, n);
    }

    private static (double AtLeast, double AtMost) Exact(double positive, int n)
    {
        // counts[s]: the number of sign patterns whose positive ranks add up to s; kept as shares of 2^n.
        var shares = new double[n * (n + 1) / 2 + 1];
        shares[0] = 1;
        for (var rank = 1; rank <= n; rank++)
        {
            for (var s = rank * (rank + 1) / 2; s >= 0; s--)
            {
                shares[s] = 0.5 * (shares[s] + (s >= rank ? shares[s - rank] : 0));
            }
        }
        var place = (int)Math.Round(positive);
        double atLeast = 0, atMost = 0;
        for (var s = 0; s < shares.Length; s++)
        {
            atLeast += s >= place ? shares[s] : 0;
            atMost += s <= place ? shares[s] : 0;
        }
        return (atLeast, atMost);
    }

    private static (double AtLeast, double AtMost) Normal(double positive, int n, double tieTerm)
    {
        var mean = n * (n + 1) / 4.0;
        var deviation = Math.Sqrt(n * (n + 1.0) * (2 * n + 1) / 24 - tieTerm / 48);
        var z = (positive - mean) / deviation;
        return (MathNet.Numerics.Distributions.Normal.CDF(0, 1, -z), MathNet.Numerics.Distributions.Normal.CDF(0, 1, z));
    }
}
