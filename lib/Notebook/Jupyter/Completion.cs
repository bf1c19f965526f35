using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Retort.Notebook;

/// <summary>What may stand at a place in a cell: members behind a dot, properties in an initialiser, arguments' names in a call, files in a text, else all that is in scope.</summary>
internal static partial class Completion
{
    private static readonly string[] Keywords =
        [.. SyntaxFacts.GetKeywordKinds().Concat([SyntaxKind.VarKeyword, SyntaxKind.AwaitKeyword, SyntaxKind.AsyncKeyword, SyntaxKind.RecordKeyword, SyntaxKind.WithKeyword]).Select(SyntaxFacts.GetText).Where(text => text.Length > 0 && char.IsLetter(text[0])).Distinct()];

    /// <summary>Where the path that is being written in a text begins; -1 where the cursor is in no text.</summary>
    public static int PathStart(string code, int position)
    {
        var token = CSharpSyntaxTree.ParseText(code, ScriptParse.Options).GetRoot().FindToken(Math.Max(0, position - 1), findInsideTrivia: true);
        bool isText = token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.InterpolatedStringTextToken;
        // Behind the closing quote the text has ended.
        bool isEnded = position >= token.Span.End && token.IsKind(SyntaxKind.StringLiteralToken) && token.Text.Length > 1 && token.Text[^1] == '"';
        if (!isText || position <= token.SpanStart || isEnded)
        {
            return -1;
        }
        int start = code.LastIndexOfAny(['"', '/', '\\'], position - 1) + 1;
        return Math.Max(start, token.SpanStart);
    }

    /// <summary>Files and folders that go on with a path.</summary>
    /// <param name="code">The cell.</param>
    /// <param name="start">Where the last part of the path begins.</param>
    /// <param name="folder">What paths are relative to.</param>
    public static IEnumerable<string> Files(string code, int start, string folder)
    {
        int quote = code.LastIndexOf('"', Math.Max(0, start - 1));
        var written = quote < 0 ? "" : code[(quote + 1)..start];
        string place;
        try
        {
            place = Path.GetFullPath(Path.Combine(folder, written));
        }
        catch (ArgumentException)
        {
            return []; // not a path at all
        }
        try
        {
            return Directory.Exists(place)
                ? [.. Directory.EnumerateDirectories(place).Select(path => Path.GetFileName(path) + "/"), .. Directory.EnumerateFiles(place).Select(path => Path.GetFileName(path))]
                : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return []; // a folder that may not be looked into has nothing to offer
        }
    }

    /// <summary>Names that fit where a name begins.</summary>
    public static IEnumerable<string> Names(SemanticModel model, string code, int start)
    {
        int before = start - 1;
        while (before >= 0 && char.IsWhiteSpace(code[before]))
        {
            before--;
        }
        if (before >= 0 && code[before] == '.')
        {
            return Members(model, before, start);
        }
        var general = model.LookupSymbols(start).Where(Worth).Select(symbol => symbol.Name).Concat(Keywords);
        if (before < 0 || code[before] is not ('{' or ',' or '('))
        {
            return general;
        }
        if (Changed(model, code, before) is var (changed, given))
        {
            return Settable(model, changed, given, start);
        }
        var token = model.SyntaxTree.GetRoot().FindToken(before);
        return token.Parent switch
        {
            InitializerExpressionSyntax initializer when Initialised(model, initializer) is { } type => Settable(model, type, [.. initializer.Expressions.OfType<AssignmentExpressionSyntax>().Select(assignment => assignment.Left.ToString())], start) is { Count: > 0 } names
                ? initializer.IsKind(SyntaxKind.CollectionInitializerExpression) && IsCollection(type) ? names.Concat(general) : names
                : general,
            BaseArgumentListSyntax arguments => Arguments(model, arguments).Concat(general),
            _ => general,
        };
    }

