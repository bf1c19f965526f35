using System.Net;

namespace Retort.Notebook;

/// <summary>The frame that all pages of the report share.</summary>
internal static class Page
{
    /// <summary>A whole page. Nothing in it may fetch from anywhere but the report's own folder.</summary>
    public static string Html(string title, string body, ReportAssets assets, string? navigation = null) =>
        $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'self' file: data: blob: 'unsafe-inline'; connect-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'">
        <title>{Text(title)}</title>
        <link rel="icon" href="data:,">
        {(assets.HasFormulas ? "<link rel=\"stylesheet\" href=\"assets/katex/katex.min.css\">\n" : "")}<link rel="stylesheet" href="assets/report.css">
        {(assets.HasFigures ? "<script defer src=\"assets/plotly.min.js\"></script>\n" : "")}{(assets.HasFormulas ? "<script defer src=\"assets/katex/katex.min.js\"></script>\n" : "")}<script defer src="assets/report.js"></script>
        </head>
        <body>
        <a class="skip" href="#content">Skip to content</a>
        {navigation}<main id="content">
        {body}
        </main>
        </body>
        </html>

        """;

    public static string Text(string? text) => WebUtility.HtmlEncode(text ?? "");
}
