using System.Text.Json.Nodes;

namespace Retort.Plots;

public static partial class Chart
{
    private const double ColourBarRoom = 66;

    /// <summary>Draws the figures over one another in one plot. Titles and axes come from the first that has them.</summary>
    public static Figure Combine(params Figure[] figures) => Combine((IEnumerable<Figure>)figures);

    /// <summary>Draws the figures over one another in one plot. Titles and axes come from the first that has them.</summary>
    /// <exception cref="ArgumentException">No figure.</exception>
    public static Figure Combine(IEnumerable<Figure> figures)
    {
        var all = figures.ToArray();
        if (all.Length == 0)
        {
            throw new ArgumentException("no figures", nameof(figures));
        }
        var layout = new JsonObject();
        foreach (var figure in Enumerable.Reverse(all))
        {
            var lists = new[] { "shapes", "annotations" }.ToDictionary(k => k, k => layout[k]?.DeepClone() as JsonArray);
            Json.Merge(layout, figure.Layout);
            foreach (var (key, items) in lists)
            {
                if (items is not null && figure.Layout[key] is JsonArray own)
                {
                    layout[key] = new JsonArray([.. own.Concat(items).Select(n => n?.DeepClone())]);
                }
            }
        }
        return new Figure([.. all.SelectMany(f => f.Traces)], layout);
    }

    /// <summary>
    /// Subplots, row by row. Each figure's title stands above its plot; a name that occurs in several plots has one
    /// colour and one entry in the legend.
    /// </summary>
    /// <param name="figures">one a plot</param>
    /// <param name="columns">plots side by side</param>
    /// <param name="title">above all</param>
    /// <param name="width">of one plot, in pixels; null for as wide as the page allows</param>
    /// <param name="height">of one plot, in pixels</param>
    /// <exception cref="ArgumentException">No figure, or one that is a grid itself.</exception>
    public static Figure Grid(IReadOnlyList<Figure> figures, int columns = 2, string? title = null, int? width = null, int height = 300)
    {
        if (figures.Count == 0)
        {
            throw new ArgumentException("no figures", nameof(figures));
        }
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        columns = Math.Min(columns, figures.Count);
        var rows = (figures.Count + columns - 1) / columns;
        var cell = width ?? Math.Max(260, 900 / columns);
        const double titleSize = Template.FontSize + 1, between = 78;
        var wide = cell * columns + 40;
        var areaWide = wide - 90.0;
        // A title is as wide as its plot and the better part of the gap beside it; longer ones get lines more.
        var titles = figures.Select(f => Svg.Canvas.Wrap(f.Title, (areaWide - between * (columns - 1)) / columns + 0.6 * between, titleSize)).ToArray();
        var room = (titles.Max(t => t.Split("<br>").Length) - 1) * (int)(1.4 * titleSize);
        var high = (height + room) * rows + (title is null ? 20 : 60);
        // Gaps in pixels, turned into shares of the plotting area.
        var areaHigh = high - 110.0 - room;
        var (gapX, gapY) = (between / areaWide, (92 + room) / areaHigh);
        var plotWide = (1 - gapX * (columns - 1)) / columns;
        var plotHigh = (1 - gapY * (rows - 1)) / rows;
        var layout = new JsonObject { ["width"] = wide, ["height"] = high };
        if (title is not null)
        {
            layout["title"] = new JsonObject { ["text"] = title };
        }
        var (traces, annotations, shapes) = (new List<JsonObject>(), new JsonArray(), new JsonArray());
        var named = new HashSet<string>();
        for (var k = 0; k < figures.Count; k++)
        {
            var figure = figures[k];
            if (figure.Layout.Any(p => p.Key is "xaxis2" or "scene2") || figure.Frames.Count > 0)
            {
                throw new ArgumentException($"plot {k} is a grid or has frames", nameof(figures));
            }
            var left = k % columns * (plotWide + gapX);
            var bottom = 1 - k / columns * (plotHigh + gapY) - plotHigh;
            var hasBar = figure.Traces.Any(t => t["type"].AsText() == "heatmap" && t["showscale"].AsFlag() != false);
            var right = left + plotWide - (hasBar ? ColourBarRoom / areaWide : 0);
            var number = k == 0 ? "" : (k + 1).ToString();
            var domainX = new JsonArray(Json.Number(left, 5), Json.Number(right, 5));
            var domainY = new JsonArray(Json.Number(bottom, 5), Json.Number(bottom + plotHigh, 5));
            if (figure.Layout["scene"] is JsonObject scene)
            {
                var copy = (JsonObject)scene.DeepClone();
                copy["domain"] = new JsonObject { ["x"] = domainX.DeepClone(), ["y"] = domainY.DeepClone() };
                layout["scene" + number] = copy;
            }
            else
            {
                var (x, y) = (Axis(figure, "xaxis"), Axis(figure, "yaxis"));
                (x["domain"], x["anchor"]) = (domainX.DeepClone(), "y" + number);
                (y["domain"], y["anchor"]) = (domainY.DeepClone(), "x" + number);
                (layout["xaxis" + number], layout["yaxis" + number]) = (x, y);
            }
            foreach (var original in figure.Traces)
            {
                traces.Add(Moved((JsonObject)original.DeepClone(), number, right, bottom, plotHigh, areaWide, named));
            }
            foreach (var (key, target) in new[] { ("annotations", annotations), ("shapes", shapes) })
            {
                foreach (var item in (figure.Layout[key] as JsonArray ?? []).OfType<JsonObject>())
                {
                    var copy = (JsonObject)item.DeepClone();
                    foreach (var reference in new[] { "xref", "yref" })
                    {
                        copy[reference] = copy[reference].AsText() is { } text && text is not "paper" ? text[..1] + number + text[1..] : "paper";
                    }
                    target.Add(copy);
                }
            }
            if (figure.Layout["barmode"] is { } mode)
            {
                layout["barmode"] = mode.DeepClone();
            }
            if (figure.Title.Length > 0)
            {
                annotations.Add(new JsonObject
                {
                    ["text"] = titles[k],
                    ["xref"] = "paper",
                    ["yref"] = "paper",
                    ["x"] = Json.Number(left, 5),
                    ["y"] = Json.Number(bottom + plotHigh, 5),
                    ["xanchor"] = "left",
                    ["yanchor"] = "bottom",
                    ["yshift"] = 6,
                    ["align"] = "left",
                    ["showarrow"] = false,
                    ["font"] = new JsonObject { ["size"] = titleSize },
                });
            }
        }
        layout["annotations"] = annotations;
        layout["shapes"] = shapes;
        layout["margin"] = new JsonObject { ["t"] = (title is null ? 40 : 84) + room, ["r"] = 24, ["l"] = 66, ["b"] = 54 };
        if (traces.Any(FigureJson.InLegend))
        {
            layout["legend"] = Figure.LegendBelow();
        }
        return new Figure(traces, layout);
    }

