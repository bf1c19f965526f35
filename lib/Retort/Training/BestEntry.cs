namespace Retort.Training;

/// <summary>One of the best evaluations.</summary>
/// <param name="Step">steps done when it was made</param>
/// <param name="Score">its value of the measurement that evaluations are compared by</param>
public sealed record BestEntry(long Step, double Score);
