using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;

namespace Retort.Notebook;

/// <summary>A piece of a cell: C#, text of a MIME type to be shown, or a question about the session.</summary>
/// <param name="Kind">csharp, text/markdown, text/html, who, about or magics.</param>
/// <param name="Text">The piece; of C#, with empty lines for the other pieces, so that line numbers hold.</param>
internal sealed record CellPart(string Kind, string Text);

/// <summary>
/// A cell as the host reads it. Notebooks of this project are plain C#; what users of .NET Interactive and IPython have in
/// their fingers works here too where it has a meaning, and is answered with what to write instead where it has none.
/// </summary>
internal sealed partial class CellText
{
    public const string CSharp = "csharp";

    /// <summary>What works, in words.</summary>
    public const string Magics = """
        #!csharp                C# (what cells are anyway)
        #!markdown, #!html      the lines below are shown as such
        #!javascript            the lines below run in the page
        #!time, %time           how long the cell takes
        #!who, #!whos           the variables
        #!about, #!lsmagic      this host, this list
        #r "file.dll"           a library, relative to the notebook
        #r "nuget: Name, 1.2.3" a package, where a feed is configured
        #i "nuget: SOURCE"      one more feed: an address or a folder
        name?                   what a name is
        """;

    private static readonly Dictionary<string, string> Sections = new()
    {
        ["csharp"] = CSharp,
        ["c#"] = CSharp,
        ["cs"] = CSharp,
        ["markdown"] = "text/markdown",
        ["md"] = "text/markdown",
        ["html"] = "text/html",
        ["javascript"] = "text/html",
        ["js"] = "text/html",
    };

    // What has another way here.
    private static readonly Dictionary<string, string> Instead = new()
    {
        ["share"] = "cells have one language here, so every variable of an earlier cell is simply there: leave the line out",
        ["set"] = "write var name = value;",
        ["value"] = "put the text into a variable: var name = \"\"\"...\"\"\";",
        ["import"] = "write #load \"file.csx\", or put the code into a library and write #r",
        ["connect"] = "there is no other kernel to connect to; call the service's client library from C#",
        ["pwsh"] = "start the program from C#: System.Diagnostics.Process.Start(\"pwsh\", ...)",
        ["powershell"] = "start the program from C#: System.Diagnostics.Process.Start(\"pwsh\", ...)",
        ["fsharp"] = "cells here are C# only",
        ["sql"] = "cells here are C# only; call the database's client library",
        ["kql"] = "cells here are C# only; call the database's client library",
        ["mermaid"] = "diagrams are not drawn here; #!html with an SVG is",
        ["timeit"] = "#!time measures one run of the cell; for repeats write a loop and System.Diagnostics.Stopwatch",
        ["matplotlib"] = "figures are shown where a cell's last line is one: Chart.Line(x, y)",
        ["pip"] = "packages are .NET's here: #r \"nuget: Name, 1.2.3\"",
        ["load_ext"] = "there are no extensions; #r loads a library",
        ["autoreload"] = "a library that was loaded stays; restart the kernel to load a new build",
    };

    private CellText()
    {
    }

    /// <summary>The pieces, in order; one of C# where nothing else is said.</summary>
    public IReadOnlyList<CellPart> Parts { get; private init; } = [];

    /// <summary>Whether the time that the cell takes is to be told.</summary>
    public bool IsTimed { get; private init; }

    /// <summary>Packages that are asked for: name, and version or null.</summary>
    public IReadOnlyList<(string Name, string? Version)> Packages { get; private init; } = [];

    /// <summary>Package sources that are named beside the configured ones.</summary>
    public IReadOnlyList<string> Sources { get; private init; } = [];

    /// <summary>A name that is asked about, as in "name?".</summary>
    public string? Asked { get; private init; }

    /// <summary>The first line that cannot be run, with its number from 1; null if there is none.</summary>
    public (int Line, string Problem)? Problem { get; private init; }

    /// <summary>The first line that is not plain C# of the portable subset, whether it runs here or not.</summary>
    public (int Line, string Problem)? NotPortable { get; private init; }

    /// <summary>Reads a cell.</summary>
    public static CellText Read(string code)
    {
        if (Question().Match(code.Trim()) is { Success: true } question)
        {
            var name = question.Groups[1].Success ? question.Groups[1].Value : question.Groups[2].Value;
            return new CellText { Asked = name, NotPortable = (1, $"'{code.Trim()}' asks this host about a name; it is not C#") };
        }
        var lines = code.Split('\n');
        if (!lines.Any(line => Candidate().IsMatch(line)))
        {
            return new CellText { Parts = [new CellPart(CSharp, code)] };
        }
        return new Reader(lines).Read();
    }

    // name? and ?name, also with two question marks; dots and type arguments belong to a name.
    [GeneratedRegex(@"^(?:\?{1,2}\s*([A-Za-z_][\w.<>]*)|([A-Za-z_][\w.<>]*)\?{1,2})$")]
    private static partial Regex Question();

    [GeneratedRegex(@"^\s*(#!|#i\s|#r\s*""\s*nuget|%)")]
    private static partial Regex Candidate();

    [GeneratedRegex(@"^\s*#r\s*""\s*nuget\s*:\s*(?<name>[^,""]*?)\s*(?:,\s*(?<version>[^""]*?)\s*)?""")]
    private static partial Regex Package();

