namespace Retort.Data;

/// <summary>Makes a dense target of a row's best scores; what the other classes get is its rule (<c>Losses.TopKTargets.Fill</c>).</summary>
/// <param name="row">the row's number, for a rule that draws</param>
/// <param name="target">receives the target; shape (Classes)</param>
/// <param name="values">the scores, descending; shape (k)</param>
/// <param name="classes">their classes; shape (k)</param>
public delegate void TargetWriter(long row, Span<float> target, ReadOnlySpan<float> values, ReadOnlySpan<ushort> classes);
