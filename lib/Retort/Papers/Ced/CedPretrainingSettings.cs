using Retort.Models;
using Retort.Training;

namespace Retort.Papers.Ced;

/// <summary>
/// How the masked autoencoder is trained whose encoder "MAE start" begins from. The defaults are the published SAT code's;
/// whether CED's own start points were made with exactly these is not known.
/// </summary>
public sealed record CedPretrainingSettings
{
    /// <summary>Decoder and masks.</summary>
    public MaskedAutoencoderSettings Autoencoder { get; init; } = new();

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-4;

    /// <summary>Adam's constants. (Published: its state is kept in 8 bits; ours is not.)</summary>
    public AdamSettings Adam { get; init; } = new() { WeightDecay = 5e-7 };

    /// <summary>Share of the steps that is warm-up. Published: 3 epochs of 40.</summary>
    public double WarmUpShare { get; init; } = 3.0 / 40;

    /// <summary>The cosine's lowest rate, as a share of <see cref="LearningRate"/>.</summary>
    public double Floor { get; init; } = 0.01;

    /// <summary>Evaluations of the validation clips' reconstruction on the way; the best one's weights are kept.</summary>
    public int Evaluations { get; init; } = 10;

    /// <summary>
    /// For the made world's encoder of 4 blocks of width 64: a decoder as wide as the encoder and half as deep, and a higher
    /// rate, since a small model takes it and has thousands of steps where the published ones have millions. The rate was
    /// chosen by the validation clips' reconstruction alone, before any student started from it (one run each). After 600
    /// steps: 2e-4 0.907, 1e-3 0.886, 3e-3 0.881; after 1500: 1e-3 0.843, 2e-3 0.853, 4e-3 0.874. (0.996 is what a
    /// prediction of 0 costs.)
    /// </summary>
    public static CedPretrainingSettings Synthetic { get; } = new()
    {
        Autoencoder = new() { Width = 64, Depth = 2, Heads = 2 },
        LearningRate = 1e-3,
    };
}
