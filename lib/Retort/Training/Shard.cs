using System.Collections;
using System.Globalization;

namespace Retort.Training;

/// <summary>
/// This process's share of a list that several machines work through: items whose number leaves the remainder
/// <paramref name="Index"/> when divided by <paramref name="Count"/>. All machines hold the same list.
/// </summary>
/// <param name="Index">which share, from 0</param>
/// <param name="Count">how many shares there are</param>
public readonly record struct Shard(int Index, int Count)
{
    /// <summary>Everything: the one share of one process.</summary>
    public static Shard Whole => new(0, 1);

    /// <summary>Whether the item of this number, counted from 0, belongs to this share.</summary>
    public bool Owns(int item) => item % Count == Index;

    /// <inheritdoc/>
    public override string ToString() => $"{Index}/{Count}";

    /// <summary>
    /// The share that the environment names. The first that is set counts: RETORT_SHARD as "index/count";
    /// SLURM_ARRAY_TASK_ID with SLURM_ARRAY_TASK_COUNT (and SLURM_ARRAY_TASK_MIN and _STEP, where the array does not
    /// begin at 0); JOB_COMPLETION_INDEX with JOB_COMPLETION_COUNT (a Kubernetes indexed job names its index only, so
    /// the job sets the count); RANK with WORLD_SIZE. None: <see cref="Whole"/>.
    /// </summary>
    /// <param name="environment">the variables; null for the process's own</param>
    /// <exception cref="BadInputException">A variable is not a number, out of range, or lacks its partner.</exception>
    public static Shard FromEnvironment(IReadOnlyDictionary<string, string>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string)(e.Value ?? ""));
        if (Text(environment, "RETORT_SHARD") is { } both)
        {
            var parts = both.Split('/');
            return parts.Length == 2
                ? Checked("RETORT_SHARD", Number("RETORT_SHARD", parts[0]), Number("RETORT_SHARD", parts[1]))
                : throw Bad("RETORT_SHARD", both, "index/count, such as 0/4");
        }
        if (Text(environment, "SLURM_ARRAY_TASK_ID") is { } task)
        {
            var first = Text(environment, "SLURM_ARRAY_TASK_MIN") is { } low ? Number("SLURM_ARRAY_TASK_MIN", low) : 0;
            var stride = Text(environment, "SLURM_ARRAY_TASK_STEP") is { } by ? Math.Max(Number("SLURM_ARRAY_TASK_STEP", by), 1) : 1;
            return Checked("SLURM_ARRAY_TASK_ID", (Number("SLURM_ARRAY_TASK_ID", task) - first) / stride, Partner(environment, "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"));
        }
        if (Text(environment, "JOB_COMPLETION_INDEX") is { } job)
        {
            return Checked("JOB_COMPLETION_INDEX", Number("JOB_COMPLETION_INDEX", job), Partner(environment, "JOB_COMPLETION_INDEX", "JOB_COMPLETION_COUNT"));
        }
        if (Text(environment, "RANK") is { } rank)
        {
            return Checked("RANK", Number("RANK", rank), Partner(environment, "RANK", "WORLD_SIZE"));
        }
        return Whole;
    }

    private static string? Text(IReadOnlyDictionary<string, string> environment, string name) =>
        environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Bad(name, value, "a whole number");

    private static int Partner(IReadOnlyDictionary<string, string> environment, string name, string partner) =>
        Text(environment, partner) is { } value
            ? Number(partner, value)
            : throw new BadInputException("environment", name, $"is set, but {partner}, the number of shares, is not");

    private static Shard Checked(string name, int index, int count) =>
        count > 0 && index >= 0 && index < count
            ? new Shard(index, count)
            : throw new BadInputException("environment", name, $"names share {index} of {count}; expected an index from 0 to count - 1");

    private static BadInputException Bad(string name, string value, string expected) =>
        new("environment", name, $"is \"{value}\"; expected {expected}");
}
