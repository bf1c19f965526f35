using MathNet.Numerics.Distributions;
using Retort.Randomness;
using Retort.Statistics;

namespace Retort.Tests.Statistics;

public sealed class PairedEffectTest(Xunit.Abstractions.ITestOutputHelper output)
{
    // d[seed][item] = effect + seed + item (shared in its cluster) + seed and item together.
    private static double[][] Draw(long number, int seeds, int[] clusters, double effect, double seedSd, double clusterSd, double itemSd, double bothSd)
    {
        var random = RandomStream.Of(number, "paired-effect-test");
        var ofCluster = Enumerable.Range(0, clusters.Max() + 1).Select(_ => random.Normal(0, clusterSd)).ToArray();
        var ofItem = clusters.Select(c => ofCluster[c] + random.Normal(0, itemSd)).ToArray();
        return [.. Enumerable.Range(0, seeds).Select(_ =>
        {
            var ofSeed = effect + random.Normal(0, seedSd);
            return ofItem.Select(b => ofSeed + b + random.Normal(0, bothSd)).ToArray();
        })];
    }

    private static Func<int, double[]?, double> Mean(double[][] d) => (s, w) =>
    {
        double sum = 0, all = 0;
        for (var i = 0; i < d[s].Length; i++)
        {
            var weight = w is null ? 1 : w[i];
            sum += weight * d[s][i];
            all += weight;
        }
        return sum / all;
    };

    private static int[] Clusters(string kind) => kind switch
    {
        "items" => [.. Enumerable.Range(0, 50)],
        "clusters" => [.. Enumerable.Range(0, 120).Select(i => i / 4)],
        // As intents are: few large ones, many small ones (1 to 12 items).
        "uneven" => [.. Enumerable.Range(0, 30).SelectMany(c => Enumerable.Repeat(c, 1 + 11 / (1 + c / 2)))],
        _ => throw new ArgumentException(kind),
    };

    [Theory]
    [InlineData(3, "items")]
    [InlineData(3, "clusters")]
    [InlineData(3, "uneven")]
    [InlineData(4, "items")]
    [InlineData(4, "clusters")]
    [InlineData(4, "uneven")]
    [InlineData(5, "items")]
    [InlineData(5, "clusters")]
    [InlineData(5, "uneven")]
    public void PValue_WithoutAnEffect_IsBelowFivePercentInAtMostSevenPercent(int seeds, string kind)
    {
        const int Runs = 4_000;
        var clusters = Clusters(kind);
        var sizes = clusters.GroupBy(c => c).Select(g => g.Count()).ToArray();
        var clusterSd = kind == "items" ? 0 : 1;
        var itemsError = Math.Sqrt(sizes.Sum(n => (double)n * n) * clusterSd * clusterSd + clusters.Length) / clusters.Length;
        foreach (var ratio in new[] { 0, 1, 2, 4 })
        {
            int wrong = 0, outside = 0;
            for (var run = 0; run < Runs; run++)
            {
                var d = Draw(run, seeds, clusters, 0, ratio * itemsError, clusterSd, 1, 0.7);
                var effect = PairedEffect.Of(seeds, clusters.Length, Mean(d), clusters, resamples: 100, seed: run);
                wrong += effect.PValue < 0.05 ? 1 : 0;
                outside += effect.Low > 0 || effect.High < 0 ? 1 : 0;
            }
            Assert.Equal(wrong, outside);
            output.WriteLine($"{seeds} seeds, {kind}, seeds' spread {ratio} times the items': {100.0 * wrong / Runs:F1} % false verdicts");
            // At least a quarter of the nominal rate: a test that never decides would pass the first condition, too.
            Assert.True(wrong <= 0.07 * Runs && wrong >= 0.0125 * Runs, $"{seeds} seeds, {kind}, ratio {ratio}: {100.0 * wrong / Runs:F1} % false verdicts");
        }
    }

