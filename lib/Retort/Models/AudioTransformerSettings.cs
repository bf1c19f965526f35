using System.Text.Json.Serialization;
using Retort.Audio;

namespace Retort.Models;

/// <summary>Settings of the audio transformer. The defaults are CED-Tiny's.</summary>
public sealed record AudioTransformerSettings
{
    /// <summary>Number of classes.</summary>
    public int Classes { get; init; } = 527;

    /// <summary>Width of a token, D.</summary>
    public int Width { get; init; } = 192;

    /// <summary>Number of transformer blocks.</summary>
    public int Depth { get; init; } = 12;

    /// <summary>Attention heads of each block; they share the width.</summary>
    public int Heads { get; init; } = 3;

    /// <summary>Width of a block's hidden layer, as a multiple of <see cref="Width"/>.</summary>
    public int HiddenRatio { get; init; } = 4;

    /// <summary>Side of a square patch of the spectrogram, in frames and in mel bins.</summary>
    public int Patch { get; init; } = 16;

    /// <summary>Most frames that are seen at once; the time positions number <c>TargetFrames / Patch</c>.</summary>
    public int TargetFrames { get; init; } = 1012;

    /// <summary>
    /// Whether a clip of fewer than <see cref="TargetFrames"/> frames is continued with silence to that many, so that its scores do not depend on
    /// what it is batched with. Published: false; clips of a batch are padded to its longest, and a clip alone is not.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool PadShort { get; init; }

    /// <summary>How tokens become scores.</summary>
    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>What is done with a clip of more than <see cref="TargetFrames"/> frames.</summary>
    public LongClipRule LongClips { get; init; } = LongClipRule.ByLength;

    /// <summary>The front-end.</summary>
    public MelSettings Mel { get; init; } = new();

    /// <summary>CED-Tiny: 5.5 million parameters, 48.1 mAP on AudioSet as published.</summary>
    public static AudioTransformerSettings Tiny { get; } = new();

    /// <summary>CED-Mini: 9.7 million parameters, 49.0 mAP as published.</summary>
    public static AudioTransformerSettings Mini { get; } = new() { Width = 256, Heads = 4 };

    /// <summary>CED-Small: 21.6 million parameters, 49.6 mAP as published.</summary>
    public static AudioTransformerSettings Small { get; } = new() { Width = 384, Heads = 6 };

    /// <summary>CED-Base: 85.7 million parameters, 50.0 mAP as published.</summary>
    public static AudioTransformerSettings Base { get; } = new() { Width = 768, Heads = 12 };

    /// <summary>Patches above one another: rows of tokens.</summary>
    public int Rows => Mel.Mels / Patch;

    /// <summary>Most patches beside one another: time positions.</summary>
    public int Columns => TargetFrames / Patch;

    /// <summary>Fewest samples that make a patch.</summary>
    public int MinimumSamples => Math.Max(Mel.MinimumSamples, (Patch - 1) * Mel.Hop);

    internal void Check()
    {
        if (Classes < 1 || Width < 1 || Depth < 0 || Heads < 1 || HiddenRatio < 1 || Patch < 1)
        {
            throw new ArgumentException($"audio transformer settings must be positive: {this}");
        }
        if (Width % Heads != 0)
        {
            throw new ArgumentException($"width {Width} is not a multiple of {Heads} heads");
        }
        if (TargetFrames < Patch || Mel.Mels < Patch)
        {
            throw new ArgumentException($"a patch of {Patch} does not fit into {TargetFrames} frames and {Mel.Mels} mel bins");
        }
    }
}
