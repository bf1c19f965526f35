using System.Diagnostics;
using System.Text.Json.Nodes;
using Retort.Data;
using Retort.Metrics;
using Retort.Text;

namespace Retort.Tests.Metrics;

/// <summary>Against the official scorer's output on 1,643 predictions.</summary>
public sealed class SlurpScorerGoldenTest(Xunit.Abstractions.ITestOutputHelper output)
{
    private static void Same(JsonNode expected, LabelScore ours, string what)
    {
        double[] numbers = [ours.Precision, ours.Recall, ours.F1, ours.TruePositives, ours.FalsePositives, ours.FalseNegatives];
        Assert.All(expected.AsArray().Zip(numbers), p => Assert.True(Math.Abs(p.First!.GetValue<double>() - p.Second) <= 1e-9, $"{what}: {p.First} against {p.Second}"));
    }

    [SkippableFact]
    public void Score_PredictionsOnDevelopment_IsTheOfficialScorers()
    {
        var golden = JsonNode.Parse(File.ReadAllText(Shared.File("golden/slu/scorer_expected.json")))!;
        var gold = SlurpText.ByRecording(SlurpText.Read(Shared.File("data/slurp/devel-400.jsonl")));
        var predictions = SlurpPredictions.Read(Shared.File("golden/slu/scorer_predictions.jsonl"));
        var scores = SlurpScorer.Score(gold, predictions.Items);
        Assert.Equal((1643, 88, 0, 0), (scores.Scored, scores.NotPredicted.Count, scores.Unknown.Count, predictions.Repeated.Count));
        foreach (var (name, ours) in new[]
        {
            ("scenario", scores.Scenario), ("action", scores.Action), ("intent", scores.Intent), ("span", scores.Entities),
            ("distance_word", scores.WordDistance), ("distance_char", scores.CharacterDistance), ("slu_f1", scores.SluF1),
        })
        {
            Same(golden["micro"]![name]!["overall"]!, ours.Micro, $"micro {name}");
            Same(golden["macro"]![name]!["overall"]!, ours.Macro, $"macro {name}");
        }
        foreach (var average in new[] { "micro", "macro" })
        {
            var labels = golden[$"{average}_labels_slu_f1"]!.AsObject();
            Assert.Equal(labels.Select(l => l.Key).Order(StringComparer.Ordinal), scores.SluF1.PerLabel.Keys);
            Assert.All(labels, l => Same(l.Value!, scores.SluF1.PerLabel[l.Key], l.Key));
        }
        Assert.Equal(1294.0 / 1643, scores.IntentAccuracy, 1e-12);
    }

    [SkippableFact]
    public void Score_AsManyPredictionsAsTheTestSet_TakesUnderTwoSeconds()
    {
        var gold = SlurpText.ByRecording(SlurpText.Read(Shared.File("data/slurp/devel-400.jsonl")));
        var predictions = SlurpPredictions.Read(Shared.File("golden/slu/scorer_predictions.jsonl")).Items;
        // Copies of the real ones under other names, 13,078 in all.
        var (manyGold, many) = (new Dictionary<string, Meaning>(), new Dictionary<string, Meaning>());
        for (var copy = 0; many.Count < 13_078; copy++)
        {
            foreach (var (file, said) in predictions.Take(13_078 - many.Count))
            {
                (manyGold[$"{copy}-{file}"], many[$"{copy}-{file}"]) = (gold[file], said);
            }
        }
        var clock = Stopwatch.StartNew();
        var scores = SlurpScorer.Score(manyGold, many);
        output.WriteLine($"{scores.Scored} predictions in {clock.Elapsed.TotalSeconds:0.000} s");
        Assert.Equal(13_078, scores.Scored);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"{clock.Elapsed}");
    }
}
