using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Retort.Notebook;

/// <summary>The rules for one code cell.</summary>
internal sealed partial class CellLinter
{
    private static readonly HashSet<string> NetworkTypes = ["HttpClient", "WebClient", "TcpClient", "WebRequest"];
    private static readonly HashSet<string> StackTypes = ["Span", "ReadOnlySpan"];
    private readonly NotebookCell _cell;
    private readonly int _number;
    private readonly HashSet<string> _variables;
    private readonly List<LintProblem> _problems;
    private readonly SyntaxTree _tree;
    private readonly CompilationUnitSyntax _root;

    /// <param name="cell">The cell.</param>
    /// <param name="number">Its number among all cells.</param>
    /// <param name="variables">Variables of the cells before; those of this cell are added.</param>
    /// <param name="problems">Where problems go.</param>
    public CellLinter(NotebookCell cell, int number, HashSet<string> variables, List<LintProblem> problems)
    {
        _cell = cell;
        _number = number;
        _variables = variables;
        _problems = problems;
        _tree = CSharpSyntaxTree.ParseText(cell.Source, ScriptParse.Options);
        _root = (CompilationUnitSyntax)_tree.GetRoot();
    }

    /// <summary>Whether a cell has more than usings and references.</summary>
    public static bool HasCode(string source) =>
        ((CompilationUnitSyntax)CSharpSyntaxTree.ParseText(source, ScriptParse.Options).GetRoot()).Members.Count > 0;

    public void Check(bool codeBefore)
    {
        CheckLength();
        CheckDirectives(codeBefore);
        CheckSyntax();
        CheckDefinitions();
        CheckNames();
        CheckTexts();
        CheckVariables();
    }

    private void Add(int line, string rule, string problem) => _problems.Add(new LintProblem(_number, line, rule, problem));

    private void Add(SyntaxNode node, string rule, string problem) => Add(Line(node.SpanStart), rule, problem);

    private int Line(int position) => _tree.GetText().Lines.GetLineFromPosition(position).LineNumber + 1;

