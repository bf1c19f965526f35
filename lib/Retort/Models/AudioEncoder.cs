using Retort.Audio;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// Waves (B, samples), padded on the right, and their lengths to frames (B, T, <see cref="Width"/>). With lengths, padding is
/// seen nowhere; without (null) it is treated as sound, as the released code of sequence-level KD for SLU does.
/// </summary>
public abstract class AudioEncoder : nn.Module<Tensor, IReadOnlyList<long>?, Tensor>, IWaveFeatures
{
    /// <param name="name">the module's name</param>
    protected AudioEncoder(string name) : base(name)
    {
    }

    /// <summary>Width of a frame, D.</summary>
    public abstract int Width { get; }

    /// <summary>What dropout draws from in training; null where there is none.</summary>
    public virtual Generator? Generator => null;

    /// <summary>Frames of a wave of so many samples.</summary>
    public abstract long Frames(long samples);

    /// <inheritdoc/>
    public virtual int? Bands => null;

    /// <summary>
    /// What of a wave needs no trained weights, or frozen ones only: (B, T, C). Made once for each clip, kept, and given to
    /// <see cref="FromFeatures"/> each epoch.
    /// </summary>
    /// <param name="waves">(B, samples), padded on the right</param>
    /// <param name="lengths">samples of each wave; null: padding is treated as sound</param>
    public abstract Tensor Features(Tensor waves, IReadOnlyList<long>? lengths);

    /// <summary>Frames (B, T, D) of features (B, T, C).</summary>
    /// <param name="features">what <see cref="Features"/> gave</param>
    /// <param name="frames">valid frames of each row; null if all are</param>
    public abstract Tensor FromFeatures(Tensor features, IReadOnlyList<long>? frames);

    /// <summary>Frames of each wave; null for null.</summary>
    public long[]? Frames(IReadOnlyList<long>? samples) => samples is null ? null : [.. samples.Select(Frames)];
}
