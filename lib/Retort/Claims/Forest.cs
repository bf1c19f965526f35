using System.Text.Json.Nodes;
using Retort.Plots;

namespace Retort.Claims;

/// <summary>A forest plot: one line a claim, the interval and estimate of ours, the published size, the verdict as colour.</summary>
internal static class Forest
{
    private const int Row = 26;
    private const int Axis = 58;

    public static Figure Plot(IReadOnlyList<Claim> claims, string title)
    {
        var units = claims.GroupBy(Unit).SelectMany(Alike).ToArray();
        if (units.Length == 1)
        {
            return One(units[0].Key, [.. units[0]]).WithTitle(title).WithSize(Template.Width + 60, 130 + Row * claims.Count);
        }
        var grid = Chart.Grid([.. units.Select(u => One(u.Key, [.. u]))], columns: 1, title: title, width: Template.Width + 20, height: 200);
        // One row has one height: plots are as high as their rows ask, with room between them for an axis.
        var area = Row * claims.Count + Axis * (units.Length - 1);
        var layout = new JsonObject { ["height"] = area + 165 };
        var top = 1.0;
        for (var k = 0; k < units.Length; k++)
        {
            var bottom = top - Row * (double)units[k].Count() / area;
            layout[k == 0 ? "yaxis" : $"yaxis{k + 1}"] = new JsonObject { ["domain"] = new JsonArray(Math.Max(0, bottom), top) };
            top = bottom - Axis / (double)area;
        }
        return grid.WithLayoutJson(layout.ToJsonString());
    }

    // Where one effect reaches more than eight times as far as another, the smaller would be a dot at zero: each gets an axis.
    private static IEnumerable<IGrouping<string, Claim>> Alike(IGrouping<string, Claim> unit)
    {
        double Reach(Claim claim) => new[] { claim.Effect, claim.Low, claim.High }.Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
        var (group, least) = (0, 0.0);
        var groups = new Dictionary<string, int>();
        foreach (var claim in unit.OrderBy(Reach))
        {
            if (least > 0 && Reach(claim) > 8 * least)
            {
                (group, least) = (group + 1, 0);
            }
            least = least == 0 ? Reach(claim) : least;
            groups[claim.Id] = group;
        }
        return unit.GroupBy(claim => groups[claim.Id]).SelectMany(part => part.GroupBy(_ => unit.Key));
    }

    private static string Unit(Claim claim) => claim.Rule.Kind == "share" ? "share, %" : claim.Unit;

    private static Figure One(string unit, IReadOnlyList<Claim> claims)
    {
        var scale = claims[0].Rule.Kind == "share" ? 100 : 1;
        var (least, most) = Range(claims, scale);
        var figures = new List<Figure>();
        foreach (var verdict in new[] { Verdict.Reproduced, Verdict.NotReproduced, Verdict.Undecided })
        {
            var rows = claims.Select((c, i) => (Claim: c, Row: i)).Where(r => r.Claim.Verdict == verdict && double.IsFinite(r.Claim.Effect)).ToArray();
            if (rows.Length == 0)
            {
                continue;
            }
            var (name, colour) = (string.Join(", ", rows.Select(r => r.Claim.VerdictText).Distinct()), Claim.ColourOf(verdict));
            // One line for each interval: a gap between two of them. Ends beyond the frame are cut there.
            var bars = rows.Where(r => !double.IsNaN(r.Claim.Low) && !double.IsNaN(r.Claim.High)).ToArray();
            figures.Add(Chart.Line(bars.SelectMany(r => new[] { Cut(r.Claim.Low), Cut(r.Claim.High), double.NaN }),
                bars.SelectMany(r => new double[] { r.Row, r.Row, r.Row }), name, colour, width: 3).WithTraceJson("""{"showlegend": false, "hoverinfo": "skip"}"""));
            figures.Add(Chart.Scatter(rows.Select(r => scale * r.Claim.Effect), rows.Select(r => r.Row), name, size: 10, colour: colour));
        }
        var published = claims.Select((c, i) => (Claim: c, Row: i)).Where(r => r.Claim.PublishedEffect is not null).ToArray();
        if (published.Length > 0)
        {
            figures.Add(Chart.Scatter(published.Select(r => scale * r.Claim.PublishedEffect!.Value), published.Select(r => r.Row), "published", size: 9, colour: Palette.Ink)
                .WithTraceJson("""{"marker": {"symbol": "diamond"}}"""));
        }
        return Chart.Combine(figures).WithXAxis(unit.Length > 0 ? $"effect with 95 % interval, {unit}" : "effect with 95 % interval", least, most)
            .WithYAxis("", -0.6, claims.Count - 0.4, reversed: true, ticks: [.. claims.Select((c, i) => ((double)i, Label(c)))])
            .WithVerticalLine(0).WithLegend(LegendPlace.Bottom);

        double Cut(double end) => double.IsNaN(end) ? double.NaN : Math.Clamp(scale * end, least, most);
    }

    // Wide enough for all estimates, published sizes and intervals, but one very wide interval must not squash the rest.
    private static (double Least, double Most) Range(IReadOnlyList<Claim> claims, double scale)
    {
        double[] sure = [0, .. claims.Select(c => c.Effect).Concat(claims.Select(c => c.PublishedEffect ?? 0)).Where(double.IsFinite).Select(v => scale * v)];
        var room = Math.Max(1e-6, sure.Max() - sure.Min());
        double[] ends = [.. sure, .. claims.SelectMany(c => new[] { c.Low, c.High }).Where(double.IsFinite)
            .Select(v => Math.Clamp(scale * v, sure.Min() - 0.6 * room, sure.Max() + 0.6 * room))];
        var margin = 0.04 * (ends.Max() - ends.Min());
        return (ends.Min() - margin, ends.Max() + margin);
    }

    private static string Label(Claim claim) => claim.Id[(claim.Id.IndexOf('/') + 1)..].Replace('-', ' ');
}
