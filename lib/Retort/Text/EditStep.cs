namespace Retort.Text;

/// <summary>One step of an alignment.</summary>
/// <param name="Kind">what it does</param>
/// <param name="Reference">the item of the reference; for an insertion the one before which it happens (the length at the end)</param>
/// <param name="Hypothesis">the item of the hypothesis; for a deletion the one before which it happens (the length at the end)</param>
public readonly record struct EditStep(EditKind Kind, int Reference, int Hypothesis);
