using System.Globalization;
using System.Text;

namespace Retort.Notebook;

/// <summary>The report's first page: all claims by paper, and the notebooks that made them.</summary>
internal sealed class Scoreboard(IReadOnlyList<ReportClaim> claims, IReadOnlyList<NotebookPage> notebooks, ReportAssets assets)
{
    private static readonly string[] Verdicts = ["reproduced", "not-reproduced", "undecided"];

    private static readonly (string Id, string Title)[] Papers =
    [
        ("ced", "CED: consistent ensemble distillation for audio tagging (2023)"),
        ("slu", "Sequence-level knowledge distillation for class-incremental spoken language understanding (2023)"),
        ("caption", "Efficient audio captioning with encoder-level knowledge distillation (2024)"),
        ("ger", "RobustGER: language models learn noise-robust speech recognition (2024)"),
        ("talker", "KDTalker: implicit-keypoint diffusion for talking portraits (2025)"),
    ];

    public string Html()
    {
        var body = new StringBuilder("<h1>What reproduces</h1>\n");
        body.Append("<p>Each row is one finding of a paper, re-tested on this machine by the notebook that the last column links to. The verdict follows from the numbers by a rule that was fixed before measuring; what failed is shown as failed.</p>\n");
        if (claims.Count == 0)
        {
            body.Append("<p class=\"note\">There are no claims yet: no notebook has written any into the results folder.</p>\n");
        }
        else
        {
            Summary(body);
            Filters(body);
            foreach (var group in claims.GroupBy(claim => claim.Paper).OrderBy(group => PaperOrder(group.Key)).ThenBy(group => group.Key, StringComparer.Ordinal))
            {
                Paper(body, group.Key, group);
            }
        }
        Notebooks(body);
        return Page.Html("What reproduces", body.ToString(), assets);
    }

    private static int PaperOrder(string id) => Array.FindIndex(Papers, paper => paper.Id == id) is var index && index < 0 ? Papers.Length : index;

    private static string PaperTitle(string id) => Papers.FirstOrDefault(paper => paper.Id == id).Title ?? id;

    private static string Badge(string verdict, string? count = null) =>
        $"<span class=\"verdict {verdict}\">{(verdict == "reproduced" ? "✓" : verdict == "undecided" ? "?" : "✗")} {count}{verdict.Replace('-', ' ')}</span>";

    private void Summary(StringBuilder body)
    {
        body.Append("<ul class=\"counts\" aria-label=\"Summary\">");
        foreach (var verdict in Verdicts)
        {
            int count = claims.Count(claim => claim.Verdict == verdict);
            body.Append("<li>").Append(Badge(verdict, string.Create(CultureInfo.InvariantCulture, $"{count} "))).Append("</li>");
        }
        body.Append("</ul>\n");
    }

    private void Filters(StringBuilder body)
    {
        body.Append("<form class=\"filters\" hidden aria-label=\"Filter the claims\">\n");
        body.Append("<div><label for=\"paper\">Paper</label><select id=\"paper\" name=\"paper\"><option value=\"\">all papers</option>");
        foreach (var paper in claims.Select(claim => claim.Paper).Distinct().OrderBy(PaperOrder))
        {
            body.Append($"<option value=\"{Page.Text(paper)}\">{Page.Text(paper)}</option>");
        }
        body.Append("</select></div>\n<div><label for=\"verdict\">Verdict</label><select id=\"verdict\" name=\"verdict\"><option value=\"\">all verdicts</option>");
        foreach (var verdict in Verdicts)
        {
            body.Append($"<option value=\"{verdict}\">{verdict.Replace('-', ' ')}</option>");
        }
        body.Append("</select></div>\n<output for=\"paper verdict\"></output>\n</form>\n");
    }

