namespace Retort.Metrics;

/// <summary>One measure of the SLURP scorer: its score for each label, and the two ways to sum them up.</summary>
/// <param name="PerLabel">every label that was right, predicted wrongly or missed at least once, in alphabetical order</param>
/// <param name="Micro">from the counts of all labels</param>
/// <param name="Macro">precision, recall and F1 each the unweighted mean over the labels; the counts are the sums. All 0 without labels.</param>
public sealed record LabelScores(IReadOnlyDictionary<string, LabelScore> PerLabel, LabelScore Micro, LabelScore Macro);
