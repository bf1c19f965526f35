using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Retort.Notebook;

/// <summary>
/// Makes a cell's code stoppable: a call of <see cref="Interruption.Check"/> at each back edge of a loop, at each goto and
/// where functions begin, and <see cref="Interruption.Await(Task)"/> around what is awaited. What is put in is always the
/// same text, without number or place, so that the same source of a function gives the same IL in whatever cell it stands;
/// and it is put into the lines that are there, so that line numbers hold.
/// </summary>
internal static class CellRewriter
{
    private const string Type = "global::Retort.Notebook.Interruption.";
    private const string Check = Type + nameof(Interruption.Check) + "();";
    private const string Await = Type + nameof(Interruption.Await) + "(";

    /// <summary>The code with checks; code that does not parse comes back as it is.</summary>
    public static string Stoppable(string code)
    {
        var tree = CSharpSyntaxTree.ParseText(code, ScriptParse.Options);
        if (tree.GetDiagnostics().Any(item => item.Severity == DiagnosticSeverity.Error))
        {
            return code;
        }
        // A piece of code may begin where another ends; what closes comes before what opens.
        var pieces = new List<(int Position, bool Opens, int Depth, string Text)>();
        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            int depth = node.Ancestors().Count();
            void Put(int position, bool opens, string text) => pieces.Add((position, opens, opens ? depth : -depth, text));
            void Wrap(SyntaxNode inner, string before, string after)
            {
                Put(inner.SpanStart, true, before);
                Put(inner.Span.End, false, after);
            }
            switch (node)
            {
                case StatementSyntax when Body(node) is BlockSyntax body:
                    Put(body.OpenBraceToken.Span.End, true, Check);
                    break;
                case StatementSyntax when Body(node) is { } body:
                    Wrap(body, "{" + Check, "}");
                    break;
                case GotoStatementSyntax:
                    Wrap(node, "{" + Check, "}");
                    break;
                case AwaitExpressionSyntax awaited:
                    Wrap(awaited.Expression, Await, ")");
                    break;
                case BaseMethodDeclarationSyntax { Body: { } body }:
                    Put(body.OpenBraceToken.Span.End, true, Check);
                    break;
                case LocalFunctionStatementSyntax { Body: { } body }:
                    Put(body.OpenBraceToken.Span.End, true, Check);
                    break;
                case AnonymousFunctionExpressionSyntax { Block: { } body }:
                    Put(body.OpenBraceToken.Span.End, true, Check);
                    break;
                case MethodDeclarationSyntax { ExpressionBody: { } arrow } method when Returns(method.ReturnType, method.Modifiers, arrow):
                    Block(arrow, method.SemicolonToken);
                    break;
                case LocalFunctionStatementSyntax { ExpressionBody: { } arrow } function when Returns(function.ReturnType, function.Modifiers, arrow):
                    Block(arrow, function.SemicolonToken);
                    break;
                default:
                    break;
            }

            // "=> value;" becomes "{ check; return value; }", for functions that call themselves.
            void Block(ArrowExpressionClauseSyntax arrow, SyntaxToken semicolon)
            {
                pieces.Add((arrow.ArrowToken.SpanStart, true, depth, ArrowMark));
                // On the line of the value, so that stack traces show that line.
                Put(arrow.Expression.SpanStart, true, "return ");
                Put(semicolon.Span.End, false, "}");
            }
        }
        var text = new StringBuilder();
        int from = 0;
        foreach (var (position, _, _, put) in pieces.OrderBy(piece => piece.Position).ThenBy(piece => piece.Opens).ThenBy(piece => piece.Depth))
        {
            text.Append(code, from, position - from);
            from = position;
            if (put == ArrowMark)
            {
                text.Append('{').Append(Check);
                from += 2;
            }
            else
            {
                text.Append(put);
            }
        }
        return text.Append(code, from, code.Length - from).ToString();
    }

    /// <summary>
    /// Whether the code ends in an expression without a semicolon or returns something itself. Roslyn also counts a return inside a local function of a
    /// block, of which a cell has no value.
    /// </summary>
    public static bool GivesValue(string code)
    {
        var root = CSharpSyntaxTree.ParseText(code, ScriptParse.Options).GetCompilationUnitRoot();
        return root.Members.LastOrDefault() is GlobalStatementSyntax { Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } }
            || root.DescendantNodes(node => node is not (LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax or BaseTypeDeclarationSyntax or BaseMethodDeclarationSyntax))
                .Any(node => node is ReturnStatementSyntax);
    }

    // Stands for the two characters of an arrow, which go.
    private const string ArrowMark = "=>";

    private static StatementSyntax? Body(SyntaxNode node) => node switch
    {
        WhileStatementSyntax loop => loop.Statement,
        DoStatementSyntax loop => loop.Statement,
        ForStatementSyntax loop => loop.Statement,
        CommonForEachStatementSyntax loop => loop.Statement,
        _ => null,
    };

    private static bool Returns(TypeSyntax type, SyntaxTokenList modifiers, ArrowExpressionClauseSyntax arrow) =>
        !modifiers.Any(SyntaxKind.AsyncKeyword) && type is not RefTypeSyntax
        && type is not PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword } && arrow.Expression is not ThrowExpressionSyntax;
}
