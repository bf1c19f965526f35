namespace Retort.Training;

/// <summary>What an arm is given when it runs.</summary>
public sealed class ArmContext
{
    internal ArmContext(string name, long seed, string? folder, RunProgress progress, CancellationToken cancel) =>
        (Name, Seed, Folder, Progress, Cancel) = (name, seed, folder, progress, cancel);

    /// <summary>The arm's name.</summary>
    public string Name { get; }

    /// <summary>The seed of this run.</summary>
    public long Seed { get; }

    /// <summary>A folder of this arm and seed, for <see cref="RunFolder"/>; null where the ablation has none.</summary>
    public string? Folder { get; }

    /// <summary>Where the arm says how far it is.</summary>
    public RunProgress Progress { get; }

    /// <summary>Set when the ablation is to stop; the arm then throws <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken Cancel { get; }
}
