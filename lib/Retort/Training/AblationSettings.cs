namespace Retort.Training;

/// <summary>How an ablation is run. Nothing here changes a number that it measures.</summary>
public sealed record AblationSettings
{
    /// <summary>The folder of results and runs, shared by all shards; null keeps results in memory only.</summary>
    public string? Folder { get; init; }

    /// <summary>Worker threads, each with one intra-op thread.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The share of the arms and seeds that this process runs; by default the environment's (<see cref="Training.Shard.FromEnvironment"/>).</summary>
    public Shard Shard { get; init; } = Shard.FromEnvironment();

    /// <summary>
    /// Names the code that the arms run. A result of another version is not taken for done. The lib's own version is not
    /// enough while one works on it: a commit's id, or a number that one raises by hand.
    /// </summary>
    public string CodeVersion { get; init; } = typeof(Ablation).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <summary>Whether the failure of an arm is thrown at the end, after all others have run. If not, it is in the result only.</summary>
    public bool ThrowAtEnd { get; init; } = true;
}
