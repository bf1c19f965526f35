namespace Retort.Text;

/// <summary>One token a word. Words are what white space separates; a word outside the vocabulary is unknown.</summary>
public sealed class WordTokenizer : Tokenizer
{
    /// <summary>A tokenizer with this vocabulary.</summary>
    /// <param name="tokens">all tokens, the special ones included</param>
    /// <param name="special">the names of the special ones; null for the defaults</param>
    /// <exception cref="ArgumentException">A token is listed twice, or a special one is lacking.</exception>
    public WordTokenizer(IReadOnlyList<string> tokens, SpecialTokens? special = null)
        : base(tokens, special ?? new SpecialTokens())
    {
    }

    /// <summary>The vocabulary of these texts: special tokens, then words by decreasing count, equal counts in alphabetical order.</summary>
    /// <param name="texts">the texts to train on</param>
    /// <param name="mostTokens">the largest vocabulary, special tokens included; null for no limit</param>
    /// <param name="minimumCount">words seen less often are left out</param>
    /// <param name="special">the names of the special tokens; null for the defaults</param>
    public static WordTokenizer Train(IEnumerable<string> texts, int? mostTokens = null, int minimumCount = 1, SpecialTokens? special = null)
    {
        special ??= new SpecialTokens();
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var word in texts.SelectMany(Words))
        {
            counts[word] = counts.GetValueOrDefault(word) + 1;
        }
        var words = counts.Where(c => c.Value >= minimumCount && !special.All.Contains(c.Key))
            .OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Select(c => c.Key);
        return new WordTokenizer([.. special.All, .. mostTokens is { } most ? words.Take(Math.Max(0, most - special.All.Count)) : words], special);
    }

    /// <inheritdoc/>
    public override int[] Encode(string text) => [.. Words(text).Select(word => IdOf(word) ?? UnknownId)];

    private protected override string Join(IReadOnlyList<string> tokens) => string.Join(' ', tokens);

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
