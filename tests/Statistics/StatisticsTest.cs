using System.Text.Json.Nodes;
using Retort.Statistics;

namespace Retort.Tests.Statistics;

/// <summary>Against SciPy's numbers (environment/reference/intervals.py).</summary>
public sealed class StatisticsTest
{
    private static readonly JsonNode golden = JsonNode.Parse(File.ReadAllText(Golden.File("Statistics", "statistics.json")))!;

    public static TheoryData<string> Cases => [.. golden["cases"]!.AsArray().Select(c => c!["name"]!.GetValue<string>())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void OfSeeds_Differences_IsScipysIntervalOfTheMean(string name)
    {
        var c = golden["cases"]!.AsArray().Single(c => c!["name"]!.GetValue<string>() == name)!;
        double[] Numbers(string key) => [.. c[key]!.AsArray().Select(v => v!.GetValue<double>())];
        double Number(string key) => c[key]!.GetValue<double>();
        var differences = Numbers("a").Zip(Numbers("b"), (a, b) => a - b).ToArray();
        var effect = PairedEffect.OfSeeds(differences);
        Assert.Equal(Number("mean"), effect.Estimate, 1e-10);
        Assert.Equal(Number("sd"), Sample.StandardDeviation(differences), 1e-10);
        Assert.Equal(Number("low"), effect.Low, 1e-8);
        Assert.Equal(Number("high"), effect.High, 1e-8);
    }

    [Fact]
    public void Sample_OfTooFewValues_HasNoSpread()
    {
        Assert.True(double.IsNaN(Sample.StandardDeviation([0.4])));
        Assert.Throws<ArgumentException>(() => PairedEffect.OfSeeds([]));
        Assert.Throws<ArgumentException>(() => PairedEffect.OfSeeds([1, 2], 95));
    }
}
