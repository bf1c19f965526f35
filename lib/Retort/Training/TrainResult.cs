using System.Text.Json.Serialization;

namespace Retort.Training;

/// <summary>How a run ended.</summary>
/// <param name="Steps">steps done</param>
/// <param name="Stopped">whether it ended early for lack of better evaluations</param>
/// <param name="Values">the evaluation of the final weights; empty if nothing is evaluated</param>
/// <param name="Best">the best evaluations on the way, the best first</param>
/// <param name="Seconds">wall-clock time, over all resumptions</param>
public sealed record TrainResult(long Steps, bool Stopped, IReadOnlyDictionary<string, double> Values, IReadOnlyList<BestEntry> Best, double Seconds)
{
    /// <summary>Everything that was measured on the way.</summary>
    [JsonIgnore]
    public MetricsLog Log { get; init; } = new();

    /// <summary>A measurement over steps.</summary>
    public Curve Curve(string name) => Log.Series(name) is var (steps, values) ? new Curve(steps, values) : new Curve([], []);
}
