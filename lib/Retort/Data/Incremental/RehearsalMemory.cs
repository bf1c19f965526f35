using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// The rehearsal memory: samples of each class seen, best first. A value; <see cref="After"/> gives the next one. A class here is
/// whatever the quota counts: the scenario in the authors' code, or the intent, so that rare intents keep a place.
/// </summary>
public sealed class RehearsalMemory
{
    private RehearsalMemory(IReadOnlyDictionary<string, IReadOnlyList<int>> samples) => OfClass = samples;

    /// <summary>The memory before the first task.</summary>
    public static RehearsalMemory Empty { get; } = new(new Dictionary<string, IReadOnlyList<int>>());

    /// <summary>The samples of each class, best first.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<int>> OfClass { get; }

    /// <summary>All samples, ascending.</summary>
    public int[] Samples => [.. OfClass.Values.SelectMany(s => s).Order()];

    /// <summary>The memory after a task. It depends on its arguments alone.</summary>
    /// <param name="task">the task's training samples, without the memory's</param>
    /// <param name="classOf">the class of a sample for the quota: its scenario, or its intent</param>
    /// <param name="quota">the most samples of a class. Old classes keep the first of theirs.</param>
    /// <param name="selection">how samples are chosen</param>
    /// <param name="features">the feature vector of a sample, for the selections that need it; null for random</param>
    /// <param name="seed">the run's seed, for random selection</param>
    /// <param name="id">a stable name of a sample, for random selection: the choice does not depend on the samples' order</param>
    /// <exception cref="ArgumentException">Features are needed and not given, or the memory has samples of the task's classes already.</exception>
    public RehearsalMemory After(IReadOnlyList<int> task, Func<int, string> classOf, int quota, MemorySelection selection,
        Func<int, float[]>? features, long seed, Func<int, string> id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(quota);
        if (selection != MemorySelection.Random && features is null)
        {
            throw new ArgumentException($"{selection} needs features", nameof(features));
        }
        var samples = new SortedDictionary<string, IReadOnlyList<int>>(StringComparer.Ordinal);
        foreach (var (name, old) in OfClass)
        {
            samples[name] = [.. old.Take(quota)];
        }
        foreach (var group in task.GroupBy(classOf))
        {
            if (samples.ContainsKey(group.Key))
            {
                throw new ArgumentException($"the memory has samples of the class \"{group.Key}\" already", nameof(task));
            }
            samples[group.Key] = Choose([.. group], group.Key);
        }
        return new RehearsalMemory(samples);

        int[] Choose(int[] members, string name) => selection switch
        {
            MemorySelection.Herding => [.. Herding.Order([.. members.Select(features!)], quota).Select(i => members[i])],
            MemorySelection.NearestMean => [.. Herding.NearestMean([.. members.Select(features!)], quota).Select(i => members[i])],
            MemorySelection.Random => Shuffled([.. members.OrderBy(id, StringComparer.Ordinal)], name),
            _ => throw new ArgumentOutOfRangeException(nameof(selection), selection, "no selection"),
        };

        int[] Shuffled(int[] members, string name)
        {
            RandomStream.Of(seed, "memory", name).Shuffle(members.AsSpan());
            return members[..Math.Min(quota, members.Length)];
        }
    }
}
