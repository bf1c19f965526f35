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
        Assert.Contains("3 and 2", Assert.Throws<ArgumentException>(() => Sample.Differences([1, 2, 3], [1, 2])).Message);
    }

    [Fact]
    public void Quantile_IsLinearBetweenOrderStatistics()
    {
        Assert.Equal(2.5, Sample.Quantile([4, 1, 3, 2], 0.5), 1e-15);
        Assert.Equal(1.75, Sample.Quantile([4, 1, 3, 2], 0.25), 1e-15);
        Assert.Equal(4, Sample.Quantile([4, 1, 3, 2], 1), 1e-15);
    }
}
