namespace Retort.Text;

/// <summary>How tokens become text again.</summary>
internal enum BpeDecoder
{
    /// <summary>Joined by spaces.</summary>
    Spaces,

    /// <summary>Joined; the mark of a word's end becomes a space, at the very end nothing.</summary>
    EndOfWord,

    /// <summary>Joined and read as bytes.</summary>
    Bytes,
}

/// <summary>What a tokenizer file says.</summary>
internal sealed record BpeParts
{
    /// <summary>All tokens by id.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Tokens that are taken out of a text before it is cut into words.</summary>
    public required IReadOnlyList<string> Added { get; init; }

    /// <summary>Ids beside the four special ones that decoding leaves out.</summary>
    public required IReadOnlyList<int> Skipped { get; init; }

    public required PreTokenizer Words { get; init; }

    /// <summary>Whether a text that does not begin with space gets one, at the level of bytes.</summary>
    public bool AddPrefixSpace { get; init; }

    public required BpeDecoder Decoder { get; init; }

    public required string DecoderSuffix { get; init; }

    public required BpeModel Model { get; init; }

    public double Dropout { get; init; }

    /// <summary>The LLaMA family's normaliser, pattern and decoder; null where the file has none of them.</summary>
    public LlamaPipeline? Llama { get; init; }
}
