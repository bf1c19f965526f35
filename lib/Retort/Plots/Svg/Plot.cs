using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>One pair of axes with the traces on it.</summary>
internal sealed class Plot
{
    private const double Small = Template.FontSize - 1;
    private readonly string xId, yId;
    private readonly JsonObject layout;
    private readonly List<JsonObject> traces = [];
    private readonly List<IMarks> marks = [];
    private bool slanted;
    private Box box;

    public Plot(string xId, string yId, JsonObject layout)
    {
        (this.xId, this.yId, this.layout) = (xId, yId, layout);
        X = new AxisView(AxisLayout(xId));
        Y = new AxisView(AxisLayout(yId));
        (Left, Right) = Domain(xId);
        (Bottom, Top) = Domain(yId);
    }

    public AxisView X { get; }

    public AxisView Y { get; }

    public double Left { get; }

    public double Right { get; }

    public double Bottom { get; }

    public double Top { get; }

    public double Wide => Right - Left;

    public double High => Top - Bottom;

    public ColourBar? Bar { get; private set; }

    public double RoomLeft => 8 + Y.LabelWidth + (Y.Title.Length > 0 ? 22 : 0);

    public double RoomBelow => 8 + (slanted ? Math.Min(130, X.LabelWidth * 0.6 + 16) : X.Visible ? LabelLines() * 16 : 0) + (X.Title.Length > 0 ? 24 : 4);

    public void Add(JsonObject trace) => traces.Add(trace);

    /// <summary>Ranges and tick marks, for a plot of about this size.</summary>
    public void Finish(double width, double height)
    {
        foreach (var kind in traces.GroupBy(t => t["type"].AsText() ?? "scatter").OrderBy(g => Order(g.Key)))
        {
            marks.Add(kind.Key switch
            {
                "heatmap" => new HeatMarks([.. kind], X, Y),
                "bar" or "histogram" => new BarMarks([.. kind], X, Y, layout["barmode"].AsText() ?? "group"),
                "box" => new BoxMarks([.. kind], X, Y),
                "scatter" => new LineMarks([.. kind], X, Y),
                var other => throw new NotSupportedException($"the static picture has no '{other}' traces"),
            });
        }
        foreach (var shape in Own("shapes"))
        {
            if (shape["xref"].AsText() == xId)
            {
                X.Include(X.Value(shape["x0"]));
            }
            if (shape["yref"].AsText() == yId)
            {
                Y.Include(Y.Value(shape["y0"]));
            }
        }
        X.Finish();
        Y.Finish();
        X.Place(0, width, 78);
        Y.Place(height, 0, 46);
        // Names that do not fit side by side are broken into lines, or slanted. The axis will be somewhat shorter than the figure.
        slanted = X.IsCategory && X.Visible && X.TickMarks.Count > 1 && X.LabelWidth + 6 > X.Unit && !X.BreakNames(0.9 * X.Unit - 6);
        Bar = traces.Where(t => t["type"].AsText() == "heatmap" && t["showscale"].AsFlag() != false)
            .Select(t => new ColourBar(t)).FirstOrDefault();
    }

    public void Place(Box area, bool single)
    {
        box = single && Left < 0.01 && Right > 0.99
            ? area
            : new Box(area.X + Left * area.W, area.Y + (1 - Top) * area.H, Wide * area.W, High * area.H);
        X.Place(box.X, box.Right, 78);
        Y.Place(box.Foot, box.Y, 46);
    }

    public void Draw(Canvas canvas, JsonObject whole)
    {
        DrawGrid(canvas);
        canvas.BeginClip(box.X - 1, box.Y - 1, box.W + 2, box.H + 2);
        foreach (var mark in marks)
        {
            mark.Draw(canvas, box);
        }
        canvas.EndClip();
        foreach (var shape in Own("shapes"))
        {
            DrawShape(canvas, shape);
        }
        DrawAxes(canvas);
        foreach (var mark in marks)
        {
            mark.DrawTexts(canvas, box);
        }
        Bar?.Draw(canvas, box.Right + 8, box.Y, box.H);
        foreach (var text in Own("annotations"))
        {
            DrawText(canvas, text);
        }
    }

    private static int Order(string type) => type switch { "heatmap" => 0, "bar" or "histogram" => 1, "box" => 2, _ => 3 };

    private int LabelLines() => X.TickMarks.Count == 0 ? 1 : X.TickMarks.Max(t => Canvas.Plain(t.Label).Split('\n').Length);

    private JsonObject? AxisLayout(string id) => layout[id[..1] + "axis" + id[1..]] as JsonObject;

    private (double, double) Domain(string id) => AxisLayout(id)?["domain"] is JsonArray { Count: 2 } domain
        ? (domain[0].AsNumber() ?? 0, domain[1].AsNumber() ?? 1) : (0, 1);

