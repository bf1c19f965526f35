using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>Boxes with whiskers. Quartiles as plotly.js computes them: linear, at places n p - 1/2.</summary>
internal sealed class BoxMarks : IMarks
{
    private readonly AxisView x, y;
    private readonly List<(JsonObject Trace, double Place, double[] Sorted)> boxes = [];

    public BoxMarks(IReadOnlyList<JsonObject> traces, AxisView x, AxisView y)
    {
        (this.x, this.y) = (x, y);
        foreach (var trace in traces)
        {
            var values = y.Values(trace["y"]);
            var places = trace["x"] is JsonArray ? x.Values(trace["x"])
                : [.. values.Select(_ => x.Value(JsonValue.Create(trace["name"].AsText() ?? "")))];
            foreach (var group in values.Zip(places).Where(p => double.IsFinite(p.First)).GroupBy(p => p.Second))
            {
                boxes.Add((trace, group.Key, [.. group.Select(p => p.First).Order()]));
            }
        }
        foreach (var (_, place, sorted) in boxes)
        {
            x.Include(place - 0.5);
            x.Include(place + 0.5);
            y.Include(sorted[0]);
            y.Include(sorted[^1]);
        }
        y.PadStart = y.PadEnd = true;
    }

    public static (double Low, double Q1, double Median, double Q3, double High) Five(double[] sorted)
    {
        var (q1, q3) = (At(sorted, 0.25), At(sorted, 0.75));
        var reach = 1.5 * (q3 - q1);
        return (Math.Min(q1, sorted.First(v => v >= q1 - reach)), q1, At(sorted, 0.5), q3, Math.Max(q3, sorted.Last(v => v <= q3 + reach)));
    }

    public void Draw(Canvas canvas, Box box)
    {
        var half = Math.Min(45, 0.28 * x.Unit);
        foreach (var (trace, place, sorted) in boxes)
        {
            var (low, q1, median, q3, high) = Five(sorted);
            var colour = trace["line"]?["color"].AsText() ?? Palette.Colours[0];
            var at = x.Pixel(place);
            canvas.Line(at, y.Pixel(low), at, y.Pixel(q1), colour, 1.6);
            canvas.Line(at, y.Pixel(q3), at, y.Pixel(high), colour, 1.6);
            canvas.Line(at - half / 2, y.Pixel(low), at + half / 2, y.Pixel(low), colour, 1.6);
            canvas.Line(at - half / 2, y.Pixel(high), at + half / 2, y.Pixel(high), colour, 1.6);
            canvas.Rect(at - half, y.Pixel(q3), 2 * half, Math.Abs(y.Pixel(q1) - y.Pixel(q3)), trace["fillcolor"].AsText() ?? "none", 1, colour, 1.6);
            canvas.Line(at - half, y.Pixel(median), at + half, y.Pixel(median), colour, 2.4);
            if (trace["boxmean"].AsFlag() == true)
            {
                canvas.Line(at - half, y.Pixel(sorted.Average()), at + half, y.Pixel(sorted.Average()), colour, 1.2, "dot");
            }
            var every = trace["boxpoints"].AsText() == "all";
            for (var i = 0; i < sorted.Length; i++)
            {
                if (every || (trace["boxpoints"].AsText() != "false" && (sorted[i] < low || sorted[i] > high)))
                {
                    // Golden-ratio steps spread the points evenly and always in the same way.
                    var aside = every ? ((i * 0.618034 % 1) - 0.5) * half * 0.8 : 0;
                    canvas.Circle(at + aside, y.Pixel(sorted[i]), 3, colour, 0.8);
                }
            }
        }
    }

    public void DrawTexts(Canvas canvas, Box box)
    {
    }

    private static double At(double[] sorted, double share)
    {
        var place = share * sorted.Length - 0.5;
        if (place <= 0)
        {
            return sorted[0];
        }
        var below = (int)Math.Floor(place);
        return below + 1 >= sorted.Length ? sorted[^1] : sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
    }
}
