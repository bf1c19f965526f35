namespace Retort.Papers.Slu;

/// <summary>What the new model is taught on the memory's utterances, beside their gold targets.</summary>
[Flags]
public enum SluKd
{
    /// <summary>Nothing: plain rehearsal.</summary>
    None = 0,

    /// <summary>The old model's encoder output (audio-KD).</summary>
    Audio = 1,

    /// <summary>The old model's token distributions along the gold target (tok-KD).</summary>
    Token = 2,

    /// <summary>The string that the old model decodes (seq-KD).</summary>
    Sequence = 4,

    /// <summary>
    /// The control, which the paper lacks: the gold target once more, at seq-KD's place and weight. What it gains is owed to
    /// the weight and not to the old model.
    /// </summary>
    Gold = 8,
}
