namespace Retort.Audio;

/// <summary>From which maximum the dynamic range of a mel spectrogram in dB is cut off below.</summary>
public enum DbFloor
{
    /// <summary>From each clip's own maximum: a clip's values do not depend on the clips beside it. Equal to the published code for a batch of one.</summary>
    PerClip,

    /// <summary>From the maximum over the whole batch, as the published code has it (its transform takes the batch for channels).</summary>
    Batch,

    /// <summary>No floor but the one at 1e-10 (-100 dB).</summary>
    None,
}
