namespace Retort.Training;

/// <summary>Values over an axis.</summary>
/// <param name="X">the places, such as steps</param>
/// <param name="Y">the values at these places, as many</param>
public sealed record Curve(double[] X, double[] Y);
