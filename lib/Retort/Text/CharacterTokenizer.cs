namespace Retort.Text;

/// <summary>One token a character (Unicode scalar value), spaces included; one outside the vocabulary is unknown.</summary>
public sealed class CharacterTokenizer : Tokenizer
{
    /// <summary>A tokenizer with this vocabulary.</summary>
    /// <param name="tokens">all tokens, the special ones included</param>
    /// <param name="special">the names of the special ones; null for the defaults</param>
    /// <exception cref="ArgumentException">A token is listed twice, or a special one is lacking.</exception>
    public CharacterTokenizer(IReadOnlyList<string> tokens, SpecialTokens? special = null)
        : base(tokens, special ?? new SpecialTokens())
    {
    }

    /// <summary>The vocabulary of these texts: special tokens, then the characters in the order of their code points.</summary>
    /// <param name="texts">the texts to train on</param>
    /// <param name="special">the names of the special tokens; null for the defaults</param>
    public static CharacterTokenizer Train(IEnumerable<string> texts, SpecialTokens? special = null)
    {
        special ??= new SpecialTokens();
        var characters = texts.SelectMany(text => text.EnumerateRunes()).Distinct().Order().Select(rune => rune.ToString());
        return new CharacterTokenizer([.. special.All, .. characters.Except(special.All)], special);
    }

    /// <inheritdoc/>
    public override int[] Encode(string text) => [.. text.EnumerateRunes().Select(rune => IdOf(rune.ToString()) ?? UnknownId)];

    private protected override string Join(IReadOnlyList<string> tokens) => string.Concat(tokens);
}
