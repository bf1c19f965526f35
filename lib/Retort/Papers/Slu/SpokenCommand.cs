using Retort.Plots;
using Retort.Text;

namespace Retort.Papers.Slu;

/// <summary>What was understood of a recording.</summary>
/// <param name="Source">the file, or the recording's name in its data; empty for samples</param>
/// <param name="Seconds">the recording's length</param>
/// <param name="Hypotheses">its readings, the best first; at least one</param>
public sealed record SpokenCommand(string Source, double Seconds, IReadOnlyList<SpokenHypothesis> Hypotheses)
{
    /// <summary>The best reading.</summary>
    public SpokenHypothesis Best => Hypotheses[0];

    /// <summary>Intent and entities of the best reading.</summary>
    public Meaning Meaning => Best.Meaning;

    /// <summary>The words of the best reading.</summary>
    public string Transcript => Best.Transcript;

    /// <summary>The best reading's score.</summary>
    public double Score => Best.Score;

    /// <summary>One row a reading, the best first.</summary>
    public Table Table()
    {
        var table = new Table("score", "intent", "entities", "transcript").WithFormat("score", "F2")
            .WithTitle(FormattableString.Invariant($"{(Source.Length == 0 ? "recording" : Path.GetFileName(Source))}, {Seconds:F1} s"));
        foreach (var hypothesis in Hypotheses)
        {
            var meaning = hypothesis.Meaning;
            table = table.WithRow(hypothesis.Score, meaning.Intent, string.Join(", ", meaning.Entities.Select(e => $"{e.Type} = {e.Filler}")), hypothesis.Transcript);
        }
        return table;
    }
}
