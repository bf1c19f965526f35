using System.Text;
using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>Lines, points, filled shapes.</summary>
internal sealed class LineMarks : IMarks
{
    private readonly AxisView x, y;
    private readonly List<(JsonObject Trace, double[] X, double[] Y, double[] RawY)> lines;

    public LineMarks(IReadOnlyList<JsonObject> traces, AxisView x, AxisView y)
    {
        (this.x, this.y) = (x, y);
        lines = [.. traces.Select(t => (t, x.Values(t["x"]), y.Values(t["y"]), Raw(t["y"])))];
        foreach (var (trace, xs, ys, raw) in lines)
        {
            var error = ErrorBars.Of(trace["error_y"]);
            for (var i = 0; i < xs.Length; i++)
            {
                x.Include(xs[i]);
                y.Include(ys[i]);
                if (error is not null)
                {
                    var (low, high) = error.Ends(raw, i);
                    y.Include(y.Shift(low));
                    y.Include(y.Shift(high));
                }
            }
            if (Mode(trace).Contains("markers"))
            {
                x.PadStart = x.PadEnd = true;
            }
        }
        y.PadStart = y.PadEnd = true;
    }

    public void Draw(Canvas canvas, Box box)
    {
        foreach (var (trace, xs, ys, raw) in lines)
        {
            var filled = trace["fill"].AsText() == "toself";
            var mode = Mode(trace);
            if (filled || mode.Contains("lines"))
            {
                var stroke = trace["line"]?["width"].AsNumber() ?? 2;
                canvas.Path(Data(xs, ys, filled), stroke == 0 ? "none" : trace["line"]?["color"].AsText() ?? "none", stroke,
                    trace["line"]?["dash"].AsText(), filled ? trace["fillcolor"].AsText() ?? "none" : "none");
            }
            var error = ErrorBars.Of(trace["error_y"]);
            for (var i = 0; error is not null && i < xs.Length; i++)
            {
                var (low, high) = error.Ends(raw, i);
                ErrorBars.DrawOne(canvas, x.Pixel(xs[i]), y.Pixel(y.Shift(low)), y.Pixel(y.Shift(high)), true);
            }
            if (mode.Contains("markers"))
            {
                var colour = trace["marker"]?["color"].AsText() ?? Palette.Muted;
                var symbol = trace["marker"]?["symbol"].AsText();
                var radius = (trace["marker"]?["size"].AsNumber() ?? 6) / 2;
                var opacity = trace["marker"]?["opacity"].AsNumber() ?? (xs.Length > 300 ? 0.6 : 1);
                for (var i = 0; i < xs.Length; i++)
                {
                    if (double.IsFinite(xs[i]) && double.IsFinite(ys[i]))
                    {
                        canvas.Mark(symbol, x.Pixel(xs[i]), y.Pixel(ys[i]), radius, colour, opacity);
                    }
                }
            }
        }
    }

    public void DrawTexts(Canvas canvas, Box box)
    {
        foreach (var (trace, xs, ys, _) in lines)
        {
            if (!Mode(trace).Contains("text") || trace["text"] is not JsonArray texts)
            {
                continue;
            }
            for (var i = 0; i < Math.Min(texts.Count, xs.Length); i++)
            {
                if (double.IsFinite(xs[i]) && double.IsFinite(ys[i]))
                {
                    canvas.Text(x.Pixel(xs[i]), y.Pixel(ys[i]) - 8, texts[i].AsText() ?? "", "middle", Template.FontSize - 1);
                }
            }
        }
    }

    private static string Mode(JsonObject trace) => trace["mode"].AsText() ?? (trace["x"] is JsonArray { Count: < 20 } ? "lines+markers" : "lines");

    private static double[] Raw(JsonNode? array) => [.. (array as JsonArray ?? []).Select(v => v.AsNumber() ?? double.NaN)];

    private string Data(double[] xs, double[] ys, bool close)
    {
        var data = new StringBuilder();
        var pen = false;
        for (var i = 0; i < Math.Min(xs.Length, ys.Length); i++)
        {
            if (!double.IsFinite(xs[i]) || !double.IsFinite(ys[i]))
            {
                pen = false;
                continue;
            }
            data.Append(pen ? 'L' : 'M').Append(Canvas.N(x.Pixel(xs[i]))).Append(' ').Append(Canvas.N(y.Pixel(ys[i])));
            pen = true;
        }
        return close && data.Length > 0 ? data.Append('Z').ToString() : data.ToString();
    }
}
