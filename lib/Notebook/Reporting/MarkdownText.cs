using Markdig;
using Markdig.Renderers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Retort.Notebook;

/// <summary>Markdown cells as HTML. Links between notebooks become links between pages; local pictures come along.</summary>
internal sealed class MarkdownText
{
    // What Jupyter's own Markdown knows, and no more: attributes in braces, for one, would eat the braces of any text.
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseEmphasisExtras(Markdig.Extensions.EmphasisExtras.EmphasisExtraOptions.Strikethrough)
        .UseTaskLists().UseAutoLinks().UseAutoIdentifiers(Markdig.Extensions.AutoIdentifiers.AutoIdentifierOptions.GitHub).Build();

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
        var formulas = Formulas.Find(markdown);
        var document = Markdown.Parse(Formulas.TakeOut(markdown, formulas), Pipeline);
        foreach (var link in document.Descendants<LinkInline>())
        {
            link.Url = Address(link.Url, link.IsImage);
        }
        var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        renderer.Render(document);
        return Formulas.PutBack(writer.ToString(), formulas);
    }

    /// <summary>The headings of a text: level, words, and the anchor that its HTML has.</summary>
    public static IEnumerable<(int Level, string Words, string? Anchor)> Headings(string markdown)
    {
        var formulas = Formulas.Find(markdown);
        foreach (var heading in Markdown.Parse(Formulas.TakeOut(markdown, formulas), Pipeline).Descendants<HeadingBlock>())
        {
            var words = heading.Inline is { } inline
                ? string.Concat(inline.Descendants().Select(part => part switch
                {
                    LiteralInline literal => literal.Content.ToString(),
                    CodeInline code => code.Content,
                    LineBreakInline => " ",
                    _ => "",
                }))
                : "";
            for (int index = 0; index < formulas.Count; index++)
            {
                words = words.Replace(Formulas.Mark(index), formulas[index].Tex, StringComparison.Ordinal);
            }
            yield return (heading.Level, words, Markdig.Renderers.Html.HtmlAttributesExtensions.TryGetAttributes(heading)?.Id);
        }
    }

    /// <summary>The text of the first heading; null if there is none.</summary>
    public static string? FirstHeading(string markdown) => Headings(markdown).Select(heading => heading.Words).FirstOrDefault();

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
}
