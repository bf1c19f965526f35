using static TorchSharp.torch;

namespace Retort.Audio;

/// <summary>What of a wave needs no training: the features of a front-end, or of an encoder's frozen part.</summary>
public interface IWaveFeatures
{
    /// <summary>Frames of a wave of so many samples.</summary>
    long Frames(long samples);

    /// <summary>Features (B, T, C) of waves.</summary>
    /// <param name="waves">(B, samples), padded on the right</param>
    /// <param name="lengths">samples of each wave; null: padding is treated as sound</param>
    Tensor Features(Tensor waves, IReadOnlyList<long>? lengths);

    /// <summary>Frequency bands, where a frame's values are those of several instants one after another; null: all values are of one.</summary>
    int? Bands { get; }
}
