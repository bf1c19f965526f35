using Retort.Text;

namespace Retort.Models;

/// <summary>What was understood of a recording.</summary>
/// <param name="Source">the file, or the recording's name in its data; empty for samples</param>
/// <param name="Seconds">the recording's length</param>
/// <param name="Hypotheses">its hypotheses, the best first; at least one</param>
public sealed record SpokenCommand(string Source, double Seconds, IReadOnlyList<SpokenHypothesis> Hypotheses)
{
    /// <summary>The best hypothesis.</summary>
    public SpokenHypothesis Best => Hypotheses[0];

    /// <summary>Intent and entities of the best hypothesis.</summary>
    public Meaning Meaning => Best.Meaning;

    /// <summary>The words of the best hypothesis.</summary>
    public string Transcript => Best.Transcript;

    /// <summary>The best hypothesis's score.</summary>
    public double Score => Best.Score;
}

/// <summary>One hypothesis of a recording.</summary>
/// <param name="Text">the decoded string, as the model writes it</param>
/// <param name="Tokens">its tokens, without marks of start and end</param>
/// <param name="Score">what hypotheses are ranked by: the log-probability under the length rule</param>
/// <param name="LogProbability">the string's log-probability</param>
/// <param name="Finished">whether the model ended it; if not it was cut at the greatest length</param>
public sealed record SpokenHypothesis(string Text, IReadOnlyList<int> Tokens, double Score, double LogProbability, bool Finished)
{
    /// <summary>Intent and entities.</summary>
    public Meaning Meaning => SlurpTarget.Read(Text).Meaning;

    /// <summary>The words.</summary>
    public string Transcript => SlurpTarget.Read(Text).Transcript;
}
