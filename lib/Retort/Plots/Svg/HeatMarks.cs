using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>Heatmaps, as one small picture stretched over the cells. Cells are taken to be of one size.</summary>
internal sealed class HeatMarks : IMarks
{
    private readonly AxisView x, y;
    private readonly List<(JsonObject Trace, double[][] Rows, double X0, double X1, double Y0, double Y1)> maps = [];

    public HeatMarks(IReadOnlyList<JsonObject> traces, AxisView x, AxisView y)
    {
        (this.x, this.y) = (x, y);
        foreach (var trace in traces)
        {
            var rows = Rows(trace);
            if (rows.Length == 0)
            {
                continue;
            }
            var (x0, x1) = Edges(x, trace["x"], rows[0].Length);
            var (y0, y1) = Edges(y, trace["y"], rows.Length);
            foreach (var (axis, from, to) in new[] { (x, x0, x1), (y, y0, y1) })
            {
                axis.Include(from);
                axis.Include(to);
            }
            maps.Add((trace, rows, x0, x1, y0, y1));
        }
    }

    public static double[][] Rows(JsonObject trace) => [.. (trace["z"] as JsonArray ?? []).OfType<JsonArray>()
        .Select(r => r.Select(v => v.AsNumber() ?? double.NaN).ToArray())];

    public static (double Min, double Max) Range(JsonObject trace, double[][] rows)
    {
        if (trace["zmin"].AsNumber() is { } low && trace["zmax"].AsNumber() is { } high)
        {
            return (low, high);
        }
        var finite = rows.SelectMany(r => r).Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        return (finite.Min(), finite.Max());
    }

    public void Draw(Canvas canvas, Box box)
    {
        foreach (var (trace, rows, x0, x1, y0, y1) in maps)
        {
            var (min, max) = Range(trace, rows);
            var scale = ColourScale.FromJson(trace["colorscale"]);
            // Colour 255 is the hole of a value that is not there.
            var palette = Enumerable.Range(0, 255).Select(i => scale.At(i / 254.0)).Append(((byte)255, (byte)255, (byte)255)).ToArray();
            var (columns, count) = (rows[0].Length, rows.Length);
            var cells = new byte[columns * count];
            var (flipX, flipY) = (x.Pixel(x0) > x.Pixel(x1), y.Pixel(y0) < y.Pixel(y1));
            for (var r = 0; r < count; r++)
            {
                var target = flipY ? r : count - 1 - r;
                for (var c = 0; c < columns; c++)
                {
                    var value = rows[r][c];
                    cells[target * columns + (flipX ? columns - 1 - c : c)] = double.IsFinite(value)
                        ? (byte)Math.Round(254 * Math.Clamp(max > min ? (value - min) / (max - min) : 0.5, 0, 1)) : (byte)255;
                }
            }
            var (left, top) = (Math.Min(x.Pixel(x0), x.Pixel(x1)), Math.Min(y.Pixel(y0), y.Pixel(y1)));
            var (wide, high) = (Math.Abs(x.Pixel(x1) - x.Pixel(x0)), Math.Abs(y.Pixel(y1) - y.Pixel(y0)));
            // Cells of few pixels would come out of unequal widths.
            canvas.Image(left, top, wide, high, PngImage.Write(cells, columns, palette, true), smooth: wide < 4 * columns);
        }
    }

    public void DrawTexts(Canvas canvas, Box box)
    {
        foreach (var (trace, rows, x0, x1, y0, y1) in maps)
        {
            if (trace["text"] is not JsonArray texts)
            {
                continue;
            }
            var (min, max) = Range(trace, rows);
            var scale = ColourScale.FromJson(trace["colorscale"]);
            var size = Math.Clamp(Math.Min((y1 - y0) / rows.Length * y.Unit * 0.5, (x1 - x0) / rows[0].Length * x.Unit * 0.28), 7, 13);
            for (var r = 0; r < rows.Length; r++)
            {
                for (var c = 0; c < rows[r].Length; c++)
                {
                    var (red, green, blue) = scale.At((rows[r][c] - min) / (max - min));
                    var dark = 0.299 * red + 0.587 * green + 0.114 * blue < 140;
                    canvas.Text(x.Pixel(x0 + (c + 0.5) * (x1 - x0) / rows[r].Length), y.Pixel(y0 + (r + 0.5) * (y1 - y0) / rows.Length) + size * 0.35,
                        (texts[r] as JsonArray)?[c].AsText() ?? "", "middle", size, dark ? "#ffffff" : Palette.Ink);
                }
            }
        }
    }

    // The outer edges of the first and last cell.
    private static (double, double) Edges(AxisView axis, JsonNode? places, int count)
    {
        if (places is not JsonArray)
        {
            return (-0.5, count - 0.5);
        }
        var values = axis.Values(places);
        var half = count > 1 ? (values[^1] - values[0]) / (count - 1) / 2 : 0.5;
        return (values[0] - half, values[^1] + half);
    }
}
