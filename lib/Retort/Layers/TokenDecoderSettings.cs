namespace Retort.Layers;

/// <summary>Settings of <see cref="TokenDecoder"/>. The defaults are those of sequence-level KD for SLU (Interspeech 2023).</summary>
public sealed record TokenDecoderSettings
{
    /// <summary>Number of tokens, V.</summary>
    public int Vocabulary { get; init; } = 1000;

    /// <summary>Width of a token, D, and of the memory.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Number of layers.</summary>
    public int Depth { get; init; } = 6;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>Width of the hidden layer (the released code's; the paper may say 2048).</summary>
    public int Hidden { get; init; } = 3072;

    /// <summary>Probability of dropout in training.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>
    /// Standard deviation of a fresh embedding, which is multiplied by sqrt(D). 1 as published; 1 / sqrt(D) as in Vaswani et al.
    /// (2017) starts with rows of the positions' size, so that a decoder without months of training hears the memory beside them.
    /// </summary>
    public double EmbeddingDeviation { get; init; } = 1;

    /// <summary>Most tokens of a sequence, the length of the table of positions.</summary>
    public int MaxLength { get; init; } = 5000;

    /// <summary>Throws an <see cref="ArgumentException"/> that says which settings do not fit one another.</summary>
    public void Check()
    {
        if (Vocabulary < 1 || Width < 2 || Depth < 1 || Hidden < 1 || MaxLength < 1)
        {
            throw new ArgumentException($"vocabulary {Vocabulary}, width {Width}, depth {Depth}, hidden {Hidden}, length {MaxLength}: each must be positive");
        }
        if (Heads < 1 || Width % Heads != 0 || Width % 2 != 0)
        {
            throw new ArgumentException($"a width of {Width} must be even and divisible by {Heads} heads");
        }
    }
}
