using Markdig;
using Markdig.Extensions.Mathematics;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Retort.Notebook;

/// <summary>Markdown cells as HTML. Links between notebooks become links between pages; local pictures come along.</summary>
internal sealed class MarkdownText
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UseAdvancedExtensions().Build();
    private readonly string _folder;
    private readonly Func<string, string> _keepFile;

    /// <param name="folder">The folder that links are relative to.</param>
    /// <param name="keepFile">Takes a local file into the report and gives its address there.</param>
    public MarkdownText(string folder, Func<string, string> keepFile)
    {
        _folder = folder;
        _keepFile = keepFile;
    }

    public string Html(string markdown)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var link in document.Descendants<LinkInline>())
        {
            link.Url = Address(link.Url, link.IsImage);
        }
        var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.ReplaceOrAdd<HtmlMathInlineRenderer>(new FormulaRenderer());
        renderer.Render(document);
        return writer.ToString();
    }

    /// <summary>The text of the first heading; null if there is none.</summary>
    public static string? FirstHeading(string markdown)
    {
        var heading = Markdown.Parse(markdown, Pipeline).Descendants<HeadingBlock>().FirstOrDefault();
        return heading?.Inline is { } inline ? string.Concat(inline.Descendants<LiteralInline>().Select(literal => literal.Content.ToString())) : null;
    }

    private string? Address(string? url, bool image)
    {
        if (string.IsNullOrEmpty(url) || url.StartsWith('#') || url.Contains(':', StringComparison.Ordinal))
        {
            return url;
        }
        var file = url.Split('#', '?')[0];
        if (!image && file.EndsWith(".ipynb", StringComparison.Ordinal) && !file.Contains('/', StringComparison.Ordinal))
        {
            return file[..^".ipynb".Length] + ".html" + url[file.Length..];
        }
        var path = Path.GetFullPath(Path.Combine(_folder, Uri.UnescapeDataString(file)));
        return image && File.Exists(path) ? _keepFile(path) : url;
    }

    /// <summary>Two dollar signs mean a formula on a line of its own, also within one line of source: as in Jupyter.</summary>
    private sealed class FormulaRenderer : HtmlObjectRenderer<MathInline>
    {
        protected override void Write(HtmlRenderer renderer, MathInline formula)
        {
            var (open, close) = formula.DelimiterCount == 2 ? ("\\[", "\\]") : ("\\(", "\\)");
            renderer.Write("<span class=\"math\">").Write(open).WriteEscape(formula.Content.ToString()).Write(close).Write("</span>");
        }
    }
}
