using Retort.Data;
using Retort.Metrics;
using Retort.Plots;

namespace Retort.Papers.Slu;

/// <summary>Scores a file of predictions on SLURP as the official scorer does, and says what it left out.</summary>
public static class SlurpScoring
{
    /// <summary>The scores of predictions.</summary>
    /// <param name="gold">SLURP's text file, such as test.jsonl</param>
    /// <param name="predictions">a JSON object a line: file, scenario, action, entities</param>
    /// <param name="bySentence">the predictions were made of gold transcripts and are keyed by slurp_id</param>
    /// <exception cref="BadInputException">Lines of a file cannot be used; the first is named, with the number of the others.</exception>
    public static SlurpScores Score(string gold, string predictions, bool bySentence = false) => Score(gold, SlurpPredictions.Read(predictions, bySentence), bySentence);

    /// <summary>The scores of predictions that were read.</summary>
    /// <param name="gold">SLURP's text file, such as test.jsonl</param>
    /// <param name="predictions">the predictions</param>
    /// <param name="bySentence">they are keyed by slurp_id</param>
    /// <exception cref="BadInputException">Lines of the text file cannot be used.</exception>
    public static SlurpScores Score(string gold, SlurpPredictions predictions, bool bySentence = false)
    {
        var sentences = SlurpText.Read(gold);
        var truth = bySentence
            ? sentences.GroupBy(s => s.Id).ToDictionary(g => g.Key.ToString(System.Globalization.CultureInfo.InvariantCulture), g => g.Last().Meaning)
            : SlurpText.ByRecording(sentences);
        return SlurpScorer.Score(truth, predictions.Items);
    }

    /// <summary>One row a measure, in percent. The title says how many recordings were scored, had no prediction, or are not known.</summary>
    /// <param name="scores">the scores</param>
    /// <param name="predictions">what they are of, to say which lines were repeated or have more than the scorer reads; may be left out</param>
    public static Table Table(SlurpScores scores, SlurpPredictions? predictions = null)
    {
        var lines = predictions is null ? "" : string.Concat(new[] { (predictions.Repeated, "repeated, of which the last counts"), (predictions.FurtherKeys, "with further keys in entities, which the official scorer never matches exactly") }
            .Where(p => p.Item1.Count > 0).Select(p => "; " + Named(p.Item1, p.Item2)));
        var table = new Table("measure", "precision", "recall", "F1", "macro F1").WithTitle(
            $"{scores.Scored} scored; {Named(scores.NotPredicted, "without a prediction, which costs nothing")}; {Named(scores.Unknown, "unknown")}{lines}");
        foreach (var column in new[] { "precision", "recall", "F1", "macro F1" })
        {
            table = table.WithFormat(column, "F2");
        }
        foreach (var (name, score) in new[]
        {
            ("scenario", scores.Scenario), ("action", scores.Action), ("intent", scores.Intent), ("entities", scores.Entities),
            ("entities, word distance", scores.WordDistance), ("entities, character distance", scores.CharacterDistance), ("SLU-F1", scores.SluF1),
        })
        {
            table = table.WithRow(name, 100 * score.Micro.Precision, 100 * score.Micro.Recall, 100 * score.Micro.F1, 100 * score.Macro.F1);
        }
        return table;
    }

    private static string Named(IReadOnlyList<string> files, string what) =>
        files.Count == 0 ? $"none {what}" : $"{files.Count} {what} ({string.Join(", ", files.Take(3))}{(files.Count > 3 ? ", ..." : "")})";
}
