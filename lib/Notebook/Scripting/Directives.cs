namespace Retort.Notebook;

/// <summary>
/// The lines of a cell that are not C#. Roslyn takes `#!` on a first line for a shebang and ignores it, so that a magic
/// command would silently do nothing: it is refused here by name.
/// </summary>
internal static class Directives
{
    /// <summary>The first line that cannot be run, with its number from 1; null if there is none.</summary>
    public static (int Line, string Problem)? Problem(string code)
    {
        int number = 0;
        foreach (var line in code.Split('\n'))
        {
            number++;
            var text = line.Trim();
            if (text.StartsWith("#!", StringComparison.Ordinal) && !IsInsideText(code, number))
            {
                return (number, $"'{text}' is a magic command of another host; cells here are C# only");
            }
            if (text.StartsWith("#r", StringComparison.Ordinal) && text.Contains("\"nuget:", StringComparison.Ordinal) && !IsInsideText(code, number))
            {
                return (number, $"'{text}' asks for a package restore, which this host does not do: build the library and write #r \"path/Library.dll\"");
            }
            if (text.StartsWith("#i ", StringComparison.Ordinal) && !IsInsideText(code, number))
            {
                return (number, $"'{text}' names a package source, which this host does not use");
            }
        }
        return null;
    }

    // A raw string over several lines may hold anything.
    private static bool IsInsideText(string code, int line)
    {
        var tree = Microsoft.CodeAnalysis.CSharp.CSharpSyntaxTree.ParseText(code, ScriptParse.Options);
        var text = tree.GetText();
        var position = text.Lines[line - 1].Start;
        position += text.Lines[line - 1].ToString().TakeWhile(char.IsWhiteSpace).Count();
        return tree.GetRoot().FindToken(position) is var token && token.Span.Contains(position) && token.SpanStart < position;
    }
}
