using System.Globalization;
using System.Text;

namespace Retort.Notebook;

/// <summary>The report's first page: a line a claim with its place in a forest plot, by paper, and the notebooks that made them.</summary>
internal sealed class Scoreboard(IReadOnlyList<ReportClaim> claims, IReadOnlyList<ReportFact> facts, IReadOnlyList<NotebookPage> notebooks, ReportAssets assets)
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
        if (claims.Count == 0)
        {
            body.Append("<p class=\"note\">There are no claims yet: no notebook has written any into the results folder.</p>\n");
        }
        else
        {
            var sizes = claims.Select(claim => claim.Size).Distinct().ToList();
            body.Append($"<p>Each line is a finding of a paper or, marked <i>ours</i>, a check that the paper does not have, tested on this machine at size <b>{Page.Text(string.Join(" and ", sizes))}</b>. The verdict follows from the numbers by the rule that the line states; what failed is shown as failed. A line opens with what stands behind it, and its notebook says what was tried before.</p>\n");
            Summary(body);
            body.Append("<p class=\"legend\" aria-hidden=\"true\"><span class=\"key reproduced\"></span> <span class=\"key not-reproduced\"></span> <span class=\"key undecided\"></span> our effect with its 95 % interval, coloured by verdict <span class=\"key pub\"></span> published <span class=\"key bound\"></span> what it must pass</p>\n");
            Filters(body);
            foreach (var group in claims.GroupBy(claim => claim.Paper).OrderBy(group => PaperOrder(group.Key)).ThenBy(group => group.Key, StringComparer.Ordinal))
            {
                Paper(body, group.Key, [.. group]);
            }
        }
        Notebooks(body);
        return Page.Html("What reproduces", body.ToString(), assets);
    }

    private static int PaperOrder(string id) => Array.FindIndex(Papers, paper => paper.Id == id) is var index && index < 0 ? Papers.Length : index;

    private static string PaperTitle(string id) => Papers.FirstOrDefault(paper => paper.Id == id).Title ?? id;

    private static string Sign(string verdict) => verdict == "reproduced" ? "✓" : verdict == "undecided" ? "?" : "✗";

    private static string Badge(string verdict, string words) => $"<span class=\"verdict {verdict}\">{Sign(verdict)} {words}</span>";

    private void Summary(StringBuilder body)
    {
        body.Append("<ul class=\"counts\" aria-label=\"Summary\">");
        foreach (var verdict in Verdicts)
        {
            Count(claims.Where(claim => !claim.Ours), verdict, "");
        }
        foreach (var verdict in Verdicts.Where(verdict => claims.Any(claim => claim.Ours && claim.Verdict == verdict)))
        {
            Count(claims.Where(claim => claim.Ours), verdict, "ours: ");
        }
        body.Append("</ul>\n");

        void Count(IEnumerable<ReportClaim> of, string verdict, string whose)
        {
            int count = of.Count(claim => claim.Verdict == verdict);
            body.Append("<li>").Append(Badge(verdict, string.Create(CultureInfo.InvariantCulture, $"{whose}{count} {ReportClaim.Words(verdict, whose.Length > 0, count)}"))).Append("</li>");
        }
    }

    private void Filters(StringBuilder body)
    {
        body.Append("<form class=\"filters\" hidden aria-label=\"Filter the claims\">\n");
        body.Append("<div><label for=\"paper\">Paper</label><select id=\"paper\" name=\"paper\"><option value=\"\">all papers</option>");
        foreach (var paper in claims.Select(claim => claim.Paper).Distinct().OrderBy(PaperOrder).ThenBy(id => id, StringComparer.Ordinal))
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

    private void Paper(StringBuilder body, string paper, IReadOnlyList<ReportClaim> group)
    {
        body.Append($"<section class=\"paper\" aria-labelledby=\"paper-{Page.Text(paper)}\">\n<h2 id=\"paper-{Page.Text(paper)}\">{Page.Text(PaperTitle(paper))}</h2>\n");
        foreach (var unit in group.GroupBy(claim => claim.ShownUnit).SelectMany(ForestAxis.Alike))
        {
            var axis = new ForestAxis([.. unit]);
            var scale = string.Concat(axis.Ticks.Select(tick => $"<span style=\"left:{axis.Place(tick)}\">{ForestAxis.Label(tick)}</span>"));
            body.Append($"<div class=\"claims\">\n<div class=\"axis\" aria-hidden=\"true\"><span class=\"unit\">{Page.Text(unit.Key.Length > 0 ? unit.Key : "effect")}</span><div class=\"scale\">{scale}</div></div>\n");
            foreach (var claim in unit)
            {
                Line(body, claim, axis);
            }
            body.Append("</div>\n");
        }
        Facts(body, paper);
        body.Append("</section>\n");
    }

    private void Line(StringBuilder body, ReportClaim claim, ForestAxis axis)
    {
        body.Append($"<details class=\"claim {claim.Verdict}\" data-paper=\"{Page.Text(claim.Paper)}\" data-verdict=\"{claim.Verdict}\" id=\"{Page.Text(claim.Id)}\">\n<summary>");
        body.Append($"<span class=\"sign\"><span aria-hidden=\"true\">{Sign(claim.Verdict)}</span><span class=\"hidden\">{claim.VerdictText}:</span></span>");
        body.Append($"<span class=\"says\">{Page.Text(claim.Says)}</span>{Track(claim, axis)}<span class=\"numbers\">{Page.Text(Interval(claim, axis)).Replace(", ", ",\u00a0", StringComparison.Ordinal)}</span></summary>\n");
        body.Append("<dl>");
        void Fact(string name, string html)
        {
            if (html.Length > 0)
            {
                body.Append($"<dt>{name}</dt><dd>{html}</dd>");
            }
        }
        Fact("Verdict", Badge(claim.Verdict, claim.VerdictText));
        Fact("Published", Page.Text(claim.Published));
        Fact("Here", Page.Text($"{(claim.Measured.Length > 0 ? claim.Measured + ": " : "")}{Interval(claim, axis)}{(claim.ShownUnit.Length > 0 && double.IsFinite(claim.Effect) ? " " + claim.ShownUnit : "")}"));
        Fact("p", Page.Text(claim.PValue is { } p ? P(p) + (claim.Corrected is { } corrected ? $"; {P(corrected)} corrected for {Plural(claim.Family, "claim")}" : "") : ""));
        Fact("Test", Page.Text(claim.Test));
        var each = claim.OfSeeds.Count > 0 && claim.OfSeeds.All(double.IsFinite) ? $": {string.Join(", ", claim.OfSeeds.Select(value => axis.Number(value * claim.Scale)))}" : "";
        Fact("Seeds", Page.Text(claim.Seeds.Count == 0 ? "none" : $"{Plural(claim.Seeds.Count, "seed")} ({string.Join(", ", claim.Seeds)}){each}"));
        Fact("Rule", Page.Text(Rule(claim, axis)));
        Fact("Size", Page.Text(claim.Size));
        Fact("Notes", Page.Text(claim.Notes));
        Fact("Where", Link(claim));
        body.Append("</dl>\n</details>\n");
    }

    private static string Track(ReportClaim claim, ForestAxis axis)
    {
        var track = new StringBuilder("<span class=\"track\" aria-hidden=\"true\">");
        foreach (var tick in axis.Ticks)
        {
            track.Append($"<i class=\"{(tick == 0 ? "zero" : "tick")}\" style=\"left:{axis.Place(tick)}\"></i>");
        }
        if (claim.Bound is { } bound && claim.Rule == "within")
        {
            track.Append($"<i class=\"margin\" style=\"left:{axis.Place(-bound)};width:{axis.Length(2 * bound)}\"></i>");
        }
        else if (claim.Bound is { } pass && pass != 0 && claim.Rule is "greater" or "less" or "share")
        {
            track.Append($"<i class=\"bound\" style=\"left:{axis.Place(pass * claim.Scale)}\"></i>");
        }
        if (double.IsFinite(claim.Low) && double.IsFinite(claim.High))
        {
            track.Append($"<i class=\"interval\" style=\"left:{axis.Place(claim.Low * claim.Scale)};width:{axis.Length((claim.High - claim.Low) * claim.Scale)}\"></i>");
        }
        if (double.IsFinite(claim.Effect))
        {
            track.Append($"<i class=\"dot\" style=\"left:{axis.Place(claim.Effect * claim.Scale)}\"></i>");
        }
        if (claim.PublishedEffect is { } published)
        {
            track.Append($"<i class=\"pub\" style=\"left:{axis.Place(published * claim.Scale)}\" title=\"published {axis.Number(published * claim.Scale)}\"></i>");
        }
        return track.Append("</span>").ToString();
    }

    private static string Interval(ReportClaim claim, ForestAxis axis) => !double.IsFinite(claim.Effect)
        ? "not measured"
        : axis.Number(claim.Effect * claim.Scale) + (double.IsFinite(claim.Low) && double.IsFinite(claim.High) ? $" [{axis.Number(claim.Low * claim.Scale)}, {axis.Number(claim.High * claim.Scale)}]" : "");

    private static string P(double p) => p < 0.0001 ? "p < 0.0001" : $"p = {p.ToString(p < 0.1 ? "G2" : "F2", CultureInfo.InvariantCulture)}";

    private static string Plural(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static string Rule(ReportClaim claim, ForestAxis axis)
    {
        string Value(double value) => axis.Number(value * claim.Scale) + (claim.ShownUnit.Length > 0 ? " " + claim.ShownUnit : "");
        var least = claim.Negligible is { } negligible ? $", {Value(negligible)} being the least that matters" : "";
        return (claim.Rule, claim.Bound) switch
        {
            ("greater", { } bound) => $"reproduced if the effect is greater than {Value(bound)}{least}",
            ("less", { } bound) => $"reproduced if the effect is less than {Value(bound)}{least}",
            ("within", { } bound) => $"reproduced if the effect lies within \u00b1{Value(bound).TrimStart('+')}",
            ("share", { } bound) => $"reproduced if the share is greater than {Value(bound)}",
            ("fact", { } bound) => $"a count: reproduced if at most {Value(bound)}",
            _ => "",
        };
    }

    private void Facts(StringBuilder body, string paper)
    {
        var counted = facts.Where(fact => fact.Paper == paper).ToList();
        if (counted.Count == 0)
        {
            return;
        }
        body.Append("<details class=\"facts-list\"><summary>Counted or computed, without a verdict</summary>\n<ul>\n");
        foreach (var fact in counted)
        {
            body.Append($"<li>{Page.Text(fact.Says)}<br><span class=\"facts\">published: {Page.Text(fact.Published)}; here: {Page.Text(fact.Here)}{(fact.Notes.Length > 0 ? ". " + Page.Text(fact.Notes) : "")}</span></li>\n");
        }
        body.Append("</ul>\n</details>\n");
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
        var anchor = (claim.Cell.Length > 0 ? notebook.Anchor(claim.Cell) : null) ?? notebook.AnchorOfOutput(words) ?? notebook.AnchorOfOutput(claim.Id);
        return $"<a href=\"{notebook.Address}{(anchor is null ? "" : "#" + anchor)}\">the cell in {Page.Text(notebook.Name)}</a>";
    }

    private void Notebooks(StringBuilder body)
    {
        body.Append("<h2 id=\"notebooks\">Notebooks, and what they ran on</h2>\n");
        if (notebooks.Count == 0)
        {
            body.Append("<p class=\"note\">There are no notebooks in this report.</p>\n");
            return;
        }
        body.Append("<ul class=\"notebooks\">\n");
        foreach (var page in notebooks)
        {
            body.Append($"<li><a href=\"{page.Address}\">{Page.Text(page.Title)}</a><br><span class=\"facts\">{Page.Text(page.RunSentence())}{(page.Run is null || page.IsFresh ? "" : " The code has changed since.")}</span></li>\n");
        }
        body.Append("</ul>\n");
    }
}
