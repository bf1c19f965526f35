using Retort.Data;
using Retort.Text;

namespace Retort.Papers.Slu;

/// <summary>One reading of a recording.</summary>
/// <param name="Text">the decoded string, as the model writes it</param>
/// <param name="Tokens">its tokens, without marks of start and end</param>
/// <param name="Score">what readings are ranked by: the log-probability under the length rule</param>
/// <param name="LogProbability">the string's log-probability</param>
/// <param name="Finished">whether the model ended it; if not it was cut at the greatest length</param>
public sealed record SpokenHypothesis(string Text, IReadOnlyList<int> Tokens, double Score, double LogProbability, bool Finished)
{
    /// <summary>Intent and entities.</summary>
    public Meaning Meaning => SlurpTarget.Read(Text).Meaning;

    /// <summary>The words.</summary>
    public string Transcript => SlurpTarget.Read(Text).Transcript;
}
