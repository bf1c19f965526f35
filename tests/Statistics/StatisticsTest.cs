using System.Text.Json.Nodes;
using Retort.Randomness;
using Retort.Statistics;

namespace Retort.Tests.Statistics;

/// <summary>Against SciPy's numbers (environment/reference/statistics.py).</summary>
public sealed class StatisticsTest
{
    private static readonly JsonNode Golden = JsonNode.Parse(File.ReadAllText(
        Path.Combine(AppContext.BaseDirectory, "Statistics", "Golden", "statistics.json")))!;

    public static TheoryData<string> Cases => [.. Golden["cases"]!.AsArray().Select(c => c!["name"]!.GetValue<string>())];

    private static (JsonNode Case, double[] A, double[] B) Case(string name)
    {
        var found = Golden["cases"]!.AsArray().Single(c => c!["name"]!.GetValue<string>() == name)!;
        return (found, Numbers(found["a"]!), Numbers(found["b"]!));
    }

    private static double[] Numbers(JsonNode array) => [.. array.AsArray().Select(v => v!.GetValue<double>())];

    private static double Number(JsonNode node, string key) => node[key]!.GetValue<double>();

    private static string Key(Alternative alternative) => alternative switch { Alternative.Greater => "greater", Alternative.Less => "less", _ => "two-sided" };

    [Theory]
    [MemberData(nameof(Cases))]
    public void MeanInterval_OfDifferences_IsScipys(string name)
    {
        var (c, a, b) = Case(name);
        var interval = Sample.MeanInterval(Sample.Differences(a, b));
        Assert.Equal(Number(c, "mean"), interval.Estimate, 1e-10);
        Assert.Equal(Number(c, "sd"), Sample.StandardDeviation(Sample.Differences(a, b)), 1e-10);
        Assert.Equal(Number(c, "low"), interval.Low, 1e-8);
        Assert.Equal(Number(c, "high"), interval.High, 1e-8);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bootstrap_BothKinds_AreScipysWithinResamplingError(string name)
    {
        var (c, a, b) = Case(name);
        var spread = Number(c, "high") - Number(c, "low");
        foreach (var (key, kind) in new[] { ("bca", BootstrapKind.Corrected), ("percentile", BootstrapKind.Percentile) })
        {
            var ours = Bootstrap.OfDifference(a, b, kind, resamples: 20_000);
            var theirs = Numbers(c[key]!);
            Assert.Equal(theirs[0], ours.Low, 0.03 * spread);
            Assert.Equal(theirs[1], ours.High, 0.03 * spread);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void PairedPermutation_EachAlternative_IsScipys(string name)
    {
        var (c, a, b) = Case(name);
        foreach (var alternative in Enum.GetValues<Alternative>())
        {
            // Up to 14 pairs SciPy's numbers are exact too; at 40 pairs both are random.
            var result = PairedPermutation.Test(a, b, alternative, resamples: 50_000);
            Assert.Equal(Number(c["permutation"]!, Key(alternative)), result.PValue, a.Length <= 14 ? 1e-12 : 0.01);
            Assert.Equal(Number(c, "mean"), result.Statistic, 1e-10);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Wilcoxon_EachAlternative_IsScipys(string name)
    {
        var (c, a, b) = Case(name);
        foreach (var alternative in Enum.GetValues<Alternative>())
        {
            var result = Wilcoxon.Test(a, b, alternative);
            var expected = Numbers(c["wilcoxon"]![Key(alternative)]!);
            Assert.Equal(expected[0], result.Statistic, 1e-9);
            Assert.Equal(expected[1], result.PValue, 1e-9);
        }
    }

    [Fact]
    public void PairedPermutation_ExactAtTwentyPairsAgainstRandom_Agree()
    {
        var draw = RandomStream.Of(1, "pairs");
        var a = Enumerable.Range(0, 20).Select(_ => draw.Normal(0.4)).ToArray();
        var zero = new double[20];
        var exact = PairedPermutation.Test(a, zero);
        Assert.Contains("exact", exact.Name);
        var random = PairedPermutation.Test([.. a, 0], [.. zero, 0], resamples: 40_000);
        Assert.Contains("40000 random", random.Name);
        Assert.Equal(exact.PValue, random.PValue, 0.01);
    }

    [Fact]
    public void PairedPermutation_FiveEqualDifferences_PIsTwoOfThirtyTwo() =>
        Assert.Equal(2.0 / 32, PairedPermutation.Test([1.1, 1.1, 1.1, 1.1, 1.1], [1, 1, 1, 1, 1]).PValue, 1e-15);

    [Fact]
    public void OfSeedsAndItems_SpreadOverSeedsAndItems_BothWidenTheInterval()
    {
        double[][] Made(double overSeeds, double overItems) => [.. Enumerable.Range(0, 5).Select(s =>
        {
            var (bySeed, draw) = (RandomStream.Of(s, "seed").Normal(0, overSeeds), RandomStream.Of(0, "item"));
            return Enumerable.Range(0, 200).Select(_ => 0.1 + bySeed + draw.Normal(0, overItems)).ToArray();
        })];
        var none = Bootstrap.OfSeedsAndItems(Made(0, 0));
        Assert.Equal(0.1, none.Low, 1e-6);
        Assert.Equal(0.1, none.High, 1e-6);
        var items = Bootstrap.OfSeedsAndItems(Made(0, 0.5)).HalfWidth;
        var both = Bootstrap.OfSeedsAndItems(Made(0.1, 0.5)).HalfWidth;
        // Items alone: 1.96 * 0.5 / sqrt(200) = 0.069.
        Assert.Equal(0.069, items, 0.012);
        Assert.True(both > 1.2 * items, $"{both} against {items}");
        Assert.Equal(Bootstrap.OfSeedsAndItems(Made(0.1, 0.5), seed: 3), Bootstrap.OfSeedsAndItems(Made(0.1, 0.5), seed: 3));
        Assert.NotEqual(Bootstrap.OfSeedsAndItems(Made(0.1, 0.5), seed: 3).Low, Bootstrap.OfSeedsAndItems(Made(0.1, 0.5), seed: 4).Low);
    }

    [Fact]
    public void MeanInterval_OneValue_IsUnboundedAndNoValueIsRefused()
    {
        Assert.Equal(double.PositiveInfinity, Sample.MeanInterval([0.4]).High);
        Assert.Throws<ArgumentException>(() => Sample.MeanInterval([]));
        Assert.Throws<ArgumentException>(() => Sample.MeanInterval([1, 2], 95));
        Assert.Contains("3 and 2", Assert.Throws<ArgumentException>(() => PairedPermutation.Test([1, 2, 3], [1, 2])).Message);
    }

    [Fact]
    public void Quantile_IsLinearBetweenOrderStatistics()
    {
        Assert.Equal(2.5, Sample.Quantile([4, 1, 3, 2], 0.5), 1e-15);
        Assert.Equal(1.75, Sample.Quantile([4, 1, 3, 2], 0.25), 1e-15);
        Assert.Equal(4, Sample.Quantile([4, 1, 3, 2], 1), 1e-15);
    }
}
