using Retort.Randomness;
using Retort.Statistics;

namespace Retort.Tests.Statistics;

/// <summary>Shares of a difference (Fieller), steps (intersection-union), and Holm's correction.</summary>
public sealed class ShareEffectTest
{
    // The same items and seeds above and below the line; part = share * whole, but for noise.
    private static ShareEffect Drawn(long number, double share, double whole, double noise = 1, double confidence = 0.95)
    {
        var random = RandomStream.Of(number, "share-test");
        const int Items = 60;
        var (easy, partNoise) = (Normals(Items, 3), Normals(Items, 2));
        var wholes = Enumerable.Range(0, 4).Select(_ => (Of: random.Normal(0, noise), Items: Normals(Items, 2))).ToArray();
        var parts = wholes.Select(w => (Of: share * w.Of + random.Normal(0, 0.5 * noise), Items: Normals(Items, 2))).ToArray();
        return PairedEffect.Share(4, Items, (s, w) => share * whole + parts[s].Of + Mean(i => share * easy[i] + partNoise[i] + parts[s].Items[i], w),
            (s, w) => whole + wholes[s].Of + Mean(i => easy[i] + wholes[s].Items[i], w), confidence: confidence, resamples: 150, seed: number);

        double[] Normals(int count, double deviation) => [.. Enumerable.Range(0, count).Select(_ => random.Normal(0, deviation))];

        static double Mean(Func<int, double> of, double[]? weights) => Enumerable.Range(0, Items).Sum(i => of(i) * (weights is null ? 1 : weights[i])) / Items;
    }

    [Fact]
    public void Bounds_OfAKnownShare_HoldItAsOftenAsTheySay()
    {
        const int Runs = 600;
        int missed = 0, bounded = 0;
        for (var run = 0; run < Runs; run++)
        {
            var share = Drawn(run, 0.64, 8);
            bounded += double.IsFinite(share.Low) && double.IsFinite(share.High) ? 1 : 0;
            missed += share.Low > 0.64 || share.High < 0.64 ? 1 : 0;
            Assert.True(share.Low <= share.Estimate && share.Estimate <= share.High);
        }
        Assert.True(bounded > 0.95 * Runs, $"{bounded} of {Runs} have an interval");
        Assert.InRange(missed, 0.01 * Runs, 0.07 * Runs);
    }

    [Fact]
    public void PValues_AgreeWithFiellersInterval()
    {
        var share = Drawn(1, 0.64, 8);
        Assert.Equal(share.Part / share.Whole, share.Estimate, 1e-12);
        Assert.Equal(0.025, share.PAbove(share.Low), 1e-4);
        Assert.Equal(0.025, share.PBelow(share.High), 1e-4);
        Assert.True(share.PAbove(share.Low - 0.05) < 0.025 && share.PAbove(share.Low + 0.05) > 0.025);
        var (low, high) = share.Bounds(0.5);
        Assert.True(share.Low < low && low < share.Estimate && share.Estimate < high && high < share.High);
    }

    [Fact]
    public void Share_OfAWholeThatMayBeZero_HasNoIntervalAndDecidesNothing()
    {
        var share = Drawn(2, 0.64, 0, noise: 2);
        Assert.Equal(double.NegativeInfinity, share.Low);
        Assert.Equal(double.PositiveInfinity, share.High);
        Assert.True(share.PAbove(-100) > 0.025 && share.PBelow(100) > 0.025);
    }

    [Fact]
    public void Share_WithPartAndWholeBothTurned_IsTheSame()
    {
        double[] part = [3.0, 3.4, 2.7], whole = [5.0, 5.2, 4.6];
        ShareEffect Of(double sign) => PairedEffect.Share(3, 4, (s, _) => sign * part[s], (s, _) => sign * whole[s]);
        Assert.Equal(Of(1).Low, Of(-1).Low, 1e-6);
        Assert.Equal(Of(1).PAbove(0.5), Of(-1).PAbove(0.5), 1e-9);
        Assert.InRange(Of(1).Low, 0.5, Of(1).Estimate);
    }

    [Fact]
    public void Least_OfSeveralSteps_IsDecidedByTheLeastCertain()
    {
        var (sure, unsure, falling) = (PairedEffect.OfSeeds([3.0, 3.2, 2.9]), PairedEffect.OfSeeds([0.5, -0.4, 0.3]), PairedEffect.OfSeeds([-3.0, -3.2, -2.9]));
        var both = PairedEffect.Least([sure, unsure]);
        Assert.Equal(unsure.PAbove(0), both.PAbove(0), 1e-12);
        Assert.Equal(unsure.Low, both.Low, 1e-12);
        Assert.Equal(unsure.Estimate, both.Estimate, 1e-12);
        // Three chances to fall: Bonferroni.
        Assert.Equal(3 * falling.PBelow(0), PairedEffect.Least([sure, falling, sure]).PBelow(0), 1e-12);
        Assert.True(PairedEffect.Least([sure, falling, sure]).High < 0);
        Assert.True(PairedEffect.Least([sure, sure]).Low > 0);
        Assert.True(double.IsNaN(PairedEffect.Least([sure, PairedEffect.OfSeeds([1.0])]).PAbove(0)));
        Assert.Contains("smallest of 2 steps", both.Method);
    }

    [Fact]
    public void Holm_Correct_IsTheStepDownRule()
    {
        // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").
        Assert.Equal([0.03, 0.06, 0.06, 0.02], Holm.Correct([0.01, 0.04, 0.03, 0.005]).Select(p => Math.Round(p, 12)));
        // No test, no share of the correction.
        Assert.Equal([0.02, double.NaN, 0.03], Holm.Correct([0.01, double.NaN, 0.03]).Select(p => Math.Round(p, 12)));
        Assert.Equal([1.0, 1.0], Holm.Correct([0.7, 0.9]));
        Assert.Empty(Holm.Correct([]));
        Assert.Throws<ArgumentException>(() => Holm.Correct([0.1, 1.2]));
    }

    [Fact]
    public void Holm_Correct_KeepsTheRateOfAnyFalseVerdict()
    {
        var random = RandomStream.Of(1, "holm-test");
        var any = Enumerable.Range(0, 4_000).Count(_ => Holm.Correct([.. Enumerable.Range(0, 12).Select(_ => random.NextDouble())]).Any(p => p < 0.05));
        Assert.InRange(any, 0.035 * 4_000, 0.06 * 4_000);
    }
}
