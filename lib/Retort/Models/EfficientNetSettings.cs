using Retort.Audio;

namespace Retort.Models;

/// <summary>Some equal blocks of an <see cref="EfficientNet"/>; only the first has the stride.</summary>
/// <param name="Repeats">number of blocks</param>
/// <param name="Channels">output channels</param>
/// <param name="Kernel">taps a side of the depthwise convolution, odd</param>
/// <param name="Stride">of the first block</param>
/// <param name="Expand">factor from a block's input channels to its inner channels; 1: no expansion</param>
public sealed record EfficientNetStage(int Repeats, int Channels, int Kernel, int Stride, int Expand);

/// <summary>Settings of <see cref="EfficientNet"/>. The defaults are EfficientNet-B2 (width 1.1, depth 1.2) with one input channel and no top.</summary>
public sealed record EfficientNetSettings
{
    /// <summary>Channels after the stem, a 3 x 3 convolution of stride 2.</summary>
    public int Stem { get; init; } = 32;

    /// <summary>The stages in order.</summary>
    public IReadOnlyList<EfficientNetStage> Stages { get; init; } =
    [
        new(2, 16, 3, 1, 1), new(3, 24, 3, 2, 6), new(3, 48, 5, 2, 6), new(4, 88, 3, 2, 6), new(4, 120, 5, 1, 6), new(5, 208, 5, 2, 6), new(2, 352, 3, 1, 6),
    ];

    /// <summary>Channels of the output.</summary>
    public int Head { get; init; } = 1408;

    /// <summary>
    /// Side of the image for which the published code works out its "same" padding, whatever the input: it decides between (0, 1)
    /// and (1, 1) where the stride is 2.
    /// </summary>
    public int NominalSide { get; init; } = 260;

    /// <summary>Channels of a block's gate, as a share of the block's input channels.</summary>
    public double GateRatio { get; init; } = 0.25;

    /// <summary>Probability that the last block's residual part is left out for a sample in training; earlier blocks have less in proportion.</summary>
    public double DropConnect { get; init; } = 0.2;

    /// <summary>Added to the variance in the batch norms.</summary>
    public double Epsilon { get; init; } = 1e-3;

    /// <summary>Share of a batch's statistics in the running ones.</summary>
    public double Momentum { get; init; } = 0.01;

    /// <summary>Input columns to one output column: the product of the strides.</summary>
    public int Stride => Stages.Aggregate(2, (product, stage) => product * stage.Stride);

    /// <summary>Throws an <see cref="ArgumentException"/> that says what is not possible.</summary>
    public void Check()
    {
        if (Stem < 1 || Head < 1 || NominalSide < 1 || Stages.Count == 0)
        {
            throw new ArgumentException($"stem {Stem}, head {Head}, nominal side {NominalSide} and at least one stage: each must be positive");
        }
        foreach (var stage in Stages)
        {
            if (stage.Repeats < 1 || stage.Channels < 1 || stage.Expand < 1 || stage.Kernel % 2 != 1 || stage.Stride is not (1 or 2))
            {
                throw new ArgumentException($"{stage}: a stage needs blocks, channels, an odd kernel and a stride of 1 or 2");
            }
        }
    }
}

/// <summary>How many of an encoder's frames belong to a clip.</summary>
public enum FrameCount
{
    /// <summary>Each frame that has seen sound counts.</summary>
    Rounded,

    /// <summary>Spectrogram columns divided by the stride, rounded down: the last frame of most clips is masked, as in the released code.</summary>
    Upstream,
}

/// <summary>Settings of <see cref="EfficientNetEncoder"/>; the defaults are the student's of efficient audio captioning.</summary>
public sealed record EfficientNetEncoderSettings
{
    /// <summary>The front-end. <see cref="DbFloor.Batch"/> is what the released code does for batches.</summary>
    public MelSettings Mel { get; init; } = new();

    /// <summary>The network.</summary>
    public EfficientNetSettings Net { get; init; } = new();

    /// <summary>How many frames belong to a clip.</summary>
    public FrameCount FrameCount { get; init; } = FrameCount.Upstream;
}
