using System.Text;

namespace Retort.Notebook;

/// <summary>One formula of a Markdown text.</summary>
/// <param name="Tex">The TeX between the dollars, as it was written.</param>
/// <param name="Display">Whether it stands on a line of its own.</param>
/// <param name="Start">Where it begins in the text, with its delimiter.</param>
/// <param name="Length">Number of characters, delimiters included.</param>
internal readonly record struct Formula(string Tex, bool Display, int Start, int Length);

/// <summary>
/// The formulas of a Markdown text, taken out before Markdown sees it and put back after, as Jupyter does: TeX is full of
/// characters that mean something else to Markdown. Code is left alone, a blank line ends what was no formula, and a dollar
/// within braces belongs to the formula around it.
/// </summary>
internal static class Formulas
{
    // Of the private use area: no Markdown, no HTML, and not in anybody's text.
    private const char Open = '\uE0F0';
    private const char Close = '\uE0F1';

    /// <summary>All formulas, in order.</summary>
    public static IReadOnlyList<Formula> Find(string markdown)
    {
        var found = new List<Formula>();
        for (int at = 0; at < markdown.Length;)
        {
            if (Code(markdown, at) is > 0 and var code)
            {
                at += code;
            }
            else if (At(markdown, at) is { } formula)
            {
                found.Add(formula);
                at += formula.Length;
            }
            else
            {
                at += markdown[at] == '\\' ? 2 : 1; // an escaped dollar is a dollar
            }
        }
        return found;
    }

    /// <summary>The text with a mark in the place of each formula.</summary>
    public static string TakeOut(string markdown, IReadOnlyList<Formula> formulas)
    {
        var text = new StringBuilder();
        int from = 0;
        for (int index = 0; index < formulas.Count; index++)
        {
            text.Append(markdown, from, formulas[index].Start - from).Append(Mark(index));
            from = formulas[index].Start + formulas[index].Length;
        }
        return text.Append(markdown, from, markdown.Length - from).ToString();
    }

