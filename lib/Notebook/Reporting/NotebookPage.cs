using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Retort.Notebook;

/// <summary>One notebook as a page: its text, its code, its outputs, and what it ran on.</summary>
internal sealed partial class NotebookPage
{
    private readonly NotebookFile _notebook;
    private readonly MarkdownText _markdown;
    private readonly ReportAssets _assets;

    public NotebookPage(NotebookFile notebook, ReportAssets assets)
    {
        _notebook = notebook;
        _assets = assets;
        _markdown = new MarkdownText(Path.GetDirectoryName(Path.GetFullPath(notebook.FilePath))!, assets.Keep);
        Name = Path.GetFileNameWithoutExtension(notebook.FilePath);
        Title = notebook.Cells.Where(cell => cell.Kind == "markdown").Select(cell => MarkdownText.FirstHeading(cell.Source)).FirstOrDefault(title => title is not null) ?? Name;
    }

    /// <summary>The file's name without its ending; the page has the same.</summary>
    public string Name { get; }

    public string Address => Uri.EscapeDataString(Name) + ".html";

    public string Title { get; }

    /// <summary>What the outputs were made from and on; null if they are not from our runner, or another program has put others in since.</summary>
    public JsonObject? Run => _notebook.Metadata[Runner.MetadataKey] is JsonObject run && (run["output_hash"] is null || run["output_hash"]!.ToString() == _notebook.OutputHash) ? run : null;

    /// <summary>Whether the stored outputs belong to the code as it stands.</summary>
    public bool IsFresh => Run?["code_hash"]?.ToString() == _notebook.CodeHash;

    /// <summary>Anchor of a cell that is named by its id, by a tag, or by its number among all cells or among those that ran; null if there is none.</summary>
    public string? Anchor(string cell)
    {
        var cells = _notebook.Cells.ToList();
        int index = cells.FindIndex(item => item.Json["id"]?.ToString() == cell);
        index = index >= 0 ? index : cells.FindIndex(item => item.HasTag(cell));
        if (index < 0 && int.TryParse(cell, CultureInfo.InvariantCulture, out int number))
        {
            index = cells.FindIndex(item => item.IsCode && item.Json["execution_count"] is JsonValue value && value.TryGetValue(out int count) && count == number);
        }
        return index < 0 ? null : AnchorOf(index);
    }

    /// <summary>Anchor of the first cell whose outputs hold this text; null if there is none.</summary>
    public string? AnchorOfOutput(string text)
    {
        int index = _notebook.Cells.ToList().FindIndex(cell => cell.Outputs.OfType<JsonObject>().Any(output => OutputText(output).Contains(text, StringComparison.Ordinal)));
        return index < 0 ? null : AnchorOf(index);
    }

    /// <summary>The page, with links to the notebooks before and after it.</summary>
    public string Html(NotebookPage? before = null, NotebookPage? after = null)
    {
        var body = new StringBuilder();
        body.Append("<div class=\"reading\">\n").Append(Contents());
        body.Append("<article class=\"notebook\">\n");
        body.Append(Facts());
        for (int index = 0; index < _notebook.Cells.Count; index++)
        {
            var cell = _notebook.Cells[index];
            body.Append(CultureInfo.InvariantCulture, $"<section class=\"cell {cell.Kind}\" id=\"{AnchorOf(index)}\">\n");
            body.Append(cell.Kind == "markdown" ? _markdown.Html(cell.Source) : cell.IsCode ? Code(cell) : $"<pre>{Page.Text(cell.Source)}</pre>");
            body.Append("</section>\n");
        }
        var ways = Ways(before, after);
        body.Append($"<nav class=\"ways\" aria-label=\"Notebooks\">{ways}</nav>\n</article>\n</div>");
        return Page.Html(Title, body.ToString(), _assets, $"<nav class=\"ways top\" aria-label=\"Report\">{ways}</nav>\n");
    }

    private static string Ways(NotebookPage? before, NotebookPage? after) =>
        "<a href=\"index.html\">All claims and notebooks</a>"
        + (before is null ? "" : $"<a rel=\"prev\" href=\"{before.Address}\">\u2190 {Page.Text(before.Title)}</a>")
        + (after is null ? "" : $"<a rel=\"next\" href=\"{after.Address}\">{Page.Text(after.Title)} \u2192</a>");

    // The second and third level; the first is the title. A heading that begins its cell is reached by the cell's anchor.
    private string Contents()
    {
        var items = new StringBuilder();
        for (int index = 0; index < _notebook.Cells.Count; index++)
        {
            var cell = _notebook.Cells[index];
            if (cell.Kind != "markdown")
            {
                continue;
            }
            bool first = cell.Source.TrimStart().StartsWith('#');
            foreach (var (level, words, anchor) in MarkdownText.Headings(cell.Source))
            {
                if (level is 2 or 3)
                {
                    items.Append(CultureInfo.InvariantCulture, $"<li class=\"level-{level}\"><a href=\"#{(first || anchor is null ? AnchorOf(index) : anchor)}\">{Page.Text(words)}</a></li>\n");
                }
                first = false;
            }
        }
        return items.Length == 0 ? "" : $"<nav class=\"contents\" aria-label=\"Contents\"><details open><summary>Contents</summary><ul>\n{items}</ul></details></nav>\n";
    }