    private void CheckLength()
    {
        var lines = _cell.Source.TrimEnd().Split('\n');
        if (lines.Length > Linter.CellLines)
        {
            Add(0, "long-cell", $"has {lines.Length} lines, at most {Linter.CellLines} are allowed: split it, or move what is not method into the library");
        }
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].TrimEnd().Length is > Linter.LineCharacters and var length)
            {
                Add(i + 1, "long-line", $"has {length} characters, at most {Linter.LineCharacters} are allowed: break it");
            }
        }
    }

    private void CheckDirectives(bool codeBefore)
    {
        bool optional = _cell.HasTag(Linter.OptionalTag);
        if (CellText.Read(_cell.Source).NotPortable is { } problem && !(optional && problem.Problem.Contains("package restore", StringComparison.Ordinal)))
        {
            Add(problem.Line, "magic", problem.Problem);
        }
        foreach (var directive in _root.DescendantNodes(descendIntoTrivia: true).OfType<DirectiveTriviaSyntax>())
        {
            if (directive is LoadDirectiveTriviaSyntax)
            {
                Add(directive, "load", "#load is not part of the portable subset; move the code into the library");
            }
            else if (directive is ReferenceDirectiveTriviaSyntax && !optional)
            {
                if (codeBefore)
                {
                    Add(directive, "late-reference", "#r belongs into the first code cell");
                }
                if (_root.GetFirstToken(includeZeroWidth: true).SpanStart is var first && first < directive.SpanStart && !_root.GetFirstToken().IsKind(SyntaxKind.None))
                {
                    Add(directive, "late-reference", "#r must come before all code of its cell");
                }
            }
        }
    }

    private void CheckSyntax()
    {
        var usingLines = new HashSet<int>();
        foreach (Match match in UsingDeclaration().Matches(_cell.Source))
        {
            // Inside a block or method it is fine; at the top level the script parser takes it for a using directive.
            int position = match.Groups[1].Index;
            if (!_root.FindToken(position).Parent!.AncestorsAndSelf().Any(node => node is BlockSyntax or LiteralExpressionSyntax or InterpolatedStringExpressionSyntax) && !IsComment(position))
            {
                usingLines.Add(Line(position));
                Add(Line(position), "using-declaration", "a using declaration does not parse at a cell's top level; write using (...) { }");
            }
        }
        foreach (var node in _root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>())
        {
            Add(node, "namespace", "a cell cannot declare a namespace");
        }
        foreach (var error in _tree.GetDiagnostics().Where(item => item.Severity == DiagnosticSeverity.Error).Take(3))
        {
            int line = error.Location.GetLineSpan().StartLinePosition.Line + 1;
            if (!usingLines.Contains(line) && error.Id is not ("CS7021" or "CS7009") && CellText.Read(_cell.Source).NotPortable is null)
            {
                Add(line, "syntax", $"{error.Id}: {error.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}");
            }
        }
    }

    private bool IsComment(int position) => _root.FindTrivia(position).Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia;

    private void CheckDefinitions()
    {
        foreach (var node in _root.DescendantNodes())
        {
            var name = node switch
            {
                BaseTypeDeclarationSyntax type => type.Identifier.ValueText,
                MethodDeclarationSyntax method => method.Identifier.ValueText,
                LocalFunctionStatementSyntax function => function.Identifier.ValueText,
                AnonymousFunctionExpressionSyntax { Parent: EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax variable } } => variable.Identifier.ValueText,
                _ => null,
            };
            if (name is null)
            {
                continue;
            }
            var span = _tree.GetLineSpan(node.Span);
            int lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
            if (lines > Linter.DefinitionLines)
            {
                Add(node, "long-definition", $"'{name}' has {lines} lines, at most {Linter.DefinitionLines} are allowed: split it, or move it into the library");
            }
        }
    }

    private void CheckNames()
    {
        foreach (var name in _root.DescendantNodes().OfType<NameSyntax>())
        {
            var text = name.ToString();
            if (name is QualifiedNameSyntax && text.StartsWith("Microsoft.DotNet.Interactive", StringComparison.Ordinal) && name.Parent is not QualifiedNameSyntax)
            {
                Add(name, "host-name", $"{text} exists in one host only");
            }
            else if (name is IdentifierNameSyntax && text is "PocketView" or "PocketViewTags" or "KernelInvocationContext")
            {
                Add(name, "host-name", $"{text} exists in one host only");
            }
            else if (name is IdentifierNameSyntax && NetworkTypes.Contains(text))
            {
                Add(name, "network", $"{text}: cells do not use the network");
            }
        }
        foreach (var access in _root.DescendantNodes().OfType<MemberAccessExpressionSyntax>().Where(node => node.ToString().StartsWith("Microsoft.DotNet.Interactive", StringComparison.Ordinal) && node.Parent is not MemberAccessExpressionSyntax))
        {
            Add(access, "host-name", $"{access} exists in one host only");
        }
    }

    private void CheckTexts()
    {
        foreach (var token in _root.DescendantTokens(descendIntoTrivia: true))
        {
            if (token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.InterpolatedStringTextToken
                && AbsolutePath().IsMatch(token.ValueText))
            {
                Add(Line(token.SpanStart), "absolute-path", $"'{token.ValueText}' is a path of one machine; write it relative to the notebook");
            }
        }
    }

    private void CheckVariables()
    {
        var own = new HashSet<string>();
        foreach (var field in _root.Members.OfType<FieldDeclarationSyntax>())
        {
            if (field.Declaration.Type is GenericNameSyntax { Identifier.ValueText: var type } && StackTypes.Contains(type))
            {
                Add(field, "stack-type", $"a {type} cannot be a cell's variable; use it inside a block or a method");
            }
            own.UnionWith(field.Declaration.Variables.Select(variable => variable.Identifier.ValueText));
        }
        _variables.UnionWith(own);
        foreach (var type in _root.Members.OfType<TypeDeclarationSyntax>())
        {
            CheckType(type);
        }
        foreach (var node in _root.DescendantNodes().Where(node => node.GetType().Name == "ExtensionBlockDeclarationSyntax"))
        {
            Add(node, "extension-block", "a cell cannot declare an extension block");
        }
    }

    // A type that a cell declares does not see the cells' variables. By names only, so a name that the type declares
    // itself anywhere is taken for its own.
    private void CheckType(TypeDeclarationSyntax type)
    {
        var declared = new HashSet<string>(type.DescendantNodesAndSelf().Select(node => node switch
        {
            VariableDeclaratorSyntax variable => variable.Identifier.ValueText,
            ParameterSyntax parameter => parameter.Identifier.ValueText,
            PropertyDeclarationSyntax property => property.Identifier.ValueText,
            MethodDeclarationSyntax method => method.Identifier.ValueText,
            SingleVariableDesignationSyntax designation => designation.Identifier.ValueText,
            ForEachStatementSyntax loop => loop.Identifier.ValueText,
            _ => "",
        }));
        foreach (var name in type.DescendantNodes().OfType<IdentifierNameSyntax>())
        {
            var text = name.Identifier.ValueText;
            bool isMember = name.Parent is MemberAccessExpressionSyntax access && access.Name == name;
            bool isLabel = name.Parent is NameColonSyntax or NameEqualsSyntax or QualifiedNameSyntax or AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax };
            if (!isMember && !isLabel && _variables.Contains(text) && !declared.Contains(text))
            {
                Add(name, "variable-in-type", $"type '{type.Identifier.ValueText}' reads the cell variable '{text}', which types cannot see; pass it in");
            }
        }
    }

    [GeneratedRegex(@"^[ \t]*(?:await[ \t]+)?(using)[ \t]+(?!static\b)[\w.<>,\[\]?]+[ \t]+\w+[ \t]*=", RegexOptions.Multiline)]
    private static partial Regex UsingDeclaration();

    [GeneratedRegex(@"^(/(?!/)[\w.-]+(/|$)|~/|[A-Za-z]:[\\/](?!/))")]
    private static partial Regex AbsolutePath();
}
