namespace Retort.Training;

/// <summary>What one run of an arm measured.</summary>
/// <param name="Values">numbers by name, such as "mAP"</param>
/// <param name="Curves">curves by name, such as "mAP" over steps; may be left out</param>
/// <param name="Outputs">what a <see cref="Measure"/> reads: numbers of each test item by name, such as scores (clips x classes); kept in the run's folder</param>
public sealed record ArmOutcome(
    IReadOnlyDictionary<string, double> Values, IReadOnlyDictionary<string, Curve>? Curves = null, IReadOnlyDictionary<string, float[]>? Outputs = null)
{
    /// <summary>An outcome of numbers alone.</summary>
    public static implicit operator ArmOutcome(Dictionary<string, double> values) => new(values);
}
