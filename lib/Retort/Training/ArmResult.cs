using System.Text.Json;

namespace Retort.Training;

/// <summary>One line of a file of results: one arm, one seed.</summary>
/// <param name="Arm">the arm's name</param>
/// <param name="Seed">the seed</param>
/// <param name="Key">see <see cref="Arm.Key"/></param>
/// <param name="CodeVersion">the version of the code that ran</param>
/// <param name="Settings">the arm's settings</param>
/// <param name="Values">what was measured; empty if the arm failed</param>
/// <param name="Curves">curves, may be empty</param>
/// <param name="Error">why the arm failed; null if it did not</param>
/// <param name="Seconds">wall-clock time of the run</param>
/// <param name="Machine">the name of the machine that ran it</param>
/// <param name="CoreSeconds">processor time of the run, which has one core; null where it is not known (results of former versions, Windows)</param>
public sealed record ArmResult(
    string Arm, long Seed, string Key, string CodeVersion, JsonElement Settings, IReadOnlyDictionary<string, double> Values,
    IReadOnlyDictionary<string, Curve> Curves, string? Error, double Seconds, string Machine, double? CoreSeconds = null);