    /// <summary>
    /// An animation: frames of the same number of traces, with a button and a slider. A page without scripts, and
    /// the text, show the last frame. Axes keep the ranges of all frames together.
    /// </summary>
    /// <param name="frames">each frame's name and figure; at least two</param>
    /// <exception cref="ArgumentException">Fewer than two frames, or different numbers of traces.</exception>
    public static Figure Animation(IReadOnlyList<(string Name, Figure Content)> frames)
    {
        if (frames.Count < 2 || frames.Any(f => f.Content.Traces.Count != frames[0].Content.Traces.Count))
        {
            throw new ArgumentException("an animation needs two frames or more, of the same number of traces", nameof(frames));
        }
        var layout = (JsonObject)frames[^1].Content.Layout.DeepClone();
        layout["height"] ??= Template.Height + 60;
        FixRanges(layout, frames.SelectMany(f => f.Content.Traces).Where(t => t["type"].AsText() != "scatter3d"));
        if (layout["margin"] is null)
        {
            layout["margin"] = new JsonObject { ["t"] = 56, ["r"] = 24, ["l"] = 64, ["b"] = 130 };
        }
        return new Figure(frames[^1].Content.Traces, layout, [.. frames]);
    }

    private static void FixRanges(JsonObject layout, IEnumerable<JsonObject> traces)
    {
        var plot = new Svg.Plot("x", "y", layout);
        foreach (var trace in traces)
        {
            plot.Add(trace);
        }
        plot.Finish(Template.Width, Template.Height);
        foreach (var (name, axis) in new[] { ("xaxis", plot.X), ("yaxis", plot.Y) })
        {
            if (!axis.IsCategory && layout[name] is JsonObject given && given["range"] is null)
            {
                given["range"] = new JsonArray(Json.Number(axis.Range.Start), Json.Number(axis.Range.End));
            }
        }
    }

    private static JsonObject Axis(Figure figure, string name) => figure.Layout[name]?.DeepClone() as JsonObject ?? [];

    private static JsonObject Moved(JsonObject trace, string number, double right, double bottom, double high, double areaWide,
        HashSet<string> named)
    {
        if (trace["type"].AsText() == "scatter3d")
        {
            trace["scene"] = "scene" + number;
        }
        else
        {
            trace["xaxis"] = "x" + number;
            trace["yaxis"] = "y" + number;
        }
        if (trace["colorbar"] is JsonObject bar)
        {
            bar["x"] = Json.Number(right + 8 / areaWide, 5);
            bar["y"] = Json.Number(bottom + high / 2, 5);
            bar["len"] = Json.Number(high, 5);
        }
        if (trace["name"].AsText() is { Length: > 0 } name && trace["showlegend"].AsFlag() != false)
        {
            trace["legendgroup"] ??= name;
            if (!named.Add(name))
            {
                trace["showlegend"] = false;
            }
        }
        return trace;
    }
}
