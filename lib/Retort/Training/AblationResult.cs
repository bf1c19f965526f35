namespace Retort.Training;

/// <summary>The results of an ablation, arms in the order of the list, seeds in theirs.</summary>
/// <param name="Runs">the runs that have ended, here or by other shards, failed ones among them</param>
/// <param name="Missing">arm and seed of the runs that other shards have not ended yet</param>
public sealed record AblationResult(IReadOnlyList<ArmResult> Runs, IReadOnlyList<(string Arm, long Seed)> Missing)
{
    /// <summary>The runs that failed.</summary>
    public IReadOnlyList<ArmResult> Failed => Runs.Where(r => r.Error is not null).ToArray();

    /// <summary>The values of one name for one arm, one a seed, in the order of the seeds.</summary>
    /// <exception cref="KeyNotFoundException">A run of the arm is missing, failed, or did not measure this.</exception>
    public double[] Of(string arm, string name)
    {
        var runs = Runs.Where(r => r.Arm == arm).ToArray();
        if (runs.Length == 0 || Missing.Any(m => m.Arm == arm))
        {
            throw new KeyNotFoundException($"arm \"{arm}\" has not ended for every seed");
        }
        return runs.Select(r => r.Values.TryGetValue(name, out var value)
            ? value
            : throw new KeyNotFoundException($"arm \"{arm}\", seed {r.Seed}: no \"{name}\"{(r.Error is null ? "" : $"; it failed: {r.Error}")}")).ToArray();
    }
}