    private void Paper(StringBuilder body, string paper, IEnumerable<ReportClaim> group)
    {
        var title = Page.Text(PaperTitle(paper));
        body.Append($"<section class=\"paper\" aria-labelledby=\"paper-{Page.Text(paper)}\">\n<h2 id=\"paper-{Page.Text(paper)}\">{title}</h2>\n");
        body.Append($"<table class=\"claims\"><caption>Claims of {title}</caption>\n<thead><tr>");
        foreach (var name in new[] { "Claim", "Verdict", "Published", "Here: effect [interval]", "Test", "Seeds", "Size", "Where" })
        {
            body.Append($"<th scope=\"col\">{name}</th>");
        }
        body.Append("</tr></thead>\n<tbody>\n");
        foreach (var claim in group)
        {
            Row(body, claim);
        }
        body.Append("</tbody></table>\n</section>\n");
    }

    private void Row(StringBuilder body, ReportClaim claim)
    {
        void Cell(string name, string html, string kind = "") => body.Append($"<td data-name=\"{name}\"{(kind.Length > 0 ? $" class=\"{kind}\"" : "")}>{html}</td>");
        static string Small(string text) => text.Length > 0 ? $"<span class=\"reason\">{Page.Text(text)}</span>" : "";
        body.Append($"<tr data-paper=\"{Page.Text(claim.Paper)}\" data-verdict=\"{claim.Verdict}\" id=\"{Page.Text(claim.Id)}\">");
        Cell("Claim", $"<div>{Page.Text(claim.Says)}{Small(claim.Notes)}</div>", "words");
        Cell("Verdict", $"<div>{Badge(claim.Verdict)}</div>");
        Cell("Published", $"<div>{Page.Text(claim.Published)}</div>");
        Cell("Here", $"<div>{Page.Text(claim.Interval)}{Small(claim.Measured)}</div>");
        var p = claim.PValue is { } value ? value < 0.0001 ? "p &lt; 0.0001" : $"p = {value.ToString("G2", CultureInfo.InvariantCulture)}" : "";
        Cell("Test", p.Length > 0 || claim.Test.Length > 0 ? $"<div>{p}{Small(claim.Test)}</div>" : "");
        Cell("Seeds", claim.Seeds.Count == 0 ? "none" : $"<div>{claim.Seeds.Count}{Small(string.Join(", ", claim.Seeds))}</div>");
        Cell("Size", Page.Text(claim.Size));
        Cell("Where", Link(claim));
        body.Append("</tr>\n");
    }

    private string Link(ReportClaim claim)
    {
        // By the notebook and cell that the claim names, else where a text output names the claim.
        var words = $"({claim.Id})";
        var name = Path.GetFileNameWithoutExtension(claim.Notebook);
        var notebook = name.Length > 0 ? notebooks.FirstOrDefault(page => page.Name == name) : notebooks.FirstOrDefault(page => page.AnchorOfOutput(words) is not null);
        if (notebook is null)
        {
            return Page.Text(claim.Notebook);
        }
        var anchor = (claim.Cell.Length > 0 ? notebook.Anchor(claim.Cell) : null) ?? notebook.AnchorOfOutput(words);
        return $"<a href=\"{notebook.Address}{(anchor is null ? "" : "#" + anchor)}\" aria-label=\"{Page.Text($"{claim.Says}: the cell in {notebook.Name}")}\">{Page.Text(notebook.Name)}</a>";
    }

    private void Notebooks(StringBuilder body)
    {
        body.Append("<h2 id=\"notebooks\">Notebooks, and what they ran on</h2>\n");
        if (notebooks.Count == 0)
        {
            body.Append("<p class=\"note\">There are no notebooks in this report.</p>\n");
            return;
        }
        body.Append("<ul>\n");
        foreach (var page in notebooks)
        {
            body.Append($"<li><a href=\"{page.Address}\">{Page.Text(page.Title)}</a><br><span class=\"facts\">{Page.Text(page.RunSentence())}{(page.Run is null || page.IsFresh ? "" : " The code has changed since.")}</span></li>\n");
        }
        body.Append("</ul>\n");
    }
}
