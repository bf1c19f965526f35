using System.Text.Json.Serialization;

namespace Retort.Text;

/// <summary>The names of the tokens that stand for no text; the defaults are those of the SLU paper's tokenizer.</summary>
/// <param name="Padding">fills short rows of a batch</param>
/// <param name="Unknown">stands for text that the vocabulary cannot spell</param>
/// <param name="Start">begins a sequence</param>
/// <param name="End">ends a sequence</param>
public sealed record SpecialTokens(string Padding = "[PAD]", string Unknown = "[UNK]", string Start = "[SOS]", string End = "[EOS]")
{
    /// <summary>All four in the order of their ids in a tokenizer made here: 0, 1, 2, 3.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> All => [Padding, Unknown, Start, End];
}
