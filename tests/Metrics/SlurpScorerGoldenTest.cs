using System.Text.Json.Nodes;
using Retort.Data;
using Retort.Metrics;
using Retort.Text;

namespace Retort.Tests.Metrics;

/// <summary>
/// Against an independent statement of the scores on sentences of ours in SLURP's format (environment/reference/slurp_scores.py,
/// which agrees with the official scorer to 2e-13 on 1,643 predictions), and against the official scorer where its files are.
/// </summary>
public sealed class SlurpScorerGoldenTest
{
    private static string Ours(string name) => Golden.File("Metrics", $"slurp/{name}");

    private static (string Name, LabelScores Scores)[] Named(SlurpScores scores) =>
    [
        ("scenario", scores.Scenario), ("action", scores.Action), ("intent", scores.Intent), ("span", scores.Entities),
        ("distance_word", scores.WordDistance), ("distance_char", scores.CharacterDistance), ("slu_f1", scores.SluF1),
    ];

    private static void Same(JsonNode expected, LabelScore ours, string what)
    {
        double[] numbers = [ours.Precision, ours.Recall, ours.F1, ours.TruePositives, ours.FalsePositives, ours.FalseNegatives];
        Assert.Equal(6, expected.AsArray().Count);
        Assert.All(expected.AsArray().Zip(numbers), p => Assert.True(Math.Abs(p.First!.GetValue<double>() - p.Second) <= 1e-9, $"{what}: {p.First} against {p.Second}"));
    }

    private static void SameLabels(JsonNode expected, LabelScores ours)
    {
        var labels = expected.AsObject();
        Assert.Equal(labels.Select(l => l.Key).Order(StringComparer.Ordinal), ours.PerLabel.Keys);
        Assert.All(labels, l => Same(l.Value!, ours.PerLabel[l.Key], l.Key));
    }

    [Fact]
    public void Score_PredictionsOnOurSentences_IsTheReferenceScripts()
    {
        var golden = JsonNode.Parse(File.ReadAllText(Ours("expected.json")))!;
        var predictions = SlurpPredictions.Read(Ours("predictions.jsonl.txt"));
        var scores = SlurpScorer.Score(SlurpText.ByRecording(SlurpText.Read(Ours("gold.jsonl.txt"))), predictions.Items);
        Assert.Equal((170, 10, 1), (scores.Scored, scores.NotPredicted.Count, scores.Unknown.Count));
        foreach (var (name, ours) in Named(scores))
        {
            var expected = golden["scores"]![name]!;
            Same(expected["micro"]!, ours.Micro, $"micro {name}");
            Same(expected["macro"]!, ours.Macro, $"macro {name}");
            SameLabels(expected["labels"]!, ours);
        }
    }

    [SkippableFact]
    public void Score_PredictionsOnDevelopment_IsTheOfficialScorers()
    {
        var golden = JsonNode.Parse(File.ReadAllText(Shared.File("golden/slu/scorer_expected.json")))!;
        var gold = SlurpText.ByRecording(SlurpText.Read(Shared.File("data/slurp/devel-400.jsonl")));
        var predictions = SlurpPredictions.Read(Shared.File("golden/slu/scorer_predictions.jsonl"));
        var scores = SlurpScorer.Score(gold, predictions.Items);
        Assert.Equal((1643, 88, 0, 0), (scores.Scored, scores.NotPredicted.Count, scores.Unknown.Count, predictions.Repeated.Count));
        foreach (var (name, ours) in Named(scores))
        {
            Same(golden["micro"]![name]!["overall"]!, ours.Micro, $"micro {name}");
            Same(golden["macro"]![name]!["overall"]!, ours.Macro, $"macro {name}");
        }
        foreach (var average in new[] { "micro", "macro" })
        {
            SameLabels(golden[$"{average}_labels_slu_f1"]!, scores.SluF1);
        }
        Assert.Equal(1294.0 / 1643, scores.IntentAccuracy, 1e-12);
    }
}