    [Theory]
    [InlineData(3, 0.2)]
    [InlineData(3, 0.8)]
    [InlineData(5, 0.8)]
    public void PValue_OfAMetricThatIsNoMean_IsBelowFivePercentInAtMostSevenPercent(int seeds, double skillSd)
    {
        // F1 over all items of two arms that are equally good on average; seeds differ in skill, items in difficulty.
        const int Runs = 1_500, Items = 80;
        var wrong = 0;
        for (var run = 0; run < Runs; run++)
        {
            var random = RandomStream.Of(run, "f1-test");
            var difficulty = Enumerable.Range(0, Items).Select(_ => random.Normal()).ToArray();
            var (hits, falses) = (new double[2, seeds, Items], new double[2, seeds, Items]);
            for (var arm = 0; arm < 2; arm++)
            {
                for (var s = 0; s < seeds; s++)
                {
                    var skill = random.Normal(1, skillSd);
                    for (var i = 0; i < Items; i++)
                    {
                        var right = 1 / (1 + Math.Exp(difficulty[i] - skill));
                        (hits[arm, s, i], falses[arm, s, i]) = (random.NextDouble() < right ? 1 : 0, random.NextDouble() < 0.5 * (1 - right) ? 1 : 0);
                    }
                }
            }
            double F1(int arm, int s, double[]? w)
            {
                double tp = 0, fp = 0, all = 0;
                for (var i = 0; i < Items; i++)
                {
                    var weight = w is null ? 1 : w[i];
                    (tp, fp, all) = (tp + weight * hits[arm, s, i], fp + weight * falses[arm, s, i], all + weight);
                }
                return 2 * tp / (tp + fp + all);
            }
            wrong += PairedEffect.Of(seeds, Items, (s, w) => F1(0, s, w) - F1(1, s, w), resamples: 100, seed: run).PValue < 0.05 ? 1 : 0;
        }
        output.WriteLine($"{seeds} seeds, skill {skillSd}: {100.0 * wrong / Runs:F1} % false verdicts");
        Assert.True(wrong <= 0.07 * Runs && wrong >= 0.01 * Runs, $"{seeds} seeds, skill {skillSd}: {100.0 * wrong / Runs:F1} % false verdicts");
    }

    [Fact]
    public void PValue_WhereClustersAreNotNamed_IsTooSmall()
    {
        var clusters = Clusters("uneven");
        var wrong = Enumerable.Range(0, 500).Count(run =>
            PairedEffect.Of(4, clusters.Length, Mean(Draw(run, 4, clusters, 0, 0, 1, 0.3, 0.3)), resamples: 100).PValue < 0.05);
        Assert.True(wrong > 0.15 * 500, $"{wrong} of 500");
    }

    [Fact]
    public void Of_AnEffectOfThreeStandardErrors_IsMostlyFound()
    {
        var clusters = Clusters("items");
        // Items' standard error 1 / sqrt(50), seeds' half of it.
        var found = Enumerable.Range(0, 400).Count(run =>
            PairedEffect.Of(3, 50, Mean(Draw(run, 3, clusters, 3.3 / Math.Sqrt(50), 0.5 / Math.Sqrt(50), 0, 1, 0)), resamples: 100).PValue < 0.05);
        Assert.InRange(found, 0.8 * 400, 399);
    }

    [Fact]
    public void Of_CrossedDesign_CountsTheInteractionOnce()
    {
        // Means over many draws of the two parts, against var(a)/S + var(c)/(S I) and var(b)/I.
        var (clusters, seedsPart, itemsPart) = (Clusters("items"), 0.0, 0.0);
        const int Runs = 600;
        for (var run = 0; run < Runs; run++)
        {
            var effect = PairedEffect.Of(5, 50, Mean(Draw(run, 5, clusters, 0, 0.3, 0, 1, 1.5)), resamples: 200, seed: run);
            seedsPart += effect.StandardErrorSeeds * effect.StandardErrorSeeds / Runs;
            itemsPart += effect.StandardErrorItems * effect.StandardErrorItems / Runs;
            Assert.Equal(effect.StandardError * effect.StandardError, effect.StandardErrorSeeds * effect.StandardErrorSeeds + effect.StandardErrorItems * effect.StandardErrorItems, 1e-12);
        }
        Assert.Equal(0.09 / 5 + 2.25 / 250, seedsPart, 0.004);
        Assert.Equal(1.0 / 50, itemsPart, 0.002);
    }

    [Fact]
    public void Of_ItemsThatDoNotDiffer_IsStudentsTOverSeeds()
    {
        double[] ofSeeds = [0.5, 0.8, 0.4, 0.9];
        var effect = PairedEffect.Of(4, 20, (s, _) => ofSeeds[s]);
        var expected = PairedEffect.OfSeeds(ofSeeds);
        Assert.Equal(expected.Low, effect.Low, 1e-9);
        Assert.Equal(expected.High, effect.High, 1e-9);
        Assert.Equal(3, effect.DegreesOfFreedom, 1e-9);
        Assert.Equal(2 * StudentT.CDF(0, 1, 3, -0.65 / Sample.StandardError(ofSeeds)), effect.PValue, 1e-12);
    }

    [Fact]
    public void Of_OneSeed_GivesNoIntervalAndNoPValue()
    {
        var d = Draw(1, 1, Clusters("items"), 5, 0, 0, 1, 0);
        foreach (var effect in new[] { PairedEffect.Of(1, 50, Mean(d)), PairedEffect.OfSeeds([3.0]) })
        {
            Assert.Equal(double.NegativeInfinity, effect.Low);
            Assert.Equal(double.PositiveInfinity, effect.High);
            Assert.True(double.IsNaN(effect.PValue) && double.IsNaN(effect.PWithin(100)) && double.IsNaN(effect.PAbove(-100)));
            Assert.Contains("one seed", effect.ToString());
        }
    }

