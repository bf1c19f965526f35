using System.Text.Json.Serialization;
using Retort.Data;

namespace Retort.Papers.Slu;

/// <summary>One way of learning the tasks one after another.</summary>
public sealed record SluArm
{
    /// <summary>The arm's name, as tables and plots show it.</summary>
    public required string Name { get; init; }

    /// <summary>The rehearsal memory's size.</summary>
    public SluMemory Memory { get; init; } = SluMemory.Small;

    /// <summary>How the memory is chosen.</summary>
    public MemorySelection Selection { get; init; } = MemorySelection.Herding;

    /// <summary>What is distilled.</summary>
    public SluKd Kd { get; init; }

    /// <summary>The KD losses' share alpha of the loss in batches with memory rows; null for sqrt(memory rows / rows).</summary>
    public double? Weight { get; init; }

    /// <summary>What seq-KD takes as target.</summary>
    public SluPseudoTarget PseudoTarget { get; init; }

    /// <summary>The number of tasks of the one split that the arm belongs to; 0: it is run on every split.</summary>
    [JsonIgnore]
    public int Tasks { get; init; }

    /// <summary>Whether the old model's outputs are needed.</summary>
    [JsonIgnore]
    public bool Taught => (Kd & (SluKd.Audio | SluKd.Token | SluKd.Sequence)) != 0;
}
