using System.Globalization;
using System.Text;

namespace Retort.Text;

/// <summary>How text is cut into words before the merges, named as in Hugging Face's tokenizer files.</summary>
internal enum PreTokenizer
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Runs of word characters (letters, marks, digits, connecting punctuation) and runs of anything else but space.</summary>
    Whitespace,

    /// <summary>By white space alone.</summary>
    WhitespaceSplit,

    /// <summary>GPT-2's: a space belongs to the word after it; bytes become visible characters.</summary>
    ByteLevel,
}

/// <summary>The words of a text.</summary>
internal static class PreTokenizers
{
    // Half a surrogate pair is no text; it reads as U+FFFD, as UTF-8 writes it.
    public static IEnumerable<string> Words(string text, PreTokenizer kind) => kind switch
    {
        PreTokenizer.None => text.Length == 0 ? [] : [text],
        PreTokenizer.Whitespace => Runs([.. text.EnumerateRunes()], r => Rune.IsWhiteSpace(r) ? 0 : IsWord(r) ? 1 : 2),
        PreTokenizer.WhitespaceSplit => Runs([.. text.EnumerateRunes()], r => Rune.IsWhiteSpace(r) ? 0 : 1),
        _ => ByteLevel([.. text.EnumerateRunes()]),
    };

    // Runs of one class; class 0 is left out.
    private static IEnumerable<string> Runs(Rune[] runes, Func<Rune, int> classOf)
    {
        for (var start = 0; start < runes.Length;)
        {
            var kind = classOf(runes[start]);
            var end = start + 1;
            while (end < runes.Length && classOf(runes[end]) == kind)
            {
                end++;
            }
            if (kind != 0)
            {
                yield return Text(runes, start, end);
            }
            start = end;
        }
    }

    // The pattern of GPT-2 (Radford et al., 2019): contractions; letters, digits or other signs, each with one space in front;
    // and of a run of spaces before a word all but the last.
    private static IEnumerable<string> ByteLevel(Rune[] runes)
    {
        for (var start = 0; start < runes.Length;)
        {
            var end = start + Contraction(runes, start);
            if (end == start)
            {
                var first = runes[start].Value == ' ' && start + 1 < runes.Length ? start + 1 : start;
                var kind = Kind(runes[first]);
                if (kind == 0)
                {
                    first = start;
                }
                end = first + 1;
                kind = Kind(runes[first]);
                while (end < runes.Length && Kind(runes[end]) == kind)
                {
                    end++;
                }
                if (kind == 0 && end < runes.Length && end - start > 1)
                {
                    end--;
                }
            }
            yield return Text(runes, start, end);
            start = end;
        }
    }

    private static int Contraction(Rune[] runes, int at)
    {
        if (runes[at].Value != '\'' || at + 1 >= runes.Length)
        {
            return 0;
        }
        var (a, b) = (runes[at + 1].Value, at + 2 < runes.Length ? runes[at + 2].Value : 0);
        return a is 's' or 't' or 'm' or 'd' ? 2 : (a, b) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static int Kind(Rune rune) => Rune.IsWhiteSpace(rune) ? 0 : Rune.IsLetter(rune) ? 1 : Rune.IsNumber(rune) ? 2 : 3;

    private static bool IsWord(Rune rune) => Rune.IsLetter(rune) || rune.Value is 0x200C or 0x200D || Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;

    private static string Text(Rune[] runes, int start, int end)
    {
        var text = new StringBuilder(end - start);
        for (var i = start; i < end; i++)
        {
            text.Append(runes[i].ToString());
        }
        return text.ToString();
    }
}
