using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>Formulas of notebooks: what the author wrote is what the page shows.</summary>
public partial class FormulaTest
{
    [Theory]
    [InlineData("the loss $\\mathcal{L}(z, p)$ here", "\\mathcal{L}(z, p)")]
    [InlineData("$$\\mathcal{L} = \\Big[a_{v}\\,b\\Big],\\qquad\n\\bar p_c(x_v)=1$$", "\\mathcal{L} = \\Big[a_{v}\\,b\\Big],\\qquad\n\\bar p_c(x_v)=1")]
    [InlineData("between $a\n+ b$ lines", "a\n+ b")]
    [InlineData("*a $x_1 * y_1$ b* and $<b>$", "x_1 * y_1", "<b>")]
    [InlineData("| a |\n|---|\n| $|x|$ |", "|x|")]
    [InlineData("$\\text{if $x$ is \\$5}$", "\\text{if $x$ is \\$5}")]
    [InlineData("it costs \\$5 and \\$6")]
    [InlineData("`$a$` and ``$`b$``\n\n```bash\necho $HOME $PATH\n```\n\n$c$", "c")]
    [InlineData("# Heading with $k$\n\n> quoted $q$", "k", "q")]
    [InlineData("\\begin{align}a &= b \\\\ c &= d\\end{align}", "\\begin{align}a &= b \\\\ c &= d\\end{align}")]
    [InlineData("five $ here\n\nand $ there")]
    public void Page_Formulas_AreWhatWasWritten(string markdown, params string[] expected)
    {
        using var cells = new Cells();
        Assert.Equal(expected, OnPage(new MarkdownText(cells.Folder, path => path).Html(markdown)));
    }

    [Fact]
    public void Page_BracesOutsideFormulas_AreText()
    {
        using var cells = new Cells();
        Assert.Equal("<p>a {y} b {L}</p>\n", new MarkdownText(cells.Folder, path => path).Html("a {y} b {L}"));
    }

    public static TheoryData<string> Committed => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "notebooks"), "*.ipynb").Select(path => Path.GetFileName(path)).Order()];

    [SkippableTheory]
    [MemberData(nameof(Committed))]
    public async Task CommittedNotebook_EveryFormula_IsOnItsPageAndTypesets(string name)
    {
        var path = Path.Combine(Repository.Root, "notebooks", name);
        var written = Written(path);
        using var cells = new Cells();
        var report = Path.GetDirectoryName(Report.Write(cells.Folder, [path], Path.Combine(cells.Folder, "report")))!;
        var page = Path.Combine(report, Path.ChangeExtension(name, ".html"));
        Assert.Equal(written, OnPage(File.ReadAllText(page)));

        Skip.IfNot(File.Exists(Path.Combine(ReportAssets.Cache, "katex", "katex.min.js")), "KaTeX is not in the cache (environment/katex/install.sh)");
        await using var browser = await Browser.StartAsync();
        await browser.Open("file://" + page);
        await browser.Until($"document.querySelectorAll('.katex').length === {written.Count}");
        // KaTeX keeps the source that it typeset.
        var shown = (await browser.Evaluate("[...document.querySelectorAll('.katex annotation')].map(a => a.textContent)"))!.AsArray().Select(item => item!.ToString());
        Assert.Equal(written.Select(formula => formula.Trim()), shown.Select(formula => formula.Trim()));
        Assert.Equal(0, (await browser.Evaluate("document.querySelectorAll('.katex-error').length"))!.GetValue<int>());
    }

    // By a way of its own, plainer than the host's: code is blanked out, then pairs of dollars are read.
    private static IReadOnlyList<string> Written(string path) =>
    [
        .. JsonNode.Parse(File.ReadAllText(path))!["cells"]!.AsArray()
            .Where(cell => cell!["cell_type"]!.ToString() == "markdown")
            .Select(cell => cell!["source"] is JsonArray lines ? string.Concat(lines.Select(line => line!.ToString())) : cell["source"]!.ToString())
            .SelectMany(text => Dollars().Matches(Code().Replace(text, "")).Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value)),
    ];

    private static IReadOnlyList<string> OnPage(string html) =>
        [.. Spans().Matches(html).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value)).Select(text => text[2..^2])];

    [GeneratedRegex("<span class=\"math(?: display)?\">(.*?)</span>", RegexOptions.Singleline)]
    private static partial Regex Spans();

    [GeneratedRegex(@"^```.*?^```|`[^`\n]*`", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Code();

    [GeneratedRegex(@"(?<!\\)\$\$(.+?)\$\$|(?<!\\)\$(.+?)(?<!\\)\$", RegexOptions.Singleline)]
    private static partial Regex Dollars();
}
