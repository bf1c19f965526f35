using Retort.Papers.Ced;
using Retort.Metrics;
using Retort.Papers.Slu;
using Retort.Tests.Data;

namespace Retort.Tests.Papers.Slu;

public sealed class SlurpScoringTest
{
    [Fact]
    public void Score_MissingAndUnknownFiles_AreCountedAndShown()
    {
        using var files = new SlurpFiles();
        var predictions = files.Write("predictions.jsonl", """
            {"file": "audio-1.flac", "scenario": "alarm", "action": "set", "entities": [{"type": "time", "filler": "five o'clock"}]}
            {"file": "audio-77.flac", "scenario": "alarm", "action": "set", "entities": []}
            {"file": "audio-2.flac", "scenario": "general", "action": "quirky", "entities": []}
            """);
        var scores = SlurpScoring.Score(Path.Combine(files.Root, "test.jsonl"), predictions);
        var table = SlurpScoring.Table(scores);
        Assert.Equal("2 scored; 1 without a prediction, which costs nothing (audio--1-headset.flac); 1 unknown (audio-77.flac)", table.Title);
        Assert.Equal((7, 50.0, 100.0), (table.Count, table[2, "F1"], table[3, "precision"]));
    }

    [Fact]
    public void Table_RepeatedLinesAndFurtherKeys_AreSaid()
    {
        using var files = new SlurpFiles();
        var read = SlurpPredictions.Read(files.Write("predictions.jsonl", """
            {"file": "audio-1.flac", "scenario": "alarm", "action": "query", "entities": []}
            {"file": "audio-1.flac", "scenario": "alarm", "action": "set", "entities": [{"type": "time", "filler": "five o'clock", "span": [1, 2]}]}
            """));
        var table = SlurpScoring.Table(SlurpScoring.Score(Path.Combine(files.Root, "test.jsonl"), read), read);
        Assert.Contains("; 1 repeated, of which the last counts (audio-1.flac); 1 with further keys in entities", table.Title);
        Assert.Equal(100.0, table[2, "F1"]);
    }

    [Theory]
    [InlineData("2")]
    [InlineData("\"2\"")]
    public void Score_BySentence_TakesTheirNumbers(string id)
    {
        using var files = new SlurpFiles();
        var predictions = files.Write("predictions.jsonl", $$"""{"slurp_id": {{id}}, "scenario": "general", "action": "joke", "entities": []}""");
        var scores = SlurpScoring.Score(Path.Combine(files.Root, "test.jsonl"), predictions, bySentence: true);
        Assert.Equal((1, 1.0, "1"), (scores.Scored, scores.IntentAccuracy, scores.NotPredicted.Single()));
    }
}
