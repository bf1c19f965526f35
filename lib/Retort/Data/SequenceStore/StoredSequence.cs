namespace Retort.Data;

/// <summary>A sequence that a teacher decoded.</summary>
/// <param name="Tokens">its tokens, without marks of start and end</param>
/// <param name="Score">what sequences are ranked by</param>
/// <param name="LogProbability">the log-probability of the sequence</param>
public sealed record StoredSequence(int[] Tokens, float Score, float LogProbability);