    // "paper with {", as long as it is not ended, is taken for all kinds of things: a property named "with" of a type named
    // "paper", for one. So it is read from the text.
    private static (ITypeSymbol Type, IReadOnlyCollection<string> Given)? Changed(SemanticModel model, string code, int before)
    {
        int depth = 0;
        int brace = before;
        for (; brace >= 0 && !(depth == 0 && code[brace] == '{'); brace--)
        {
            depth += code[brace] is '}' or ')' or ']' ? 1 : code[brace] is '{' or '(' or '[' ? -1 : 0;
            if (depth < 0)
            {
                return null; // inside the arguments of a call, or an index
            }
        }
        if (brace < 0 || With().Match(code[..brace]) is not { Success: true } match
            || model.GetSpeculativeTypeInfo(match.Index, SyntaxFactory.ParseExpression(match.Groups[1].Value), SpeculativeBindingOption.BindAsExpression).Type is not { TypeKind: not TypeKind.Error } type)
        {
            return null;
        }
        return (type, [.. Given().Matches(code[brace..(before + 1)]).Select(item => item.Groups[1].Value)]);
    }

    private static IEnumerable<string> Members(SemanticModel model, int dot, int start)
    {
        var owner = model.SyntaxTree.GetRoot().FindToken(dot).Parent switch
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

    private static ITypeSymbol? Initialised(SemanticModel model, InitializerExpressionSyntax initializer) => initializer.Parent switch
    {
        BaseObjectCreationExpressionSyntax creation => model.GetTypeInfo(creation) is var info ? info.Type is { TypeKind: not TypeKind.Error } made ? made : info.ConvertedType : null,
        // new A { B = { | } }
        AssignmentExpressionSyntax assignment => model.GetTypeInfo(assignment.Left).Type,
        _ => null,
    };

    private static IReadOnlyList<string> Settable(SemanticModel model, ITypeSymbol type, IReadOnlyCollection<string> taken, int start)
    {
        return [.. model.LookupSymbols(start, type).Where(symbol => symbol switch
        {
            IPropertySymbol { IsStatic: false, IsIndexer: false } property => property.SetMethod is { DeclaredAccessibility: Accessibility.Public },
            IFieldSymbol { IsStatic: false, IsReadOnly: false, IsConst: false } => Worth(symbol),
            _ => false,
        }).Select(symbol => symbol.Name).Where(name => !taken.Contains(name))];
    }

    private static bool IsCollection(ITypeSymbol type) => type.AllInterfaces.Any(item => item.SpecialType == SpecialType.System_Collections_IEnumerable);

    private static IEnumerable<string> Arguments(SemanticModel model, BaseArgumentListSyntax list)
    {
        if (list.Parent is not { } call)
        {
            return [];
        }
        var target = call is InvocationExpressionSyntax invocation ? invocation.Expression : call;
        var info = model.GetSymbolInfo(call);
        IEnumerable<ISymbol> candidates = [.. model.GetMemberGroup(target), .. info.CandidateSymbols, .. info.Symbol is { } found ? [found] : Array.Empty<ISymbol>()];
        if (call is BaseObjectCreationExpressionSyntax && (model.GetTypeInfo(call).Type ?? model.GetTypeInfo(call).ConvertedType) is INamedTypeSymbol made)
        {
            candidates = candidates.Concat(made.InstanceConstructors);
        }
        // A delegate in a variable has parameters, too.
        if (model.GetTypeInfo(target).Type is INamedTypeSymbol { DelegateInvokeMethod: { } invoke })
        {
            candidates = candidates.Append(invoke);
        }
        var named = list.Arguments.Select(argument => argument.NameColon?.Name.Identifier.ValueText).ToHashSet();
        return candidates.OfType<IMethodSymbol>().SelectMany(method => method.Parameters).Where(parameter => parameter.Name.Length > 0 && !named.Contains(parameter.Name))
            .Select(parameter => parameter.Name + ":").Distinct();
    }

    private static bool Worth(ISymbol symbol) =>
        symbol.CanBeReferencedByName && symbol.Name.Length > 0 && symbol.Name[0] != '<' && symbol is not IMethodSymbol { MethodKind: MethodKind.Constructor or MethodKind.UserDefinedOperator };

    [GeneratedRegex(@"([A-Za-z_][\w.]*(?:\([^(){};]*\)|\[[^\[\]{};]*\])*)\s+with\s*$")]
    private static partial Regex With();

    [GeneratedRegex(@"[{,]\s*(\w+)\s*=")]
    private static partial Regex Given();
}