    /// <summary>What stands in the place of a formula.</summary>
    public static string Mark(int index) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Open}{index}{Close}");

    /// <summary>HTML with the formulas where their marks stand.</summary>
    public static string PutBack(string html, IReadOnlyList<Formula> formulas)
    {
        for (int index = 0; index < formulas.Count; index++)
        {
            var formula = formulas[index];
            var (kind, open, close) = formula.Display ? ("math display", "\\[", "\\]") : ("math", "\\(", "\\)");
            html = html.Replace(Mark(index), $"<span class=\"{kind}\">{open}{Page.Text(formula.Tex)}{close}</span>", StringComparison.Ordinal);
        }
        return html;
    }

    /// <summary>What a reader would see as something else in one host or another, each with its place in the text.</summary>
    public static IEnumerable<(int Position, string Problem)> Problems(string markdown)
    {
        var formulas = Find(markdown);
        foreach (var formula in formulas)
        {
            if (formula.Tex.Trim().Length == 0)
            {
                yield return (formula.Start, "a formula without content");
            }
            else if (!formula.Display && (char.IsWhiteSpace(formula.Tex[0]) || char.IsWhiteSpace(formula.Tex[^1])))
            {
                yield return (formula.Start, $"a space inside the dollars of '${formula.Tex}$': VS Code shows it as text; a dollar that is money is written \\$");
            }
            else if (!formula.Display && char.IsAsciiDigit(markdown.ElementAtOrDefault(formula.Start + formula.Length)))
            {
                yield return (formula.Start, $"a digit right behind '${formula.Tex}$': VS Code takes it for money");
            }
            if (Depth(formula.Tex) != 0)
            {
                yield return (formula.Start, $"braces that do not match in '{formula.Tex.Trim()}'");
            }
            if (formula.Tex.Contains('|', StringComparison.Ordinal) && LineOf(markdown, formula.Start).TrimStart().StartsWith('|'))
            {
                yield return (formula.Start, "a bar in a formula of a table ends the table's cell in some hosts: write \\vert or \\lVert");
            }
        }
        var rest = TakeOut(markdown, formulas);
        for (int at = 0, taken = 0; at < rest.Length; at++)
        {
            if (Code(rest, at) is > 0 and var code)
            {
                at += code - 1;
            }
            else if (rest[at] == Close)
            {
                taken++;
            }
            else if (rest[at] == '\\' && at + 1 < rest.Length)
            {
                if (rest[at + 1] is '(' or '[')
                {
                    yield return (Before(at, taken), $"\\{rest[at + 1]} does not begin a formula in Jupyter: use dollars");
                }
                at++;
            }
            else if (rest[at] == '$')
            {
                yield return (Before(at, taken), "a dollar without a partner before the next blank line: a formula that ends in text, or money, which is written \\$");
            }
        }

        // The place in the text as it was written: each mark stands for the characters of its formula.
        int Before(int position, int marks) => position + formulas.Take(marks).Select((formula, index) => formula.Length - Mark(index).Length).Sum();
    }

    private static string LineOf(string text, int position)
    {
        int start = text.LastIndexOf('\n', position) + 1;
        int end = text.IndexOf('\n', position);
        return text[start..(end < 0 ? text.Length : end)];
    }

    private static int Depth(string tex)
    {
        int depth = 0;
        for (int at = 0; at < tex.Length; at++)
        {
            if (tex[at] == '\\')
            {
                at++;
            }
            else
            {
                depth += tex[at] == '{' ? 1 : tex[at] == '}' ? -1 : 0;
            }
        }
        return depth;
    }

    // Length of the code that begins here: a fence over whole lines, or a span between equal runs of backticks.
    private static int Code(string text, int at)
    {
        char mark = text[at];
        if (mark is not ('`' or '~') || (at > 0 && text[at - 1] == mark))
        {
            return 0;
        }
        int run = text.AsSpan(at).IndexOfAnyExcept(mark) is var length && length < 0 ? text.Length - at : length;
        var before = text.AsSpan((text.LastIndexOf('\n', Math.Max(0, at - 1)) + 1)..at);
        if (run >= 3 && before.Trim(' ').IsEmpty)
        {
            for (int line = text.IndexOf('\n', at); line >= 0; line = text.IndexOf('\n', line + 1))
            {
                var rest = text.AsSpan(line + 1);
                var content = rest[..(rest.IndexOf('\n') is var end && end < 0 ? rest.Length : end)].Trim();
                if (content.Length >= run && !content.ContainsAnyExcept(mark))
                {
                    return line + 1 + (end < 0 ? rest.Length : end) - at;
                }
            }
            return text.Length - at;
        }
        if (mark == '~')
        {
            return run;
        }
        for (int close = at + run; (close = text.IndexOf('`', close)) >= 0;)
        {
            int other = text.AsSpan(close).IndexOfAnyExcept('`') is var count && count < 0 ? text.Length - close : count;
            if (other == run)
            {
                return close + other - at;
            }
            close += other;
        }
        return run;
    }

    private static Formula? At(string text, int at)
    {
        if (text[at] == '$')
        {
            bool display = at + 1 < text.Length && text[at + 1] == '$';
            return Until(text, at, display ? "$$" : "$", display ? "$$" : "$", display);
        }
        // Markdown makes one backslash of two, which is what MathJax then looks for.
        foreach (var (open, close, display) in new[] { ("\\\\(", "\\\\)", false), ("\\\\[", "\\\\]", true) })
        {
            if (string.CompareOrdinal(text, at, open, 0, open.Length) == 0)
            {
                return Until(text, at, open, close, display);
            }
        }
        const string Begin = "\\begin{";
        if (string.CompareOrdinal(text, at, Begin, 0, Begin.Length) == 0 && text.IndexOf('}', at) is > 0 and var brace)
        {
            var end = "\\end" + text[(at + Begin.Length - 1)..(brace + 1)];
            return Until(text, at, "", end, display: true) is { } environment ? environment with { Tex = environment.Tex + end } : null;
        }
        return null;
    }

    private static Formula? Until(string text, int start, string open, string close, bool display)
    {
        int depth = 0;
        int begin = start + open.Length;
        for (int at = begin; at < text.Length; at++)
        {
            if (depth <= 0 && at > start && string.CompareOrdinal(text, at, close, 0, close.Length) == 0)
            {
                return new Formula(text[begin..at], display, start, at + close.Length - start);
            }
            switch (text[at])
            {
                case '\\':
                    at++;
                    break;
                case '{':
                    depth++;
                    break;
                case '}':
                    depth--;
                    break;
                case '\n' when text.AsSpan(at + 1).TrimStart(" \t\r") is var next && (next.IsEmpty || next[0] == '\n'):
                    return null;
                default:
                    break;
            }
        }
        return null;
    }
}
