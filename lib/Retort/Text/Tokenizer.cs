namespace Retort.Text;

/// <summary>Turns text into ids and back. Encoding adds no marks of start and end; safe for use by several threads at once.</summary>
public abstract class Tokenizer
{
    private readonly Dictionary<string, int> ids;
    private readonly HashSet<int> skipped;

    private protected Tokenizer(IReadOnlyList<string> tokens, SpecialTokens special, IEnumerable<int>? skipped = null)
    {
        Tokens = tokens;
        Special = special;
        ids = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        for (var i = 0; i < tokens.Count; i++)
        {
            if (!ids.TryAdd(tokens[i], i))
            {
                throw new ArgumentException($"the token \"{tokens[i]}\" is listed twice", nameof(tokens));
            }
        }
        PaddingId = Require(special.Padding);
        UnknownId = Require(special.Unknown);
        StartId = Require(special.Start);
        EndId = Require(special.End);
        this.skipped = [PaddingId, UnknownId, StartId, EndId, .. skipped ?? []];
    }

    /// <summary>The vocabulary; a token's id is its index.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>The number of tokens, the special ones included: the width of an output layer.</summary>
    public int Count => Tokens.Count;

    /// <summary>The names of the special tokens.</summary>
    public SpecialTokens Special { get; }

    /// <summary>The id that fills short rows of a batch.</summary>
    public int PaddingId { get; }

    /// <summary>The id of text that the vocabulary cannot spell.</summary>
    public int UnknownId { get; }

    /// <summary>The id that begins a sequence.</summary>
    public int StartId { get; }

    /// <summary>The id that ends a sequence.</summary>
    public int EndId { get; }

    /// <summary>The token's id, or null where the vocabulary lacks it.</summary>
    public int? IdOf(string token) => ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The ids of the text, always the same for the same text.</summary>
    public abstract int[] Encode(string text);

    /// <summary>The ids of the text between the marks of start and end.</summary>
    public int[] EncodeMarked(string text) => [StartId, .. Encode(text), EndId];

    /// <summary>The text of the ids; special tokens are left out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> sequence)
    {
        var kept = new List<string>(sequence.Length);
        foreach (var id in sequence)
        {
            if ((uint)id >= (uint)Count)
            {
                throw new ArgumentOutOfRangeException(nameof(sequence), id, $"ids are 0 to {Count - 1}");
            }
            if (!skipped.Contains(id))
            {
                kept.Add(Tokens[id]);
            }
        }
        return Join(kept);
    }

    private protected abstract string Join(IReadOnlyList<string> tokens);

    private int Require(string token) => token.Length > 0 && ids.TryGetValue(token, out var id) ? id
        : throw new ArgumentException($"the special token \"{token}\" is not in the vocabulary", nameof(token));
}
