namespace Retort.Models;

/// <summary>The norms in wav2vec 2.0's convolutions.</summary>
public enum ExtractorNorm
{
    /// <summary>In the first layer, over time for each channel: the base models.</summary>
    GroupNorm,

    /// <summary>In each layer, over channels for each frame: the large models.</summary>
    LayerNorm,
}
