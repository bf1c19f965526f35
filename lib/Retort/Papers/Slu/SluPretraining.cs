using Retort.Training;

namespace Retort.Papers.Slu;

/// <summary>
/// How the small encoder learns to hear before the first task: CTC on the phonemes of a corpus without task sentences. It
/// stands in for the published wav2vec 2.0 weights, whose last training was CTC, too (on letters, which take far more speech).
/// </summary>
public sealed record SluPretraining
{
    /// <summary>Steps of the optimizer.</summary>
    public long Steps { get; init; } = 1200;

    /// <summary>Utterances in a batch.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Share of the steps over which the rate rises.</summary>
    public double WarmUpShare { get; init; } = 0.1;

    /// <summary>The share of the rate that is left at the end.</summary>
    public double Floor { get; init; } = 0.02;

    /// <summary>AdamW's constants.</summary>
    public AdamSettings Adam { get; init; } = new() { Beta2 = 0.98, WeightDecay = 0.01, Decoupled = true };

    /// <summary>The gradients' norm is cut to this.</summary>
    public double ClipNorm { get; init; } = 2;

    /// <summary>Share of the corpus that is kept to measure the phoneme error rate.</summary>
    public double HeldOut { get; init; } = 0.05;

    /// <summary>Masks on the features.</summary>
    public FrameMasks? Masks { get; init; } = new();

    /// <summary>The seed of the encoder's start and of the order; all runs share the encoder.</summary>
    public long Seed { get; init; } = 42;
}
