// Fisher's randomization test for pairs: where the two arms do not differ, each difference is as likely to have the other
// sign. Exact over all 2^n signs up to 20 pairs; above, a Monte Carlo sample with the observed one counted in, so that
// p is never zero (Phipson and Smyth, "Permutation p-values should never be zero", 2010).

using Retort.Randomness;

namespace Retort.Statistics;

/// <summary>The paired permutation (sign-flip) test of a mean difference.</summary>
public static class PairedPermutation
{
    /// <summary>At most this many pairs are enumerated.</summary>
    public const int ExactPairs = 20;

    /// <summary>Tests whether a and b, measured on the same seeds or the same test items, differ in their mean.</summary>
    /// <param name="a">one value a pair</param>
    /// <param name="b">one value a pair, in the same order</param>
    /// <param name="alternative">what counts as evidence</param>
    /// <param name="resamples">random sign patterns where there are more than <see cref="ExactPairs"/> pairs</param>
    /// <param name="seed">of the random sign patterns</param>
    /// <exception cref="ArgumentException">Different lengths, or no pairs.</exception>
    public static TestResult Test(IReadOnlyList<double> a, IReadOnlyList<double> b,
        Alternative alternative = Alternative.TwoSided, int resamples = 10_000, long seed = 0)
    {
        var differences = Sample.Differences(a, b);
        Sample.RequireValues(differences.Length, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var mean = Sample.Mean(differences);
        var exact = differences.Length <= ExactPairs;
        var p = exact ? Exact(differences, alternative) : MonteCarlo(differences, alternative, resamples, seed);
        var kind = exact ? "exact" : FormattableString.Invariant($"{resamples} random sign patterns");
        return new TestResult($"paired permutation test, {differences.Length} pairs, {kind}", mean, p, differences.Length);
    }

    private static double Exact(double[] differences, Alternative alternative)
    {
        var observed = differences.Sum();
        var slack = Slack(differences);
        long count = 0;
        var patterns = 1L << differences.Length;
        // Gray code: neighbouring patterns differ in one sign, so each costs one addition. The sum is renewed now and
        // then, lest rounding errors gather.
        double sum = observed;
        var negative = new bool[differences.Length];
        for (long pattern = 0; pattern < patterns; pattern++)
        {
            if (pattern > 0)
            {
                var flip = System.Numerics.BitOperations.TrailingZeroCount(pattern);
                negative[flip] = !negative[flip];
                sum += negative[flip] ? -2 * differences[flip] : 2 * differences[flip];
                if ((pattern & 1023) == 0)
                {
                    sum = differences.Select((d, i) => negative[i] ? -d : d).Sum();
                }
            }
            if (AtLeast(sum, observed, slack, alternative))
            {
                count++;
            }
        }
        return (double)count / patterns;
    }

    private static double MonteCarlo(double[] differences, Alternative alternative, int resamples, long seed)
    {
        var draw = RandomStream.Of(seed, "paired-permutation");
        var observed = differences.Sum();
        var slack = Slack(differences);
        var count = 1;
        for (var r = 0; r < resamples; r++)
        {
            double sum = 0;
            uint bits = 0;
            for (var i = 0; i < differences.Length; i++)
            {
                bits = (i & 31) == 0 ? draw.NextUInt32() : bits >> 1;
                sum += (bits & 1) == 0 ? differences[i] : -differences[i];
            }
            if (AtLeast(sum, observed, slack, alternative))
            {
                count++;
            }
        }
        return (double)count / (resamples + 1.0);
    }

    // Sums that are equal on paper must count as equal.
    private static double Slack(double[] differences) => 1e-12 * differences.Sum(Math.Abs);

    private static bool AtLeast(double sum, double observed, double slack, Alternative alternative) => alternative switch
    {
        Alternative.Greater => sum >= observed - slack,
        Alternative.Less => sum <= observed + slack,
        _ => Math.Abs(sum) >= Math.Abs(observed) - slack,
    };
}
