using System.Text.Json.Serialization;
using Retort.Data;

namespace Retort.Papers.Slu;

/// <summary>How the scenarios arrive.</summary>
/// <param name="Tasks">how many tasks they are shared out to, evenly; 1: all at once</param>
/// <param name="Order">in which order</param>
public sealed record SluSplit(int Tasks, SluOrder Order = SluOrder.Size)
{
    /// <summary>As tables show it.</summary>
    [JsonIgnore]
    public string Name => Tasks == 1 ? "offline" : $"{Tasks} tasks{(Order == SluOrder.Alphabetical ? ", alphabetical" : "")}";

    /// <summary>The scenarios of each task.</summary>
    /// <param name="scenarios">the scenario of each training utterance</param>
    public TaskSplit Of(IReadOnlyList<string> scenarios) =>
        TaskSplit.Even(Order == SluOrder.Size ? ClassOrder.ByCount(scenarios) : ClassOrder.Alphabetical(scenarios), Tasks);
}