    [Fact]
    public void Of_SameOutputs_IsZeroAndTheSameDifferenceEverywhereIsNotPrecise()
    {
        var same = PairedEffect.Of(3, 10, (_, _) => 0);
        Assert.Equal((0, 0, 1), (same.Low, same.High, same.PValue));
        Assert.Equal(0, same.PWithin(0.1));
        foreach (var effect in new[] { PairedEffect.Of(3, 10, (_, _) => 0.1), PairedEffect.OfSeeds([0.1, 0.1, 0.1]) })
        {
            Assert.True(double.IsNaN(effect.PValue));
            Assert.Contains("spread is not known", effect.Method);
        }
    }

    [Fact]
    public void Of_OneClusterOrAMeasureThatIsMostlyUndefined_GivesNoInterval()
    {
        var d = Draw(1, 3, Clusters("items"), 5, 1, 0, 1, 0);
        var oneCluster = PairedEffect.Of(3, 50, Mean(d), new int[50]);
        Assert.Equal(double.PositiveInfinity, oneCluster.High);
        Assert.Contains("one cluster", oneCluster.Method);
        // Defined only where the first item was drawn and the second was not: about a quarter of the resamples.
        var undefined = PairedEffect.Of(3, 50, (s, w) => w is null || (w[0] > 0 && w[1] == 0) ? Mean(d)(s, w) : double.NaN);
        Assert.Equal(double.PositiveInfinity, undefined.High);
        Assert.Contains("not defined on", undefined.Method);
        Assert.Throws<ArgumentException>(() => PairedEffect.Of(3, 50, Mean(d), new int[49]));
        Assert.Throws<ArgumentOutOfRangeException>(() => PairedEffect.Of(0, 50, Mean(d)));
    }

    [Fact]
    public void Of_SameSeedOfResampling_IsTheSameInterval()
    {
        var d = Draw(3, 3, Clusters("clusters"), 0.2, 0.1, 1, 1, 0.5);
        Effect Of(long seed) => PairedEffect.Of(3, 120, Mean(d), Clusters("clusters"), seed: seed);
        Assert.Equal(Of(1).Low, Of(1).Low);
        Assert.NotEqual(Of(1).Low, Of(2).Low);
        Assert.Equal(Of(1).StandardErrorItems, Of(2).StandardErrorItems, 0.1 * Of(1).StandardErrorItems);
        Assert.Equal(30, Of(1).Clusters);
    }

    [Fact]
    public void PValues_AgreeWithTheInterval()
    {
        for (var run = 0; run < 50; run++)
        {
            var effect = PairedEffect.Of(3, 50, Mean(Draw(run, 3, Clusters("items"), 0.2, 0.1, 0, 1, 0.5)), resamples: 200);
            Assert.Equal(effect.PValue < 0.05, effect.Low > 0 || effect.High < 0);
            Assert.Equal(0.025, effect.PAbove(effect.Low), 1e-6);
            Assert.Equal(0.025, effect.PBelow(effect.High), 1e-6);
            var (low, high) = effect.Bounds(1 - effect.PValue);
            Assert.True(Math.Min(Math.Abs(low), Math.Abs(high)) < 1e-5, $"{low} and {high}");
            var reversed = effect.Reversed();
            Assert.Equal(effect.PAbove(0.1), reversed.PBelow(-0.1), 1e-12);
            Assert.Equal(-effect.Low, reversed.High, 1e-12);
        }
    }

    [Fact]
    public void PWithin_TwoOneSidedTests_FollowsTheMarginAndIsTheSameTheOtherWayRound()
    {
        var effect = PairedEffect.OfSeeds([0.2, -0.1, 0.1, 0.0, -0.3]);
        var error = effect.StandardError;
        Assert.Equal(StudentT.CDF(0, 1, 4, -(1 + effect.Estimate) / error), effect.PWithin(1), 1e-12);
        Assert.Equal(effect.PWithin(1), effect.Reversed().PWithin(1), 1e-12);
        Assert.True(effect.PWithin(0.05) > 0.3 && effect.PWithin(2) < 1e-4);
        Assert.True(PairedEffect.OfSeeds([5.2, 5.1, 4.9, 5.0]).POutside(1) < 0.001);
        Assert.True(PairedEffect.OfSeeds([-5.2, -5.1, -4.9, -5.0]).POutside(1) < 0.001);
        Assert.True(effect.POutside(1) > 0.99);
        Assert.Throws<ArgumentOutOfRangeException>(() => effect.PWithin(0));
    }
}
