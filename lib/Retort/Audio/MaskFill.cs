namespace Retort.Audio;

/// <summary>What a masked part of a mel spectrogram is filled with.</summary>
public enum MaskFill
{
    /// <summary>The value <see cref="ViewSettings.FillValue"/>, in dB.</summary>
    Constant,

    /// <summary>The mean of the clip's spectrogram before masking.</summary>
    Mean,
}
