using Retort.Metrics;
using Retort.Text;

namespace Retort.Tests.Metrics;

/// <summary>Cases worked by hand from the definitions.</summary>
public sealed class SlurpScorerTest
{
    private static Meaning Of(string intent, params (string Type, string Filler)[] entities) =>
        new(intent.Split('_')[0], intent.Split('_')[1], [.. entities.Select(e => new Entity(e.Type, e.Filler))]);

    private static SlurpScores Score(Meaning gold, Meaning said) =>
        SlurpScorer.Score(new Dictionary<string, Meaning> { ["f"] = gold }, new Dictionary<string, Meaning> { ["f"] = said });

    [Fact]
    public void Score_PredictedOrder_DecidesTheMatches()
    {
        var gold = Of("alarm_set", ("time", "five am"), ("time", "six am"));
        // "six" takes "six am" (one of two words lacks), and "six am" is left with "five am".
        var late = Score(gold, Of("alarm_set", ("time", "six"), ("time", "six am"))).WordDistance.Micro;
        Assert.Equal((2, 1, 1), (late.TruePositives, late.FalsePositives, late.FalseNegatives));
        // The other way round the exact match is taken first, and "six" is left with "five am": both words are wrong.
        var early = Score(gold, Of("alarm_set", ("time", "six am"), ("time", "six"))).WordDistance.Micro;
        Assert.Equal((2, 1, 1), (early.TruePositives, early.FalsePositives, early.FalseNegatives));
        // By characters: 3/6 and then six -> five (3 of 7 edits); against 0 and then 6 edits of 7.
        Assert.Equal(3.0 / 6 + 3.0 / 7, Score(gold, Of("alarm_set", ("time", "six"), ("time", "six am"))).CharacterDistance.Micro.FalsePositives, 1e-12);
        Assert.Equal(6.0 / 7, Score(gold, Of("alarm_set", ("time", "six am"), ("time", "six"))).CharacterDistance.Micro.FalsePositives, 1e-12);
    }

    [Fact]
    public void Score_LongPrediction_MayCostMoreThanOne()
    {
        var score = Score(Of("qa_factoid", ("person", "ada")), Of("qa_factoid", ("person", "who was she then"))).WordDistance.Micro;
        Assert.Equal((1, 4, 4), (score.TruePositives, score.FalsePositives, score.FalseNegatives));
        Assert.Equal(0.2, score.Precision, 1e-15);
    }

    [Fact]
    public void Score_RepeatedEntities_AreMatchedOnceEach()
    {
        var score = Score(Of("lists_add", ("item", "milk"), ("item", "milk"), ("date", "today")), Of("lists_add", ("item", "milk"), ("item", "milk"), ("item", "milk"), ("place", "Shop")));
        Assert.Equal((2, 2, 1), (score.Entities.Micro.TruePositives, score.Entities.Micro.FalsePositives, score.Entities.Micro.FalseNegatives));
        Assert.Equal((2, 2, 1), (score.WordDistance.Micro.TruePositives, score.WordDistance.Micro.FalsePositives, score.WordDistance.Micro.FalseNegatives));
        Assert.Equal((4, 4, 2), (score.SluF1.Micro.TruePositives, score.SluF1.Micro.FalsePositives, score.SluF1.Micro.FalseNegatives));
        Assert.Equal(["date", "item", "place"], score.SluF1.PerLabel.Keys);
        // item: precision 2/3, recall 1; the others 0. The macro mean is over all three labels.
        Assert.Equal(0.8 / 3, score.SluF1.Macro.F1, 1e-15);
    }

    [Fact]
    public void Score_MissingAndUnknownFiles_AreToldAndCostNothing()
    {
        var scores = SlurpScorer.Score(
            new Dictionary<string, Meaning> { ["a"] = Of("qa_maths"), ["b"] = Of("qa_stock"), ["c"] = Of("iot_wemo") },
            new Dictionary<string, Meaning> { ["a"] = Of("qa_maths"), ["b"] = Of("iot_stock"), ["d"] = Of("qa_maths") });
        Assert.Equal((2, 0.5), (scores.Scored, scores.IntentAccuracy));
        Assert.Equal(["c"], scores.NotPredicted);
        Assert.Equal(["d"], scores.Unknown);
        Assert.Equal(1, scores.Action.Micro.F1);
        Assert.Equal((0.5, 1), (scores.Scenario.PerLabel["qa"].Recall, scores.Scenario.PerLabel["qa"].Precision));
        Assert.Equal(2.0 / 3, scores.Scenario.PerLabel["qa"].F1, 1e-15);
        Assert.Equal(0, scores.Scenario.PerLabel["iot"].F1);
    }

    [Fact]
    public void Read_LinesThatCannotBeUsed_AreAllNamed()
    {
        using var file = new TemporaryFile();
        File.WriteAllText(file.Name, """
            {"file": "a", "scenario": "qa", "action": "maths", "entities": []}
            {"file": "a", "scenario": "qa"
            {"file": 3, "scenario": "qa", "action": "maths", "entities": []}

            {"file": "b", "scenario": "qa", "action": "maths", "entities": [{"type": "x"}]}
            """);
        var e = Assert.Throws<BadInputException>(() => SlurpPredictions.Read(file.Name));
        Assert.Equal((file.Name, "line 2"), (e.Input, e.Place));
        Assert.Contains("and 2 more lines: 3, 5", e.Message);
    }

    [Fact]
    public void Read_RepeatedFile_LastLineCounts()
    {
        using var file = new TemporaryFile();
        File.WriteAllText(file.Name, """
            {"file": "a", "scenario": "qa", "action": "maths", "entities": []}
            {"file": "a", "scenario": "iot", "action": "wemo_on", "entities": [{"type": "x", "filler": "y"}]}
            """);
        var read = SlurpPredictions.Read(file.Name);
        Assert.Equal(["a"], read.Repeated);
        Assert.Equal(("iot_wemo_on", new Entity("x", "y")), (read.Items["a"].Intent, read.Items["a"].Entities.Single()));
    }
}
