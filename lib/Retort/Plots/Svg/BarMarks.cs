using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>Bars and histograms; upright or lying, side by side, stacked or over one another.</summary>
internal sealed class BarMarks : IMarks
{
    private sealed record Bars(JsonObject Trace, double[] Places, double[] Base, double[] Ends, double[] Widths, ErrorBars? Error, double[] Values);

    private readonly AxisView along, across;
    private readonly bool lying;
    private readonly List<Bars> all = [];

    public BarMarks(IReadOnlyList<JsonObject> traces, AxisView x, AxisView y, string mode)
    {
        lying = traces[0]["orientation"].AsText() == "h";
        (along, across) = lying ? (y, x) : (x, y);
        var (placeKey, valueKey) = lying ? ("y", "x") : ("x", "y");
        var stacks = new Dictionary<(double, bool), double>();
        var groups = mode == "group" ? traces.Count : 1;
        for (var t = 0; t < traces.Count; t++)
        {
            var trace = traces[t];
            if (trace["type"].AsText() == "histogram")
            {
                all.Add(Binned(trace));
                continue;
            }
            var places = along.Values(trace[placeKey]);
            var values = Chart.Numbers((trace[valueKey] as JsonArray ?? []).Select(v => v.AsNumber() ?? double.NaN));
            var slot = 0.8 * Spacing(places) / groups;
            var shift = mode == "group" ? (t - (groups - 1) / 2.0) * slot : 0;
            var (starts, ends) = (new double[values.Length], new double[values.Length]);
            for (var i = 0; i < values.Length; i++)
            {
                var key = (places[i], values[i] >= 0);
                starts[i] = mode == "stack" ? stacks.GetValueOrDefault(key) : 0;
                ends[i] = starts[i] + values[i];
                stacks[key] = double.IsNaN(ends[i]) ? starts[i] : ends[i];
            }
            all.Add(new Bars(trace, [.. places.Select(p => p + shift)], starts, ends, [.. places.Select(_ => slot)],
                ErrorBars.Of(trace[lying ? "error_x" : "error_y"]), ends));
        }
        foreach (var bars in all)
        {
            for (var i = 0; i < bars.Places.Length; i++)
            {
                along.Include(bars.Places[i] - bars.Widths[i] / 2);
                along.Include(bars.Places[i] + bars.Widths[i] / 2);
                if (!across.IsLog)
                {
                    across.Include(0);
                }
                across.Include(across.Shift(bars.Ends[i]));
                if (bars.Error is not null)
                {
                    across.Include(across.Shift(bars.Error.Ends(bars.Values, i).Low));
                    across.Include(across.Shift(bars.Error.Ends(bars.Values, i).High));
                }
            }
        }
        along.PadStart = along.PadEnd = all.All(b => b.Trace["type"].AsText() != "histogram");
        // Bars stand on zero; the other ends get room.
        across.PadStart |= across.Data.Min < 0 || across.IsLog;
        across.PadEnd |= across.Data.Max > 0;
    }

    public void Draw(Canvas canvas, Box box)
    {
        foreach (var bars in all)
        {
            var colours = bars.Trace["marker"]?["color"];
            var edge = bars.Trace["marker"]?["line"]?["color"].AsText();
            for (var i = 0; i < bars.Places.Length; i++)
            {
                var colour = (colours is JsonArray list ? list[i] : colours).AsText() ?? Palette.Colours[0];
                var start = across.IsLog ? lying ? box.X : box.Foot : across.Pixel(bars.Base[i]);
                var end = across.Pixel(across.Shift(bars.Ends[i]));
                if (!double.IsFinite(end))
                {
                    continue;
                }
                var (from, to) = (along.Pixel(bars.Places[i] - bars.Widths[i] / 2), along.Pixel(bars.Places[i] + bars.Widths[i] / 2));
                var (first, wide) = (Math.Min(from, to), Math.Abs(to - from));
                var (low, high) = (Math.Min(start, end), Math.Abs(end - start));
                var opacity = bars.Trace["opacity"].AsNumber() ?? 1;
                canvas.Rect(lying ? low : first, lying ? first : low, lying ? high : wide, lying ? wide : high, colour, opacity, edge, 1);
                if (bars.Error is not null)
                {
                    var (under, over) = bars.Error.Ends(bars.Values, i);
                    ErrorBars.DrawOne(canvas, along.Pixel(bars.Places[i]), across.Pixel(across.Shift(under)), across.Pixel(across.Shift(over)), !lying);
                }
            }
        }
    }

    public void DrawTexts(Canvas canvas, Box box)
    {
        foreach (var bars in all)
        {
            if (bars.Trace["text"] is not JsonArray texts)
            {
                continue;
            }
            for (var i = 0; i < Math.Min(texts.Count, bars.Places.Length); i++)
            {
                var (place, end) = (along.Pixel(bars.Places[i]), across.Pixel(across.Shift(bars.Ends[i])));
                if (!double.IsFinite(end))
                {
                    continue;
                }
                var down = bars.Ends[i] < bars.Base[i];
                if (lying)
                {
                    canvas.Text(end + (down ? -5 : 5), place + 4, texts[i].AsText() ?? "", down ? "end" : "start", Template.FontSize - 1);
                }
                else
                {
                    canvas.Text(place, end + (down ? 15 : -5), texts[i].AsText() ?? "", "middle", Template.FontSize - 1);
                }
            }
        }
    }

    private static double Spacing(double[] places)
    {
        var sorted = places.Where(double.IsFinite).Distinct().Order().ToArray();
        var least = double.PositiveInfinity;
        for (var i = 1; i < sorted.Length; i++)
        {
            least = Math.Min(least, sorted[i] - sorted[i - 1]);
        }
        return double.IsFinite(least) ? least : 1;
    }

    private Bars Binned(JsonObject trace)
    {
        var values = along.Values(trace["x"]).Where(double.IsFinite).ToArray();
        var bins = trace["xbins"] as JsonObject;
        var size = bins?["size"].AsNumber() ?? Ticks.NiceStep(Math.Max(1e-9, values.Max() - values.Min()), 20);
        var start = bins?["start"].AsNumber() ?? Math.Floor(values.Min() / size) * size;
        var end = bins?["end"].AsNumber() ?? values.Max() + size;
        var counts = new double[Math.Max(1, (int)Math.Round((end - start) / size))];
        foreach (var value in values)
        {
            var bin = (int)Math.Floor((value - start) / size + 1e-9);
            if (bin >= 0 && bin < counts.Length)
            {
                counts[bin]++;
            }
        }
        if (trace["histnorm"].AsText() == "probability")
        {
            counts = [.. counts.Select(c => c / values.Length)];
        }
        return new Bars(trace, [.. counts.Select((_, i) => start + (i + 0.5) * size)], new double[counts.Length], counts,
            [.. counts.Select(_ => size)], null, counts);
    }
}