    // Shapes and texts that stand on one of this plot's axes.
    private IEnumerable<JsonObject> Own(string list) => (layout[list] as JsonArray ?? []).OfType<JsonObject>()
        .Where(s => On(s["xref"].AsText(), xId) && On(s["yref"].AsText(), yId));

    private static bool On(string? reference, string id) => reference == id || reference == id + " domain";

    private double AtX(JsonObject item, string key) => item["xref"].AsText() == xId
        ? X.Pixel(X.Value(item[key])) : box.X + (item[key].AsNumber() ?? 0) * box.W;

    private double AtY(JsonObject item, string key) => item["yref"].AsText() == yId
        ? Y.Pixel(Y.Value(item[key])) : box.Foot - (item[key].AsNumber() ?? 0) * box.H;

    private void DrawShape(Canvas canvas, JsonObject shape)
    {
        var (x0, x1, y0, y1) = (AtX(shape, "x0"), AtX(shape, "x1"), AtY(shape, "y0"), AtY(shape, "y1"));
        var colour = shape["line"]?["color"].AsText() ?? Palette.Muted;
        if (shape["type"].AsText() == "rect")
        {
            canvas.Rect(Math.Min(x0, x1), Math.Min(y0, y1), Math.Abs(x1 - x0), Math.Abs(y1 - y0),
                shape["fillcolor"].AsText() ?? "none", shape["opacity"].AsNumber() ?? 1, colour);
        }
        else
        {
            canvas.Line(x0, y0, x1, y1, colour, shape["line"]?["width"].AsNumber() ?? 2, shape["line"]?["dash"].AsText());
        }
    }

    private void DrawText(Canvas canvas, JsonObject text)
    {
        var (x, y) = (AtX(text, "x"), AtY(text, "y"));
        var size = text["font"]?["size"].AsNumber() ?? Template.FontSize;
        var content = text["text"].AsText() ?? "";
        if (text["showarrow"].AsFlag() == true)
        {
            canvas.Line(x - 8, y - 26, x, y - 2, Palette.Ink);
            (x, y) = (x - 10, y - 32);
        }
        var anchor = text["xanchor"].AsText() switch { "left" => "start", "right" => "end", _ => "middle" };
        x += anchor switch { "start" => 4, "end" => -4, _ => 0 };
        y += text["yanchor"].AsText() switch { "bottom" => -5, "top" => size + 3, _ => size * 0.35 };
        // A text near the edge stays on the plot.
        var width = Canvas.Width(content, size);
        if (anchor == "start" && x + width > box.Right && x - width - 8 > box.X)
        {
            (x, anchor) = (x - 8, "end");
        }
        canvas.Text(x, y, content, anchor, size, text["font"]?["color"].AsText() ?? Palette.Ink);
    }

    private void DrawGrid(Canvas canvas)
    {
        if (X.Grid)
        {
            foreach (var (at, _) in X.TickMarks)
            {
                canvas.Line(X.Pixel(at), box.Y, X.Pixel(at), box.Foot, Palette.Grid);
            }
        }
        if (Y.Grid)
        {
            foreach (var (at, _) in Y.TickMarks)
            {
                canvas.Line(box.X, Y.Pixel(at), box.Right, Y.Pixel(at), Palette.Grid);
            }
        }
    }

    private void DrawAxes(Canvas canvas)
    {
        canvas.Line(box.X, box.Foot, box.Right, box.Foot, Palette.AxisLine);
        canvas.Line(box.X, box.Y, box.X, box.Foot, Palette.AxisLine);
        double lastEnd = double.NegativeInfinity;
        var order = X.TickMarks.OrderBy(t => X.Pixel(t.At));
        foreach (var (at, label) in X.Visible ? order : Enumerable.Empty<(double, string)>())
        {
            var x = X.Pixel(at);
            canvas.Line(x, box.Foot, x, box.Foot + 4, Palette.AxisLine);
            if (slanted)
            {
                canvas.Text(x + 4, box.Foot + 16, Canvas.Fit(label, 190, Small), "end", Small, rotate: -35);
                continue;
            }
            var half = Canvas.Width(label, Small) / 2;
            if (x - half > lastEnd + 2)
            {
                canvas.Text(x, box.Foot + 18, label, "middle", Small);
                lastEnd = x + half;
            }
        }
        foreach (var (at, label) in Y.Visible ? Y.TickMarks : [])
        {
            var y = Y.Pixel(at);
            canvas.Line(box.X - 4, y, box.X, y, Palette.AxisLine);
            canvas.Text(box.X - 7, y + 4.3, Canvas.Fit(label, 260, Small), "end", Small);
        }
        if (X.Title.Length > 0)
        {
            canvas.Text(box.X + box.W / 2, box.Foot + RoomBelow - 2, X.Title, "middle");
        }
        if (Y.Title.Length > 0)
        {
            canvas.Text(box.X - RoomLeft + 8, box.Y + box.H / 2, Canvas.Fit(Y.Title, box.H + 60), "middle", rotate: -90);
        }
    }
}
