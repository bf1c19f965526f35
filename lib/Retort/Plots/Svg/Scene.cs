// A parallel view along plotly.js's default direction (camera at (1.25, 1.25, 1.25), z upward).

using System.Text;
using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>Points in space, projected.</summary>
internal sealed class Scene
{
    private static readonly double Half = Math.Sqrt(0.5), Sixth = Math.Sqrt(1.0 / 6);
    private readonly List<(JsonObject Trace, double[][] Points)> traces;
    private readonly AxisView[] axes;
    private readonly (double Left, double Right, double Bottom, double Top) domain;

    public Scene(IReadOnlyList<JsonObject> traces, JsonObject layout)
    {
        axes = [.. new[] { "x", "y", "z" }.Select(k => new AxisView(layout[k + "axis"] as JsonObject))];
        this.traces = [.. traces.Select(t => (t, new[] { "x", "y", "z" }.Select((k, a) => axes[a].Values(t[k])).ToArray()))];
        foreach (var (_, points) in this.traces)
        {
            for (var a = 0; a < 3; a++)
            {
                foreach (var value in points[a])
                {
                    axes[a].Include(value);
                }
            }
        }
        foreach (var axis in axes)
        {
            axis.PadStart = axis.PadEnd = true;
            axis.Finish();
        }
        var (x, y) = (layout["domain"]?["x"] as JsonArray, layout["domain"]?["y"] as JsonArray);
        domain = (x?[0].AsNumber() ?? 0, x?[1].AsNumber() ?? 1, y?[0].AsNumber() ?? 0, y?[1].AsNumber() ?? 1);
    }

    public void Draw(Canvas canvas, Box area)
    {
        var box = new Box(area.X + domain.Left * area.W, area.Y + (1 - domain.Top) * area.H,
            (domain.Right - domain.Left) * area.W, (domain.Top - domain.Bottom) * area.H);
        var size = Math.Min((box.W - 90) / (2 * Half), (box.H - 40) / (4 * Sixth));
        var (middleX, middleY) = (box.X + box.W / 2, box.Y + box.H / 2 - 6);
        foreach (var axis in axes)
        {
            axis.Place(-0.5, 0.5, 0.2);
        }
        DrawCube(canvas, At);
        foreach (var (trace, points) in traces)
        {
            DrawTrace(canvas, trace, points, At);
        }

        (double X, double Y) At(double x, double y, double z) =>
            (middleX + size * Half * (y - x), middleY - size * Sixth * (2 * z - x - y));
    }

    private void DrawCube(Canvas canvas, Func<double, double, double, (double X, double Y)> at)
    {
        void Edge(double x0, double y0, double z0, double x1, double y1, double z1, string colour)
        {
            var (from, to) = (at(x0, y0, z0), at(x1, y1, z1));
            canvas.Line(from.X, from.Y, to.X, to.Y, colour);
        }
        const double L = -0.5, H = 0.5;
        foreach (var (value, label) in axes[0].TickMarks)
        {
            var p = axes[0].Pixel(value);
            Edge(p, L, L, p, H, L, Palette.Grid);
            Edge(p, L, L, p, L, H, Palette.Grid);
            var foot = at(p, H, L);
            canvas.Text(foot.X + 5, foot.Y + 12, label, "start", 11, Palette.Muted);
        }
        foreach (var (value, label) in axes[1].TickMarks)
        {
            var p = axes[1].Pixel(value);
            Edge(L, p, L, H, p, L, Palette.Grid);
            Edge(L, p, L, L, p, H, Palette.Grid);
            var foot = at(H, p, L);
            canvas.Text(foot.X - 5, foot.Y + 12, label, "end", 11, Palette.Muted);
        }
        foreach (var (value, label) in axes[2].TickMarks)
        {
            var p = axes[2].Pixel(value);
            Edge(L, L, p, H, L, p, Palette.Grid);
            Edge(L, L, p, L, H, p, Palette.Grid);
            var side = at(H, L, p);
            canvas.Text(side.X - 6, side.Y + 4, label, "end", 11, Palette.Muted);
        }
        Edge(L, H, L, H, H, L, Palette.AxisLine);
        Edge(H, L, L, H, H, L, Palette.AxisLine);
        Edge(H, L, L, H, L, H, Palette.AxisLine);
        Edge(L, L, L, L, L, H, Palette.AxisLine);
        var (xTitle, yTitle, zTitle) = (at(0, H, L), at(H, 0, L), at(H, L, H));
        canvas.Text(xTitle.X + 34, xTitle.Y + 34, Name(0, "x"), "start", 12);
        canvas.Text(yTitle.X - 34, yTitle.Y + 34, Name(1, "y"), "end", 12);
        canvas.Text(zTitle.X, zTitle.Y - 10, Name(2, "z"), "middle", 12);
    }

    private string Name(int axis, string otherwise) => axes[axis].Title.Length > 0 ? axes[axis].Title : otherwise;

    private void DrawTrace(Canvas canvas, JsonObject trace, double[][] points, Func<double, double, double, (double X, double Y)> at)
    {
        var colour = trace["marker"]?["color"].AsText() ?? Palette.Colours[0];
        var radius = (trace["marker"]?["size"].AsNumber() ?? 4) / 2 + 0.6;
        var shown = Enumerable.Range(0, points[0].Length).Where(i => points.All(p => double.IsFinite(p[i])))
            .Select(i => points.Select((p, a) => axes[a].Pixel(p[i])).ToArray()).ToArray();
        if (trace["mode"].AsText()?.Contains("lines") == true)
        {
            var data = new StringBuilder();
            foreach (var p in shown)
            {
                var (x, y) = at(p[0], p[1], p[2]);
                data.Append(data.Length == 0 ? 'M' : 'L').Append(Canvas.N(x)).Append(' ').Append(Canvas.N(y));
            }
            canvas.Path(data.ToString(), trace["line"]?["color"].AsText() ?? colour, 2);
        }
        // Far points first, a little paler.
        foreach (var p in shown.OrderBy(p => p.Sum()))
        {
            var (x, y) = at(p[0], p[1], p[2]);
            canvas.Circle(x, y, radius, colour, 0.55 + 0.15 * (p.Sum() + 1.5));
        }
    }
}
