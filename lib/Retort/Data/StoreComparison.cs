namespace Retort.Data;

/// <summary>What re-running the teacher on stored rows gave.</summary>
/// <param name="Rows">number of rows compared</param>
/// <param name="MaxDifference">largest absolute difference of a stored score to the score computed now</param>
/// <param name="WorstRow">the row of that difference; -1 where all are equal</param>
/// <param name="OtherClasses">rows whose k best classes are others now, ties within 5e-4 not counted</param>
public sealed record StoreComparison(int Rows, float MaxDifference, long WorstRow, int OtherClasses);
