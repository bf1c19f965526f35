using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>Names with a sample of their line or mark.</summary>
internal sealed class Legend(IReadOnlyList<JsonObject> traces)
{
    private const double Sample = 26, Row = 21, Size = Template.FontSize - 1;
    private readonly List<JsonObject> entries = [.. traces.GroupBy(t => t["name"].AsText()).Select(g => g.First())];

    public bool Any => entries.Count > 0;

    public double WidthRight(double most) => Math.Min(most, Sample + 10 + entries.Max(e => Canvas.Width(Name(e), Size)));

    public double HeightBelow(double room) => Row * Rows(room).Count;

    public void DrawRight(Canvas canvas, double x, double y, double most)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            Entry(canvas, entries[i], x, y + Row * (i + 0.5), most - Sample - 10);
        }
    }

    public void DrawBelow(Canvas canvas, double x, double y, double room)
    {
        var rows = Rows(room);
        for (var r = 0; r < rows.Count; r++)
        {
            var at = x;
            foreach (var entry in rows[r])
            {
                Entry(canvas, entry, at, y + Row * (r + 0.5), room - Sample - 10);
                at += EntryWidth(entry);
            }
        }
    }

    private static string Name(JsonObject trace) => trace["name"].AsText()!;

    private static double EntryWidth(JsonObject trace) => Sample + 10 + Canvas.Width(Name(trace), Size) + 14;

    private List<List<JsonObject>> Rows(double room)
    {
        var rows = new List<List<JsonObject>>();
        double used = 0;
        foreach (var entry in entries)
        {
            if (rows.Count == 0 || used + EntryWidth(entry) > room)
            {
                rows.Add([]);
                used = 0;
            }
            rows[^1].Add(entry);
            used += EntryWidth(entry);
        }
        return rows;
    }

    private static void Entry(Canvas canvas, JsonObject trace, double x, double y, double room)
    {
        var line = trace["line"]?["color"].AsText();
        var mark = trace["marker"]?["color"].AsText() ?? Palette.Muted;
        switch (trace["type"].AsText())
        {
            case "bar" or "histogram":
                canvas.Rect(x + 6, y - 6, 12, 12, mark, trace["opacity"].AsNumber() ?? 1);
                break;
            case "box":
                canvas.Rect(x + 6, y - 6, 12, 12, line ?? mark, 0.25, line ?? mark);
                break;
            default:
                if (trace["fill"].AsText() == "toself")
                {
                    canvas.Rect(x + 3, y - 5, 18, 10, trace["fillcolor"].AsText() ?? mark);
                }
                var mode = trace["mode"].AsText() ?? "lines";
                if (mode.Contains("lines"))
                {
                    canvas.Line(x, y, x + Sample - 2, y, line ?? mark, trace["line"]?["width"].AsNumber() ?? 2, trace["line"]?["dash"].AsText());
                }
                if (mode.Contains("markers"))
                {
                    canvas.Mark(trace["marker"]?["symbol"].AsText(), x + Sample / 2 - 1, y, Math.Min(5, (trace["marker"]?["size"].AsNumber() ?? 6) / 2), mark);
                }
                break;
        }
        canvas.Text(x + Sample + 5, y + 4, Canvas.Fit(Name(trace), room, Size), size: Size);
    }
}