    /// <summary>What the notebook ran on, in one sentence.</summary>
    public string RunSentence()
    {
        if (Run is not { } run)
        {
            return _notebook.Metadata[Runner.MetadataKey] is null
                ? "Not run by retort-notebook: what its outputs were made on is not known."
                : "Cells were run again by another program since retort-notebook ran it: what these outputs were made on is not known.";
        }
        string Of(string key) => run[key]?.ToString() ?? "unknown";
        var parameters = run["parameters"] is JsonArray { Count: > 0 } list ? $" with {string.Join(", ", list.Select(item => item?.ToString()))}" : "";
        return $"Size {Of("size")}{parameters}, {Duration(run["seconds"])} on {Of("cores")} {(Of("cores") == "1" ? "core" : "cores")} of {Of("processor")} ({Of("system")}, {Of("runtime")}, {Of("host")}), {Of("date")}.{Kept(run)}";
    }

    // Seconds of a run that found its results say nothing about what they cost.
    private static string Kept(JsonNode run) => run["kept_results"] is JsonValue value && value.TryGetValue(out int kept) && kept > 0
        ? $" Of its {run["results"]} training runs {(kept.ToString(CultureInfo.InvariantCulture) == run["results"]?.ToString() ? "all" : kept.ToString(CultureInfo.InvariantCulture))} {(kept == 1 ? "was" : "were")} kept from an earlier run."
        : "";

    private static string Duration(JsonNode? seconds) =>
        seconds is JsonValue value && value.TryGetValue(out double number)
            ? number < 120 ? string.Create(CultureInfo.InvariantCulture, $"{number:0.#} s") : string.Create(CultureInfo.InvariantCulture, $"{number / 60:0.#} min")
            : "unknown time";

    private static string AnchorOf(int index) => string.Create(CultureInfo.InvariantCulture, $"cell-{index + 1}");

    private string Facts()
    {
        var notes = new StringBuilder($"<p class=\"facts\">{Page.Text(RunSentence())}</p>\n");
        if (Run is not null && !IsFresh)
        {
            notes.Append("<p class=\"note\">The code has changed since these outputs were made.</p>\n");
        }
        if (!_assets.HasFigures)
        {
            notes.Append("<p class=\"note\">Figures are still pictures: plotly.js was not at hand when this report was made.</p>\n");
        }
        if (!_assets.HasFormulas)
        {
            notes.Append("<p class=\"note\">Formulas are shown as TeX source: KaTeX was not at hand when this report was made.</p>\n");
        }
        return notes.ToString();
    }

    private string Code(NotebookCell cell)
    {
        var html = new StringBuilder();
        var count = cell.Json["execution_count"]?.ToString();
        if (cell.Source.Trim().Length > 0)
        {
            html.Append($"<pre class=\"code\" tabindex=\"0\" aria-label=\"Code{(count is null ? "" : $", cell {count}")}\"><code>{Highlighter.Html(cell.Source)}</code></pre>\n");
        }
        foreach (var output in cell.Outputs.OfType<JsonObject>())
        {
            html.Append("<div class=\"output\">").Append(Output(output)).Append("</div>\n");
        }
        return html.ToString();
    }

    private string Output(JsonObject output)
    {
        switch (output["output_type"]?.ToString())
        {
            case "stream":
                return $"<pre class=\"{(output["name"]?.ToString() == "stderr" ? "stderr" : "stdout")}\" tabindex=\"0\">{Page.Text(WithoutColours(NotebookCell.Text(output["text"])))}</pre>";
            case "error":
                var lines = output["traceback"] is JsonArray trace ? string.Join('\n', trace.Select(line => line?.ToString())) : "";
                return $"<pre class=\"stderr\" tabindex=\"0\">{Page.Text(WithoutColours(lines.Length > 0 ? lines : $"{output["ename"]}: {output["evalue"]}"))}</pre>";
            case "display_data" or "execute_result" when output["data"] is JsonObject data:
                return Data(data);
            default:
                return $"<pre class=\"stderr\">An output of unknown kind: {Page.Text(output["output_type"]?.ToString())}</pre>";
        }
    }

    private string Data(JsonObject data)
    {
        string? Content(string type) => data.ContainsKey(type) ? NotebookCell.Text(data[type]) ?? data[type]!.ToJsonString() : null;
        if (Content("text/html") is { } html)
        {
            return $"<div class=\"html\">{html}</div>";
        }
        if (Content("image/svg+xml") is { } svg)
        {
            return $"<img alt=\"{Page.Text(Content("text/plain") ?? "picture")}\" src=\"data:image/svg+xml;base64,{Convert.ToBase64String(Encoding.UTF8.GetBytes(svg))}\">";
        }
        foreach (var type in new[] { "image/png", "image/jpeg", "image/gif" })
        {
            if (Content(type) is { } picture)
            {
                return $"<img alt=\"{Page.Text(Content("text/plain") ?? "picture")}\" src=\"data:{type};base64,{picture.ReplaceLineEndings("")}\">";
            }
        }
        if (Content("text/markdown") is { } markdown)
        {
            return _markdown.Html(markdown);
        }
        return $"<pre class=\"stdout\" tabindex=\"0\">{Page.Text(WithoutColours(Content("text/plain") ?? Content("application/json") ?? ""))}</pre>";
    }

    private static string OutputText(JsonObject output) => string.Concat(
        NotebookCell.Text(output["text"]),
        output["data"] is JsonObject data ? string.Concat(data.Select(item => NotebookCell.Text(item.Value))) : "");

    private static string WithoutColours(string? text) => Colour().Replace(text ?? "", "");

    [GeneratedRegex(@"\x1B\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Colour();
}
