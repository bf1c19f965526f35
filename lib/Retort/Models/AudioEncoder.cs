using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// Waves (B, samples), padded on the right, and their lengths to frames (B, T, <see cref="Width"/>). With lengths, padding is
/// seen nowhere; without (null) it is treated as sound, as the released code of sequence-level KD for SLU does.
/// </summary>
public abstract class AudioEncoder : nn.Module<Tensor, IReadOnlyList<long>?, Tensor>
{
    /// <param name="name">the module's name</param>
    protected AudioEncoder(string name) : base(name)
    {
    }

    /// <summary>Width of a frame, D.</summary>
    public abstract int Width { get; }

    /// <summary>Frames of a wave of so many samples.</summary>
    public abstract long Frames(long samples);

    /// <summary>Frames of each wave; null for null.</summary>
    public long[]? Frames(IReadOnlyList<long>? samples) => samples is null ? null : [.. samples.Select(Frames)];
}
