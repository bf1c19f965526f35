namespace Retort.Models;

/// <summary>Settings of <see cref="Wav2Vec2"/>. The defaults are wav2vec 2.0 base.</summary>
public sealed record Wav2Vec2Settings
{
    /// <summary>The norms in the convolutions.</summary>
    public ExtractorNorm ExtractorNorm { get; init; } = ExtractorNorm.GroupNorm;

    /// <summary>Channels, kernel and stride of each convolution.</summary>
    public IReadOnlyList<(int Channels, int Kernel, int Stride)> Convolutions { get; init; } =
        [(512, 10, 5), (512, 3, 2), (512, 3, 2), (512, 3, 2), (512, 3, 2), (512, 2, 2), (512, 2, 2)];

    /// <summary>Whether the convolutions have a bias.</summary>
    public bool ConvolutionBias { get; init; }

    /// <summary>Width of a frame, D.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Kernel of the convolution that gives positions.</summary>
    public int PositionKernel { get; init; } = 128;

    /// <summary>Groups of the convolution that gives positions.</summary>
    public int PositionGroups { get; init; } = 16;

    /// <summary>Number of transformer layers.</summary>
    public int Depth { get; init; } = 12;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width of the hidden layers.</summary>
    public int Hidden { get; init; } = 3072;

    /// <summary>Whether the norms stand in front of the layers' parts (the large models); behind them in base.</summary>
    public bool LayerNormFirst { get; init; }

    /// <summary>Probability of dropout in training: features, parts of the layers, attention weights, hidden layers.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Probability that a layer is left out in a training step.</summary>
    public double LayerDrop { get; init; } = 0.1;

    /// <summary>Whether the convolutions are not trained and stay outside autograd, as in sequence-level KD for SLU.</summary>
    public bool FreezeConvolutions { get; init; } = true;

    /// <summary>
    /// Whether each wave is brought to mean 0 and variance 1 first, as the published model wav2vec2-base-960h expects: over
    /// its own samples if lengths are given, over the padded row if not. False: torchaudio's model, which leaves this to the caller.
    /// </summary>
    public bool NormaliseWaves { get; init; }

    /// <summary>
    /// True: the first layer's group norm takes its moments over the padding too, as torchaudio and Hugging Face compute it, so
    /// that a clip's features depend on its batch. False: over each clip's own frames.
    /// </summary>
    public bool NormOverPadding { get; init; }

    /// <summary>Throws an <see cref="ArgumentException"/> that says which settings do not fit one another.</summary>
    public void Check()
    {
        if (Convolutions.Count == 0 || Convolutions.Any(c => c.Channels < 1 || c.Kernel < 1 || c.Stride < 1))
        {
            throw new ArgumentException("wav2vec 2.0 needs at least one convolution, each with positive channels, kernel and stride");
        }
        if (Depth < 1 || Hidden < 1 || Heads < 1 || Width % Heads != 0)
        {
            throw new ArgumentException($"{Depth} layers of width {Width} (hidden {Hidden}) with {Heads} heads: each must be positive, and the heads divide the width");
        }
        if (PositionKernel < 1 || PositionGroups < 1 || Width % PositionGroups != 0)
        {
            throw new ArgumentException($"{PositionGroups} groups of the position convolution must divide the width {Width}, and its kernel {PositionKernel} be positive");
        }
        if (LayerDrop is not (>= 0 and < 1))
        {
            throw new ArgumentException($"a layer drop of {LayerDrop} is not a probability below 1");
        }
    }
}
