namespace Retort.Training;

/// <summary>What is known of a run at one moment.</summary>
/// <param name="Name">the run's name</param>
/// <param name="Phase">where it stands</param>
/// <param name="Step">steps done</param>
/// <param name="Total">steps in all; 0 if unknown</param>
/// <param name="Values">the newest value of each measurement</param>
/// <param name="Seconds">seconds since the run began in this process</param>
/// <param name="SecondsLeft">an estimate from the steps done in this process; null if there is none</param>
/// <param name="Note">a remark, such as the error of a failed run</param>
public sealed record RunState(
    string Name, RunPhase Phase, long Step, long Total, IReadOnlyDictionary<string, double> Values, double Seconds, double? SecondsLeft, string Note);
