using Retort.Randomness;
using Retort.Statistics;

namespace Retort.Tests.Statistics;

public sealed class PowerTest
{
    [Theory]
    [InlineData(8, 1.2, 0.05, 0.82)]   // the power of Student's t of n pairs by the noncentral t distribution
    [InlineData(5, 2.0, 0.05, 0.91)]
    [InlineData(10, 1.0, 0.05, 0.80)]
    public void Of_SeedsAlone_IsThatOfStudentsT(int seeds, double difference, double alpha, double expected) =>
        Assert.Equal(expected, Power.Of(difference, seeds, 1000, 1, 0, alpha), 0.03);

    [Fact]
    public void Of_NoDifference_IsHalfTheLevel() => Assert.Equal(0.025, Power.Of(0, 5, 40, 3, 40, 0.05), 1e-9);

    [Fact]
    public void Of_SeedsAndClusters_IsHowOftenPairedEffectFindsIt()
    {
        var (found, times, seeds, clusters) = (0, 300, 4, 30);
        for (var run = 0; run < times; run++)
        {
            var draw = RandomStream.Of(7, "power", $"{run}");
            var ofSeeds = Enumerable.Range(0, seeds).Select(_ => draw.Normal()).ToArray();
            var ofClusters = Enumerable.Range(0, clusters).Select(_ => draw.Normal(0, 6)).ToArray();
            var effect = PairedEffect.Of(seeds, clusters, (s, weights) =>
                3.2 + ofSeeds[s] + ofClusters.Select((c, i) => c * (weights?[i] ?? 1)).Sum() / (weights?.Sum() ?? clusters), resamples: 200, seed: run);
            found += effect.Low > 0 ? 1 : 0;
        }
        Assert.Equal(Power.Of(3.2, seeds, clusters, 1, 36, 0.05), (double)found / times, 0.09);
    }

    [Fact]
    public void LeastSeeds_IsTheFirstThatSuffices_AndFewerClustersNeedMore()
    {
        var n = Power.LeastSeeds(0.8, 4.6, 46, 2.8, 45, 0.01)!.Value;
        Assert.True(Power.Of(4.6, n, 46, 2.8, 45, 0.01) >= 0.8);
        Assert.True(Power.Of(4.6, n - 1, 46, 2.8, 45, 0.01) < 0.8);
        Assert.True(Power.LeastSeeds(0.8, 4.6, 36, 2.8, 45, 0.01) > n);
        Assert.Null(Power.LeastSeeds(0.8, 4.6, 10, 2.8, 45, 0.01));
    }
}
