using System.Text.Json.Nodes;
using Retort.Statistics;

namespace Retort.Tests.Statistics;

/// <summary>
/// Against the analysis of variance of seeds x items and Fieller's interval, worked out another way
/// (environment/reference/paired_effect.py). Resampling is what differs: 20,000 resamples know a standard error to 0.5 %.
/// </summary>
public sealed class PairedEffectGoldenTest
{
    private const int Resamples = 20_000;

    private static readonly JsonNode golden = JsonNode.Parse(File.ReadAllText(Golden.File("Statistics", "paired_effect.json")))!;

    public static TheoryData<string> Cases => [.. golden["cases"]!.AsArray().Select(c => c!["name"]!.GetValue<string>())];

    private static Func<int, double[]?, double> Mean(JsonNode rows)
    {
        var d = rows.AsArray().Select(r => r!.AsArray().Select(v => v!.GetValue<double>()).ToArray()).ToArray();
        return (s, w) => w is null ? d[s].Average() : d[s].Zip(w, (x, n) => x * n).Sum() / w.Sum();
    }

    private static double Number(JsonNode node, string key) => node[key]!.GetValue<double>();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_SeedsAndItems_IsTheAnalysisOfVariance(string name)
    {
        var c = golden["cases"]!.AsArray().Single(c => c!["name"]!.GetValue<string>() == name)!;
        var (seeds, items) = (c["d"]!.AsArray().Count, c["d"]![0]!.AsArray().Count);
        var effect = PairedEffect.Of(seeds, items, Mean(c["d"]!), resamples: Resamples);
        var width = Number(c, "high") - Number(c, "low");
        Assert.Equal(Number(c, "estimate"), effect.Estimate, 1e-12);
        Assert.Equal(Number(c, "seeds"), effect.StandardErrorSeeds, 0.02 * Number(c, "seeds"));
        Assert.Equal(Number(c, "items"), effect.StandardErrorItems, 0.02 * effect.StandardError);
        Assert.Equal(Number(c, "df"), effect.DegreesOfFreedom, 0.05 * Number(c, "df"));
        Assert.Equal(Number(c, "low"), effect.Low, 0.02 * width);
        Assert.Equal(Number(c, "high"), effect.High, 0.02 * width);
        Assert.Equal(Number(c, "p"), effect.PValue, 0.01);
    }

    [Fact]
    public void Share_OfPartAndWhole_IsFiellersInterval()
    {
        var c = golden["share"]!;
        var share = PairedEffect.Share(c["part"]!.AsArray().Count, c["part"]![0]!.AsArray().Count, Mean(c["part"]!), Mean(c["whole"]!), resamples: Resamples);
        Assert.Equal(Number(c, "estimate"), share.Estimate, 1e-12);
        Assert.Equal(Number(c, "low"), share.Low, 0.01);
        Assert.Equal(Number(c, "high"), share.High, 0.01);
    }
}
