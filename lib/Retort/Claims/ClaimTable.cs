using System.Text;
using Retort.Plots;

namespace Retort.Claims;

/// <summary>Claims as one table: verdict, finding, effect with interval, p-value, corrected p-value, published. Details are folded.</summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed class ClaimTable : IDisplayable
{
    private static readonly string[] Heads = ["verdict", "finding", "here", "p", "p, corrected", "published"];
    private readonly IReadOnlyList<Claim> claims;
    private readonly IReadOnlyList<Fact> facts;
    private readonly string title;

    internal ClaimTable(IReadOnlyList<Claim> claims, IReadOnlyList<Fact> facts, string title) =>
        (this.claims, this.facts, this.title) = (claims, [.. facts], title);

    /// <summary>Such as "5 reproduced, 1 not reproduced, 2 undecided; ours: 1 holds".</summary>
    public string Summary => string.Join("; ours: ", new[] { Counts(claims.Where(c => !c.Ours)), Counts(claims.Where(c => c.Ours)) }.Where(c => c.Length > 0));

    private static string Counts(IEnumerable<Claim> claims) => string.Join(", ",
        claims.GroupBy(c => c.Verdict).OrderBy(g => g.Key).Select(g => $"{g.Count()} {Claim.Words(g.Key, g.First().Ours, g.Count())}"));

    /// <inheritdoc/>
    public string ToHtml()
    {
        const string Td = "<td style=\"text-align:left;vertical-align:top;padding:5px 14px 5px 0;border-bottom:1px solid #e4e8ec;background:#ffffff";
        var text = new StringBuilder($"<div style=\"{Markup.Card};padding:10px 14px;overflow-x:auto\">"
            + "<table style=\"border-collapse:collapse;font-size:13px;line-height:1.45;color:#1f2933;margin:0;width:100%\">");
        text.Append("<caption style=\"text-align:left;padding:0 0 6px 0;color:#1f2933\">");
        text.Append(title.Length > 0 ? $"<b>{Markup.Text(title)}</b>: " : "").Append(Markup.Text(Summary)).Append("</caption><thead><tr>");
        foreach (var head in Heads)
        {
            text.Append("<th scope=\"col\" style=\"text-align:left;padding:4px 14px 4px 0;font-weight:600;border-bottom:1.5px solid #52606d;background:#ffffff\">")
                .Append(head).Append("</th>");
        }
        text.Append("</tr></thead><tbody>");
        foreach (var claim in claims)
        {
            text.Append("<tr style=\"background:#ffffff\">").Append(Td).Append("\">").Append(claim.Badge()).Append("</td>");
            text.Append(Td).Append(";min-width:220px\"><details><summary style=\"cursor:pointer\">").Append(Markup.Text(claim.Says)).Append("</summary>")
                .Append("<div style=\"padding:4px 0 2px 14px\">").Append(claim.DetailsHtml()).Append("</div></details></td>");
            text.Append(Td).Append(";white-space:nowrap;font-variant-numeric:tabular-nums\">").Append(Markup.Text(claim.EffectText)).Append("</td>");
            text.Append(Td).Append(";white-space:nowrap\">").Append(Markup.Text(P(claim.PValue))).Append("</td>");
            text.Append(Td).Append(";white-space:nowrap\">").Append(Markup.Text(P(claim.PHolm))).Append("</td>");
            text.Append(Td).Append("\">").Append(Markup.Text(claim.Published)).Append("</td></tr>");
        }
        foreach (var fact in facts)
        {
            text.Append("<tr style=\"background:#ffffff\">").Append(Td).Append(";color:#52606d\">counted</td>");
            text.Append(Td).Append(";min-width:220px\">").Append(Notes(fact)).Append("</td>");
            text.Append(Td).Append("\" colspan=\"3\">").Append(Markup.Text(fact.Here)).Append("</td>");
            text.Append(Td).Append("\">").Append(Markup.Text(fact.Published)).Append("</td></tr>");
        }
        return text.Append("</tbody></table></div>").ToString();

        static string Notes(Fact fact) => fact.Notes.Length == 0 ? Markup.Text(fact.Says)
            : $"<details><summary style=\"cursor:pointer\">{Markup.Text(fact.Says)}</summary><div style=\"padding:4px 0 2px 14px\">{Markup.Text(fact.Notes)}</div></details>";
    }

    /// <inheritdoc/>
    public string ToText()
    {
        var table = new Table(Heads).WithTitle(title.Length > 0 ? $"{title}: {Summary}" : Summary);
        foreach (var claim in claims)
        {
            table = table.WithRow(claim.VerdictText, $"{claim.Says} ({claim.Id})", claim.EffectText, P(claim.PValue), P(claim.PHolm), claim.Published);
        }
        foreach (var fact in facts)
        {
            table = table.WithRow("counted", $"{fact.Says} ({fact.Id})", fact.Here, "", "", fact.Published);
        }
        return table.ToText();
    }

    /// <summary>The text form.</summary>
    public override string ToString() => ToText();

    private static string P(double? p) => p is { } value ? Claim.PText(value)[2..].TrimStart('=', ' ') : "–";
}
