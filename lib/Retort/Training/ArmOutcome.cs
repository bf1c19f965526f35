namespace Retort.Training;

/// <summary>What one run of an arm measured.</summary>
/// <param name="Values">numbers by name, such as "mAP"</param>
/// <param name="Curves">curves by name, such as "mAP" over steps, or scores per test item with the item's number as x; may be left out</param>
public sealed record ArmOutcome(IReadOnlyDictionary<string, double> Values, IReadOnlyDictionary<string, Curve>? Curves = null)
{
    /// <summary>An outcome of numbers alone.</summary>
    public static implicit operator ArmOutcome(Dictionary<string, double> values) => new(values);
}
