using System.Text.Json.Nodes;
using Retort.Metrics;
using Retort.Randomness;

namespace Retort.Tests.Metrics;

/// <summary>Against scikit-learn's numbers (environment/reference/average_precision.py).</summary>
public sealed class TaggingMetricsTest
{
    private static readonly JsonNode Golden = JsonNode.Parse(File.ReadAllText(
        Path.Combine(AppContext.BaseDirectory, "Metrics", "Golden", "average_precision.json")))!;

    public static TheoryData<string> Cases => [.. Golden["cases"]!.AsArray().Select(c => c!["name"]!.GetValue<string>())];

    private static (JsonNode Case, ScoredItems Items, float[] Weights) Case(string name)
    {
        var found = Golden["cases"]!.AsArray().Single(c => c!["name"]!.GetValue<string>() == name)!;
        var scores = found["scores"]!.AsArray().Select(v => v!.GetValue<float>()).ToArray();
        var labels = found["labels"]!.AsArray().Select(row => (IReadOnlyList<int>)[.. row!.AsArray().Select(v => v!.GetValue<int>())]).ToArray();
        return (found, ScoredItems.Of(scores, labels, found["classes"]!.GetValue<int>()),
            [.. found["weights"]!.AsArray().Select(v => v!.GetValue<float>())]);
    }

    private static double Number(JsonNode node, string key) => node[key]!.GetValue<double>();

    [Theory]
    [MemberData(nameof(Cases))]
    public void AveragePrecision_PerClassMacroMicro_IsScikitLearns(string name)
    {
        var (c, items, _) = Case(name);
        var ours = AveragePrecision.Macro(items);
        Assert.Equal(Number(c, "mean_ap"), ours.Mean, 1e-12);
        Assert.Equal(c["undefined"]!.GetValue<int>(), ours.Undefined);
        Assert.Equal(c["ap"]!.AsArray().Select(v => Math.Round(v!.GetValue<double>(), 12)),
            ours.PerClass.Where(v => !double.IsNaN(v)).Select(v => Math.Round(v, 12)));
        Assert.Equal(Number(c, "micro_ap"), AveragePrecision.Micro(items), 1e-12);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_OfABootstrap_AreScikitLearnsSampleWeights(string name)
    {
        var (c, items, weights) = Case(name);
        Assert.Equal(Number(c, "weighted_mean_ap"), AveragePrecision.MacroOfMany(items, [Array.ConvertAll(weights, w => (double)w)])[0], 1e-12);
    }

    [Fact]
    public void MacroOfMany_OfDraws_IsMacroOfTheItemsDrawn()
    {
        const int Count = 60, Classes = 5;
        var draw = RandomStream.Of(1, "draws");
        float[] scores = [.. Enumerable.Range(0, Count * Classes).Select(i => i % 3 == 0 ? 0.5f : (float)draw.Uniform(0, 1))];  // many ties
        // Class 4 has one item, which about a third of the draws leave out; class 3 has none.
        bool[] targets = [.. Enumerable.Range(0, Count * Classes).Select(i => i % Classes == 4 ? i < Classes : i % Classes < 3 && draw.Next(4) == 0)];
        var items = new ScoredItems(scores, targets, Classes);
        double[][] weights = [.. Enumerable.Range(0, 11).Select(_ => new double[Count])];
        foreach (var one in weights)
        {
            for (var i = 0; i < Count; i++)
            {
                one[draw.Next(Count)]++;
            }
        }
        // A weight is how often an item stands there.
        ClassMean Repeated(double[] w)
        {
            int[] drawn = [.. Enumerable.Range(0, Count).SelectMany(i => Enumerable.Repeat(i, (int)w[i]))];
            T[] Rows<T>(T[] of) => [.. drawn.SelectMany(i => of[(i * Classes)..((i + 1) * Classes)])];
            return AveragePrecision.Macro(new ScoredItems(Rows(scores), Rows(targets), Classes));
        }
        var expected = weights.Select(Repeated).ToArray();
        Assert.Equal(expected.Select(e => e.Mean), AveragePrecision.MacroOfMany(items, weights));
        Assert.Equal([1, 2], expected.Select(e => e.Undefined).Distinct().Order());
        Assert.Contains("59 weights for 60 items", Assert.Throws<ArgumentException>(() => AveragePrecision.MacroOfMany(items, [new double[59]])).Message);
    }

    [Fact]
    public void AveragePrecision_TiesShareAThreshold()
    {
        // All scores equal: precision at the only threshold is the share of positives, in whatever order the items come.
        Assert.Equal(0.25, AveragePrecision.Of([0.5f, 0.5f, 0.5f, 0.5f], [true, false, false, false]), 1e-15);
        Assert.Equal(1, AveragePrecision.Of([0.9f, 0.1f], [true, false]), 1e-15);
        Assert.True(double.IsNaN(AveragePrecision.Of([0.9f, 0.1f], [false, false])));
    }

    [Fact]
    public void ScoredItems_BadInput_NamesThePlace()
    {
        Assert.Equal(0.25, AveragePrecision.Of([0f, -0f, 0f, -0f], [true, false, false, false]), 1e-15);
        Assert.Equal(1, AveragePrecision.Of([-1f, -2f, float.PositiveInfinity, float.NegativeInfinity], [true, false, true, false]), 1e-15);
        Assert.Contains("item 1, class 0", Assert.Throws<ArgumentException>(() => new ScoredItems([1, 2, float.NaN, 3], new bool[4], 2)).Message);
        Assert.Contains("item 0 has label 2", Assert.Throws<ArgumentException>(() => ScoredItems.Of([1, 2], [[2]], 2)).Message);
        Assert.Contains("do not fit", Assert.Throws<ArgumentException>(() => new ScoredItems(new float[5], new bool[5], 2)).Message);
    }
}