    [GeneratedRegex(@"^\s*#i\s*""\s*nuget\s*:\s*(?<source>[^""]+?)\s*""")]
    private static partial Regex Source();

    [GeneratedRegex(@"^\s*#!\s*(?<name>[^\s]*)(?<rest>.*)$")]
    private static partial Regex Magic();

    // Of IPython's commands only the known ones: a line of C# may begin with a percent sign.
    [GeneratedRegex(@"^%{1,2}(?<name>time|timeit|who|whos|matplotlib|pip|conda|load_ext|autoreload|lsmagic)\b(?<rest>.*)$")]
    private static partial Regex Percent();

    private sealed class Reader(string[] lines)
    {
        private readonly List<CellPart> _parts = [];
        private readonly List<(string, string?)> _packages = [];
        private readonly List<string> _sources = [];
        private readonly StringBuilder _text = new();
        private string _kind = CSharp;
        private bool _script;
        private bool _timed;
        private (int, string)? _problem;
        private (int, string)? _notPortable;

        public CellText Read()
        {
            for (int number = 1; number <= lines.Length; number++)
            {
                Line(lines[number - 1], number);
            }
            End();
            return new CellText { Parts = _parts, IsTimed = _timed, Packages = _packages, Sources = _sources, Problem = _problem, NotPortable = _notPortable };
        }

        private void Line(string line, int number)
        {
            bool isCode = _kind == CSharp;
            if (isCode && Candidate().IsMatch(line) && IsInsideText(line))
            {
                Keep(line);
            }
            else if (Magic().Match(line) is { Success: true } magic)
            {
                Command(magic.Groups["name"].Value, magic.Groups["rest"].Value, line, number, known: isCode || Sections.ContainsKey(magic.Groups["name"].Value));
            }
            else if (isCode && Percent().Match(line) is { Success: true } percent)
            {
                Command(percent.Groups["name"].Value, percent.Groups["rest"].Value, line, number, known: true);
            }
            else if (isCode && Package().Match(line) is { Success: true } package && package.Groups["name"].Length > 0)
            {
                _packages.Add((package.Groups["name"].Value, package.Groups["version"] is { Success: true, Length: > 0 } version ? version.Value : null));
                _notPortable ??= (number, $"'{line.Trim()}' asks for a package restore, which needs a feed: build the library and write #r \"path/Library.dll\"");
                Keep("");
            }
            else if (isCode && Source().Match(line) is { Success: true } source)
            {
                _sources.Add(source.Groups["source"].Value);
                _notPortable ??= (number, $"'{line.Trim()}' names a package source");
                Keep("");
            }
            else if (isCode && line.TrimStart() is var start && (start.StartsWith("#i ", StringComparison.Ordinal) || Package().IsMatch(line)))
            {
                Refuse(number, $"'{line.Trim()}' is neither #r \"nuget: Name, 1.2.3\" nor #i \"nuget: SOURCE\"");
            }
            else
            {
                Keep(line);
            }
        }

        private void Command(string name, string rest, string line, int number, bool known)
        {
            if (!known)
            {
                Keep(line); // in a text that is shown, only the name of a section ends it
                return;
            }
            _notPortable ??= (number, $"'{line.Trim()}' is a magic command of another host; cells here are C# only");
            if (Sections.TryGetValue(name, out var section))
            {
                End();
                (_kind, _script) = (section, name is "javascript" or "js");
                KeepLines(number);
                return;
            }
            switch (name)
            {
                case "time":
                    _timed = true;
                    Keep(rest.Trim().Length > 0 ? rest.Trim() : "");
                    break;
                case "who" or "whos" or "about" or "lsmagic":
                    End();
                    _parts.Add(new CellPart(name switch { "about" => "about", "lsmagic" => "magics", _ => "who" }, ""));
                    KeepLines(number);
                    break;
                default:
                    Refuse(number, $"'{line.Trim()}' is a command of another host: {Instead.GetValueOrDefault(name, "cells here are C# only; #!lsmagic lists what works")}");
                    break;
            }
        }

        private void Refuse(int number, string problem)
        {
            _problem ??= (number, problem);
            _notPortable ??= (number, problem);
        }

        private void Keep(string line) => _text.Append(line).Append('\n');

        // Code below a command keeps its line number; a text that is shown begins with its own first line.
        private void KeepLines(int count)
        {
            if (_kind == CSharp)
            {
                _text.Append('\n', count);
            }
        }

        private void End()
        {
            var text = _text.ToString();
            _text.Clear();
            if (_kind != CSharp)
            {
                _parts.Add(new CellPart(_kind, _script ? $"<script>\n{text}</script>" : text));
                (_kind, _script) = (CSharp, false);
            }
            else if (text.Trim().Length > 0)
            {
                _parts.Add(new CellPart(CSharp, text.TrimEnd('\n')));
            }
        }

        // A raw string over several lines may hold anything.
        private bool IsInsideText(string line)
        {
            var tree = CSharpSyntaxTree.ParseText(_text + line + "\n\"\"\"", ScriptParse.Options);
            int position = _text.Length + line.TakeWhile(char.IsWhiteSpace).Count();
            return tree.GetRoot().FindToken(position) is var token && token.Span.Contains(position) && token.SpanStart < position;
        }
    }
}
