namespace Retort.Text;

/// <summary>How a byte pair encoding is trained; the defaults are the SLU paper's.</summary>
public sealed record BpeSettings
{
    /// <summary>The largest vocabulary: special tokens, the alphabet and the merges.</summary>
    public int VocabularySize { get; init; } = 1000;

    /// <summary>What is merged.</summary>
    public BpeLevel Level { get; init; } = BpeLevel.Characters;

    /// <summary>Ends a word's last symbol at the level of characters.</summary>
    public string EndOfWord { get; init; } = "##";

    /// <summary>A pair seen less often is not merged.</summary>
    public int MinimumCount { get; init; } = 2;

    /// <summary>The names of the special tokens.</summary>
    public SpecialTokens Special { get; init; } = new();
}
