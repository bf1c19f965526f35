namespace Retort.Decoding;

/// <summary>One decoded sequence.</summary>
/// <param name="Tokens">its tokens, without start and end symbols</param>
/// <param name="Score">what hypotheses are ranked by: the log-probability under the length rule</param>
/// <param name="LogProbability">sum of the log-probabilities of its tokens and, if it is finished, of the end symbol</param>
/// <param name="Finished">whether it chose the end symbol; if not it was cut at the greatest length</param>
public sealed record Hypothesis(IReadOnlyList<int> Tokens, double Score, double LogProbability, bool Finished);
