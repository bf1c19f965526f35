using System.Net;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Retort.Notebook;

/// <summary>C# as HTML with spans for keywords (k), texts (s), numbers (n), comments (c) and directives (d).</summary>
internal static class Highlighter
{
    public static string Html(string code)
    {
        var html = new StringBuilder();
        foreach (var token in CSharpSyntaxTree.ParseText(code, ScriptParse.Options).GetRoot().DescendantTokens())
        {
            Trivia(html, token.LeadingTrivia);
            Append(html, token.Text, Class(token));
            Trivia(html, token.TrailingTrivia);
        }
        return html.ToString();
    }

    private static void Trivia(StringBuilder html, SyntaxTriviaList list)
    {
        foreach (var trivia in list)
        {
            Append(html, trivia.ToFullString(), trivia.IsDirective ? "d" : trivia.Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia ? "c" : null);
        }
    }

    private static string? Class(SyntaxToken token) => token.Kind() switch
    {
        SyntaxKind.NumericLiteralToken => "n",
        SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken or SyntaxKind.SingleLineRawStringLiteralToken
            or SyntaxKind.MultiLineRawStringLiteralToken or SyntaxKind.InterpolatedStringTextToken
            or SyntaxKind.InterpolatedStringStartToken or SyntaxKind.InterpolatedStringEndToken => "s",
        _ when token.IsKeyword() || SyntaxFacts.IsContextualKeyword(token.Kind()) || token.Text is "var" or "await" => "k",
        _ => null,
    };

    private static void Append(StringBuilder html, string text, string? kind)
    {
        if (text.Length > 0)
        {
            html.Append(kind is null ? WebUtility.HtmlEncode(text) : $"<span class=\"{kind}\">{WebUtility.HtmlEncode(text)}</span>");
        }
    }
}
