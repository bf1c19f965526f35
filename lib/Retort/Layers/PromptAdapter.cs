namespace Retort.Layers;

/// <summary>
/// The adapter of RobustGER (ICLR 2024): prompt rows in the attention of each adapted layer, and a tuner that adds a noise
/// embedding to their keys and values. The defaults are the published code's; the paper adapts all layers but the first (31
/// of 32), the code all but the first two (30).
/// </summary>
public sealed record PromptAdapterSettings
{
    /// <summary>Prompt rows of each layer, U; the rows of the noise embedding, N (N - 1) for lists of N.</summary>
    public int Rows { get; init; } = 20;

    /// <summary>The first layer that is adapted, counted from 0: 2 as the published code, 1 as the paper.</summary>
    public int StartLayer { get; init; } = 2;

    /// <summary>Width of the noise embedding; 384 is MiniLM's. 0: no noise input, the plain adapter of the GER baseline.</summary>
    public int NoiseWidth { get; init; } = 384;

    /// <summary>
    /// Whether the tuners' outputs go through RMSNorm, as published, which takes away most of a row's size. False is an extra of ours.
    /// </summary>
    public bool NormaliseNoise { get; init; } = true;
}
