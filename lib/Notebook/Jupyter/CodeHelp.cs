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

    private static readonly string[] Keywords =
        [.. SyntaxFacts.GetKeywordKinds().Concat([SyntaxKind.VarKeyword, SyntaxKind.AwaitKeyword, SyntaxKind.AsyncKeyword, SyntaxKind.RecordKeyword]).Select(SyntaxFacts.GetText).Where(text => text.Length > 0 && char.IsLetter(text[0])).Distinct()];

    /// <summary>Whether a cell is whole, wants more lines, or can never be right.</summary>
    public static JsonObject IsComplete(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(code, ScriptParse.Options);
        if (!SyntaxFactory.IsCompleteSubmission(tree))
        {
            return new JsonObject { ["status"] = "incomplete", ["indent"] = "    " };
        }
        bool wrong = tree.GetDiagnostics().Any(item => item.Severity == DiagnosticSeverity.Error) || Directives.Problem(code) is not null;
        return new JsonObject { ["status"] = wrong ? "invalid" : "complete" };
    }

    /// <summary>Names that fit at the cursor.</summary>
    /// <param name="code">The cell.</param>
    /// <param name="cursor">Where the cursor is, in Unicode code points.</param>
    public JsonObject Complete(string code, int cursor)
    {
        int position = CodeUnits(code, cursor);
        int start = position;
        while (start > 0 && SyntaxFacts.IsIdentifierPartCharacter(code[start - 1]))
        {
            start--;
        }
        var prefix = code[start..position];
        var matches = Names(code, start)
            .Where(name => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .Distinct().Order(StringComparer.OrdinalIgnoreCase).Take(Most);
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

    private IEnumerable<string> Names(string code, int start)
    {
        if (Model(code) is not { } model)
        {
            return [];
        }
        int before = start - 1;
        while (before >= 0 && char.IsWhiteSpace(code[before]))
        {
            before--;
        }
        if (before < 0 || code[before] != '.')
        {
            return model.LookupSymbols(start).Where(Worth).Select(symbol => symbol.Name).Concat(Keywords);
        }
        var owner = model.SyntaxTree.GetRoot().FindToken(before).Parent switch
        {
            MemberAccessExpressionSyntax access => access.Expression,
            QualifiedNameSyntax name => name.Left,
            MemberBindingExpressionSyntax binding => binding.Ancestors().OfType<ConditionalAccessExpressionSyntax>().FirstOrDefault()?.Expression,
            _ => (SyntaxNode?)null,
        };
        if (owner is null)
        {
            return [];
        }
        if (model.GetSymbolInfo(owner).Symbol is INamespaceOrTypeSymbol container)
        {
            return model.LookupSymbols(start, container).Where(symbol => Worth(symbol) && (symbol.IsStatic || symbol is INamespaceOrTypeSymbol || symbol is IFieldSymbol { IsConst: true })).Select(symbol => symbol.Name);
        }
        return model.GetTypeInfo(owner).Type is { } type
            ? model.LookupSymbols(start, type, includeReducedExtensionMethods: true).Where(symbol => Worth(symbol) && !symbol.IsStatic && symbol is not ITypeSymbol).Select(symbol => symbol.Name)
            : [];
    }

    private static bool Worth(ISymbol symbol) =>
        symbol.CanBeReferencedByName && symbol.Name.Length > 0 && symbol.Name[0] != '<' && symbol is not IMethodSymbol { MethodKind: MethodKind.Constructor or MethodKind.UserDefinedOperator };

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
