namespace Retort.Models;

/// <summary>
/// Settings of a masked autoencoder's decoder and masks. The defaults are those published in SAT for the tiny encoder;
/// its small and base encoders have a decoder of 8 blocks.
/// </summary>
public sealed record MaskedAutoencoderSettings
{
    /// <summary>Width of the decoder's tokens.</summary>
    public int Width { get; init; } = 512;

    /// <summary>Blocks of the decoder.</summary>
    public int Depth { get; init; } = 4;

    /// <summary>Attention heads of each block; they share the width.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>Width of a block's hidden layer, as a multiple of <see cref="Width"/>.</summary>
    public int HiddenRatio { get; init; } = 4;

    /// <summary>Share of the patches that the encoder does not see.</summary>
    public double MaskRatio { get; init; } = 0.75;

    /// <summary>Added to the variance of a patch when the target is standardised.</summary>
    public double Epsilon { get; init; } = 1e-6;

    internal void Check()
    {
        if (Width <= 0 || Depth < 0 || Heads <= 0 || Width % Heads != 0 || HiddenRatio <= 0 || MaskRatio is not (> 0 and < 1) || Epsilon <= 0)
        {
            throw new ArgumentException($"settings of a masked autoencoder out of range: {this}");
        }
    }
}
