using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Scripting;

namespace Retort.Notebook;

/// <summary>What Tab and Shift-Tab ask: names that fit at the cursor, and what the name under it is. From the compiler's own tables.</summary>
internal sealed class CodeHelp(Func<Session?> session)
{
    private const int Most = 500;

    private static readonly SymbolDisplayFormat Signature = SymbolDisplayFormat.CSharpShortErrorMessageFormat
        .WithParameterOptions(SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeParamsRefOut)
        .WithMemberOptions(SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeContainingType);

    /// <summary>Whether a cell is whole, wants more lines, or can never be right.</summary>
    public static JsonObject IsComplete(string code)
    {
        var text = CellText.Read(code);
        if (text.Problem is null && (text.Asked is not null || text.Parts.Any(part => part.Kind != CellText.CSharp)))
        {
            return new JsonObject { ["status"] = "complete" };
        }
        var tree = CSharpSyntaxTree.ParseText(text.Parts is [var only] ? only.Text : text.Problem is null ? "" : code, ScriptParse.Options);
        if (!SyntaxFactory.IsCompleteSubmission(tree))
        {
            return new JsonObject { ["status"] = "incomplete", ["indent"] = "    " };
        }
        bool wrong = tree.GetDiagnostics().Any(item => item.Severity == DiagnosticSeverity.Error) || text.Problem is not null;
        return new JsonObject { ["status"] = wrong ? "invalid" : "complete" };
    }

    /// <summary>Names that fit at the cursor.</summary>
    /// <param name="code">The cell.</param>
    /// <param name="cursor">Where the cursor is, in Unicode code points.</param>
    public JsonObject Complete(string code, int cursor)
    {
        int position = CodeUnits(code, cursor);
        int start = Completion.PathStart(code, position);
        bool isPath = start >= 0;
        if (!isPath)
        {
            for (start = position; start > 0 && SyntaxFacts.IsIdentifierPartCharacter(code[start - 1]);)
            {
                start--;
            }
        }
        var prefix = code[start..position];
        var names = isPath ? Completion.Files(code, start, session()?.Folder ?? Directory.GetCurrentDirectory()) : Model(code) is { } model ? Completion.Names(model, code, start) : [];
        // Hidden files are for those who begin to write their dot. Names of arguments come first.
        var matches = names.Where(name => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && (prefix.Length > 0 || name[0] != '.'))
            .Distinct().OrderByDescending(name => name.EndsWith(':')).ThenBy(name => name, StringComparer.OrdinalIgnoreCase).Take(Most);
        return new JsonObject
        {
            ["status"] = "ok",
            ["matches"] = new JsonArray([.. matches.Select(name => JsonValue.Create(name))]),
            ["cursor_start"] = CodePoints(code, start),
            ["cursor_end"] = CodePoints(code, position),
            ["metadata"] = new JsonObject(),
        };
    }

    /// <summary>Declaration and documentation of the name at the cursor.</summary>
    public JsonObject Inspect(string code, int cursor, int detail)
    {
        var data = new JsonObject();
        if (Model(code) is { } model && Symbols(model, CodeUnits(code, cursor)) is { Count: > 0 } symbols)
        {
            var symbol = symbols[0];
            var text = symbol.ToDisplayString(Signature);
            if (symbols.Count > 1)
            {
                text += detail > 0 ? string.Concat(symbols.Skip(1).Select(other => "\n" + other.ToDisplayString(Signature))) : $"  (+ {symbols.Count - 1} overloads)";
            }
            if (Documentation.Of(symbol, model.Compilation) is { Length: > 0 } documentation)
            {
                text += "\n\n" + documentation;
            }
            data[Formatter.Plain] = text;
        }
        return new JsonObject { ["status"] = "ok", ["found"] = data.Count > 0, ["data"] = data, ["metadata"] = new JsonObject() };
    }

    /// <summary>What a name is, with its documentation; null where it is nothing.</summary>
    public string? Describe(string name) => Inspect(name, CodePoints(name, name.Length), 1)["data"]?[Formatter.Plain]?.ToString();

    private static int CodeUnits(string text, int codePoints)
    {
        int index = 0;
        for (int left = Math.Max(0, codePoints); left > 0 && index < text.Length; left--)
        {
            index += char.IsSurrogatePair(text, index) ? 2 : 1;
        }
        return index;
    }

    private static int CodePoints(string text, int codeUnits) => text.AsSpan(0, codeUnits).Length - text.Take(codeUnits).Count(char.IsLowSurrogate);

    private SemanticModel? Model(string code)
    {
        if (session()?.Script is not { } before)
        {
            return null;
        }
        var compilation = before.ContinueWith(code, before.Options).GetCompilation();
        return compilation.GetSemanticModel(compilation.SyntaxTrees.Last());
    }

    private static IReadOnlyList<ISymbol> Symbols(SemanticModel model, int position)
    {
        var root = model.SyntaxTree.GetRoot();
        // Right behind a name, or behind its opening bracket, the name is still what is meant.
        foreach (var place in new[] { position, position - 1, position - 2 }.Where(place => place >= 0))
        {
            var token = root.FindToken(Math.Min(place, Math.Max(0, root.FullSpan.End - 1)));
            if (!token.IsKind(SyntaxKind.IdentifierToken) || token.Parent is not { } node)
            {
                continue;
            }
            var info = model.GetSymbolInfo(node);
            var found = info.Symbol is { } symbol ? [symbol] : info.CandidateSymbols;
            if (found.Length > 0)
            {
                return [found[0], .. model.GetMemberGroup(node).Where(other => !SymbolEqualityComparer.Default.Equals(other, found[0]))];
            }
            if (model.GetDeclaredSymbol(node) is { } declared)
            {
                return [declared];
            }
        }
        return [];
    }
}
