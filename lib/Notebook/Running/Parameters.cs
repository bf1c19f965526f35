using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Retort.Notebook;

/// <summary>
/// Values from the command line for a notebook's parameters: a cell tagged `parameters` declares them with their
/// defaults, a cell tagged `injected-parameters` after it declares them again (papermill's way; C# script allows it).
/// </summary>
internal static partial class Parameters
{
    public const string Tag = "parameters";
    public const string InjectedTag = "injected-parameters";

    /// <summary>Puts the injected cell in; replaces one of an earlier run. Without values, an earlier one is taken out.</summary>
    public static void Inject(NotebookFile notebook, IReadOnlyList<string> assignments)
    {
        foreach (var old in notebook.Cells.Where(cell => cell.HasTag(InjectedTag)).ToList())
        {
            notebook.Remove(old);
        }
        if (assignments.Count == 0)
        {
            return;
        }
        int index = notebook.Cells.ToList().FindIndex(cell => cell.IsCode && cell.HasTag(Tag));
        if (index < 0)
        {
            throw new NotebookException(notebook.FilePath, "", $"has no code cell tagged '{Tag}', so --param has nowhere to go");
        }
        var declared = Declared(notebook.Cells[index].Source);
        var lines = assignments.Select(assignment => Line(notebook.FilePath, assignment, declared));
        notebook.Insert(index + 1, "// Parameters of this run\n" + string.Join('\n', lines), InjectedTag);
    }

    /// <summary>The variables that a cell declares, with their first values' kinds.</summary>
    private static Dictionary<string, ExpressionSyntax?> Declared(string source)
    {
        var root = CSharpSyntaxTree.ParseText(source, ScriptParse.Options).GetRoot();
        var found = new Dictionary<string, ExpressionSyntax?>();
        foreach (var variable in root.DescendantNodes().OfType<FieldDeclarationSyntax>().SelectMany(field => field.Declaration.Variables))
        {
            found[variable.Identifier.ValueText] = variable.Initializer?.Value;
        }
        return found;
    }

    private static string Line(string path, string assignment, Dictionary<string, ExpressionSyntax?> declared)
    {
        int equals = assignment.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? assignment : assignment[..equals].Trim();
        if (equals < 0 || !SyntaxFacts.IsValidIdentifier(name))
        {
            throw new NotebookException("--param", assignment, "expected name=value");
        }
        if (!declared.TryGetValue(name, out var initial))
        {
            throw new NotebookException("--param", name, $"{path} has no such parameter; it has {string.Join(", ", declared.Keys)}");
        }
        return $"var {name} = {Literal(name, assignment[(equals + 1)..], initial)};";
    }

    private static string Literal(string name, string value, ExpressionSyntax? initial)
    {
        if (initial is PrefixUnaryExpressionSyntax { Operand: LiteralExpressionSyntax operand })
        {
            initial = operand;
        }
        NotebookException Bad(string expected) => new("--param", name, $"expected {expected}, found '{value}'");
        switch (initial)
        {
            case LiteralExpressionSyntax text when text.IsKind(SyntaxKind.StringLiteralExpression):
                return SymbolDisplay.FormatLiteral(value, quote: true);
            case LiteralExpressionSyntax flag when flag.Kind() is SyntaxKind.TrueLiteralExpression or SyntaxKind.FalseLiteralExpression:
                return bool.TryParse(value, out bool yes) ? (yes ? "true" : "false") : throw Bad("true or false");
            case LiteralExpressionSyntax { Token.Value: int }:
                return int.TryParse(value, CultureInfo.InvariantCulture, out int whole) ? whole.ToString(CultureInfo.InvariantCulture) : throw Bad("a whole number");
            case LiteralExpressionSyntax { Token.Value: long or uint or ulong }:
                return long.TryParse(value, CultureInfo.InvariantCulture, out long large) ? large.ToString(CultureInfo.InvariantCulture) + "L" : throw Bad("a whole number");
            case LiteralExpressionSyntax { Token.Value: double or float or decimal } number:
                if (!double.TryParse(value, CultureInfo.InvariantCulture, out double real) || !double.IsFinite(real))
                {
                    throw Bad("a number");
                }
                var suffix = number.Token.Value switch { float => "f", decimal => "m", _ => "d" };
                return real.ToString("R", CultureInfo.InvariantCulture) + suffix;
            default:
                return Guess(value);
        }
    }

    // The default is an expression, so the value says itself what it is.
    private static string Guess(string value) =>
        value is "true" or "false" || Number().IsMatch(value) ? value : SymbolDisplay.FormatLiteral(value, quote: true);

    [GeneratedRegex(@"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")]
    private static partial Regex Number();
}
