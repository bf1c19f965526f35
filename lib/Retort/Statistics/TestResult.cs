namespace Retort.Statistics;

/// <summary>What a test found.</summary>
/// <param name="Name">the test in words for a reader, with its number of pairs and whether it is exact</param>
/// <param name="Statistic">mean difference, or the test's own statistic</param>
/// <param name="PValue">the probability of a difference at least as large where there is none</param>
/// <param name="Pairs">number of pairs</param>
public sealed record TestResult(string Name, double Statistic, double PValue, int Pairs);
