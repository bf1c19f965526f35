namespace Retort.Text;

/// <summary>What byte pair encoding merges.</summary>
public enum BpeLevel
{
    /// <summary>Characters; a word ends with a mark, as in the SLU paper's tokenizer. A character never seen is unknown.</summary>
    Characters,

    /// <summary>The bytes of UTF-8, as in GPT-2: every text can be spelled.</summary>
    Bytes,
}
