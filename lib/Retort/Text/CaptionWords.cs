namespace Retort.Text;

/// <summary>
/// Captions to words for scoring, close to the Stanford tokenizer's rules as the captioning field uses them: lower case, English
/// contractions split, words held together by an inner hyphen, slash, ampersand, apostrophe or dot kept whole, every other run of signs a token of
/// its own, punctuation deleted. Not the Java tool itself: on plain words it agrees exactly, on rare signs it may not.
/// </summary>
public static class CaptionWords
{
    private static readonly HashSet<string> deleted =
        ["''", "'", "``", "`", "-lrb-", "-rrb-", "-lcb-", "-rcb-", ".", "?", "!", ",", ":", "-", "--", ";", "(", ")", "{", "}", "\""];

    private static readonly string[] clitics = ["'s", "'re", "'ve", "'ll", "'d", "'m"];

    /// <summary>The caption's words, separated by single spaces.</summary>
    public static string Normalise(string caption) => string.Join(' ', Split(caption));

    /// <summary>The caption's words.</summary>
    public static IReadOnlyList<string> Split(string caption)
    {
        var words = new List<string>();
        var text = caption.ToLowerInvariant().Replace('\u2019', '\'');
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }
            var end = at + 1;
            if (IsWord(text[at]))
            {
                while (end < text.Length && (IsWord(text[end]) || (text[end] is '-' or '/' or '&' or '\'' or '.' && end + 1 < text.Length && IsWord(text[end + 1]))))
                {
                    end++;
                }
                AddWord(words, text[at..end]);
            }
            else
            {
                while (end < text.Length && text[end] == text[at])
                {
                    end++;
                }
                var sign = text[at..end];
                if (!deleted.Contains(sign) && sign.Any(c => c is not ('.' or '-')))
                {
                    words.Add(sign);
                }
            }
            at = end;
        }
        return words;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_' || char.IsSurrogate(c)
        || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.NonSpacingMark;

    private static void AddWord(List<string> words, string word)
    {
        if (word.Length > 3 && word.EndsWith("n't", StringComparison.Ordinal))
        {
            words.Add(word[..^3]);
            words.Add("n't");
            return;
        }
        var clitic = clitics.FirstOrDefault(c => word.Length > c.Length && word.EndsWith(c, StringComparison.Ordinal));
        if (clitic is null)
        {
            words.Add(word);
            return;
        }
        words.Add(word[..^clitic.Length]);
        words.Add(clitic);
    }
}
