using Retort.Data;

namespace Retort.Papers.Slu;

/// <summary>The rows of the paper's two tables, and the controls that it lacks.</summary>
public static class SluArms
{
    /// <summary>All data at once: the upper bound. It belongs to the split of one task.</summary>
    public static SluArm Offline { get; } = new() { Name = "offline", Memory = SluMemory.None };

    /// <summary>No memory.</summary>
    public static SluArm FineTune { get; } = new() { Name = "fine-tuning", Memory = SluMemory.None };

    /// <summary>The large memory, chosen at random.</summary>
    public static SluArm RandomLarge { get; } = new() { Name = "rehearsal 5 % random", Memory = SluMemory.Large, Selection = MemorySelection.Random };

    /// <summary>The small memory, chosen at random.</summary>
    public static SluArm Random { get; } = new() { Name = "rehearsal 1 % random", Selection = MemorySelection.Random };

    /// <summary>The small memory, chosen by herding: what every KD row is compared to.</summary>
    public static SluArm Icarl { get; } = new() { Name = "rehearsal 1 % iCaRL" };

    /// <summary>iCaRL and audio-KD.</summary>
    public static SluArm Audio { get; } = new() { Name = "audio-KD", Kd = SluKd.Audio };

    /// <summary>iCaRL and tok-KD.</summary>
    public static SluArm Token { get; } = new() { Name = "tok-KD", Kd = SluKd.Token };

    /// <summary>iCaRL and seq-KD: the paper's own.</summary>
    public static SluArm Sequence { get; } = new() { Name = "seq-KD", Kd = SluKd.Sequence };

    /// <summary>The paper's combinations, which it reports for 6 tasks; the best of them is run on every split.</summary>
    public static IReadOnlyList<SluArm> Combinations { get; } =
    [
        new() { Name = "audio + tok", Tasks = 6, Kd = SluKd.Audio | SluKd.Token },
        new() { Name = "audio + seq", Kd = SluKd.Audio | SluKd.Sequence },
        new() { Name = "seq + tok", Tasks = 6, Kd = SluKd.Sequence | SluKd.Token },
        new() { Name = "audio + seq + tok", Tasks = 6, Kd = SluKd.Audio | SluKd.Sequence | SluKd.Token },
    ];

    /// <summary>The paper's best combination.</summary>
    public static SluArm AudioSequence => Combinations[1];

    /// <summary>The control: gold in place of the pseudo-targets, at the same weight.</summary>
    public static SluArm Gold { get; } = new() { Name = "gold replay", Kd = SluKd.Gold };

    /// <summary>seq-KD at a fixed weight.</summary>
    public static SluArm SequenceFixed { get; } = new() { Name = "seq-KD, weight 0.5", Tasks = 3, Kd = SluKd.Sequence, Weight = 0.5 };

    /// <summary>The control at a fixed weight.</summary>
    public static SluArm GoldFixed { get; } = new() { Name = "gold replay, weight 0.5", Tasks = 3, Kd = SluKd.Gold, Weight = 0.5 };

    /// <summary>seq-KD whose pseudo-targets differ from gold wherever the beam holds another string.</summary>
    public static SluArm SequenceOther { get; } = new() { Name = "seq-KD, other than gold", Kd = SluKd.Sequence, PseudoTarget = SluPseudoTarget.BestOther };

    /// <summary>Is seq-KD more than a weight? The control, both at a fixed weight, and pseudo-targets that differ from gold.</summary>
    public static IReadOnlyList<SluArm> Controls { get; } = [Gold, SequenceFixed, GoldFixed, SequenceOther];

    /// <summary>The rows of the paper's main table, offline apart.</summary>
    public static IReadOnlyList<SluArm> Main { get; } = [FineTune, RandomLarge, Random, Icarl, Audio, Token, Sequence];

    /// <summary>Every arm that learns task by task.</summary>
    public static IReadOnlyList<SluArm> All { get; } = [.. Main, .. Combinations, .. Controls];

    /// <summary>The arms that a few minutes have room for.</summary>
    public static IReadOnlyList<SluArm> Few { get; } = [FineTune, Icarl, Sequence, Gold, AudioSequence];
}
