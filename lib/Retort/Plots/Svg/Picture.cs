using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>The static picture of a figure: margins, plots, legend, title.</summary>
internal sealed class Picture
{
    private readonly JsonObject layout;
    private readonly List<JsonObject> traces;
    private readonly int width, height;

    public Picture(Figure figure)
    {
        (traces, layout) = FigureJson.Resolve(figure);
        (width, height) = (figure.Width, figure.Height);
        if (figure.Frames.Count > 0)
        {
            Caption = $"last of {figure.Frames.Count} frames: {figure.Frames[^1].Name}";
        }
    }

    private string Caption { get; } = "";

    public string Draw()
    {
        var canvas = new Canvas(width, height);
        var top = DrawTitle(canvas);
        var plots = Plots();
        var scenes = Scenes();
        var legend = layout["showlegend"].AsFlag() == true ? new Legend([.. traces.Where(FigureJson.InLegend)]) : new Legend([]);
        var below = layout["legend"]?["orientation"].AsText() == "h";
        var single = plots.Count + scenes.Count <= 1;

        // Margins: what the outermost plots need for their labels, then the legend.
        foreach (var plot in plots)
        {
            plot.Finish(width * 0.75 * plot.Wide, height * 0.7 * plot.High);
        }
        var left = 18 + plots.Where(p => p.Left < 0.01).Select(p => p.RoomLeft).DefaultIfEmpty(10).Max();
        var bottom = 12 + plots.Where(p => p.Bottom < 0.01).Select(p => p.RoomBelow).DefaultIfEmpty(10).Max();
        var right = 20 + plots.Where(p => single && p.Bar is not null).Select(p => p.Bar!.Room).DefaultIfEmpty(0).Max();
        if (top < 30)
        {
            top = single || !plots.Any(p => p.Top > 0.99) ? Math.Max(top, 18) : 18;
        }
        if ((layout["annotations"] as JsonArray ?? []).OfType<JsonObject>().Any(a => a["yshift"].AsNumber() > 0 && a["y"].AsNumber() > 0.99))
        {
            top += 22;
        }
        if (legend.Any)
        {
            if (below)
            {
                bottom += legend.HeightBelow(width - 40) + 4;
            }
            else
            {
                right += legend.WidthRight(width * 0.4) + 8;
            }
        }
        bottom += Caption.Length > 0 ? 20 : 0;
        var area = new Box(left, top, width - left - right, height - top - bottom);
        foreach (var plot in plots)
        {
            plot.Place(area, single);
            plot.Draw(canvas, layout);
        }
        foreach (var scene in scenes)
        {
            scene.Draw(canvas, area);
        }
        DrawPaperTexts(canvas, area);
        if (legend.Any && below)
        {
            legend.DrawBelow(canvas, 20, height - 10 - legend.HeightBelow(width - 40) - (Caption.Length > 0 ? 20 : 0), width - 40);
        }
        else if (legend.Any)
        {
            legend.DrawRight(canvas, width - 14 - legend.WidthRight(width * 0.4), area.Y, width * 0.4);
        }
        if (Caption.Length > 0)
        {
            canvas.Text(width - 16, height - 10, Caption, "end", 12, Palette.Muted);
        }
        return canvas.ToString();
    }

    private double DrawTitle(Canvas canvas)
    {
        var title = layout["title"] is JsonObject whole ? whole["text"].AsText() ?? "" : layout["title"].AsText() ?? "";
        if (title.Length == 0)
        {
            return 18;
        }
        canvas.Text(0.02 * width, 30, Canvas.Fit(title, width * 0.96, Template.TitleSize), size: Template.TitleSize);
        if (layout["title"]?["subtitle"]?["text"].AsText() is not { Length: > 0 } subtitle)
        {
            return 50;
        }
        canvas.Text(0.02 * width, 50, Canvas.Fit(subtitle, width * 0.96), colour: Palette.Muted);
        return 68;
    }

    private List<Plot> Plots()
    {
        var plots = new Dictionary<(string, string), Plot>();
        foreach (var trace in traces.Where(t => t["type"].AsText() != "scatter3d"))
        {
            var key = (trace["xaxis"].AsText() ?? "x", trace["yaxis"].AsText() ?? "y");
            if (!plots.TryGetValue(key, out var plot))
            {
                plots[key] = plot = new Plot(key.Item1, key.Item2, layout);
            }
            plot.Add(trace);
        }
        return [.. plots.Values];
    }

    private List<Scene> Scenes() => [.. traces.Where(t => t["type"].AsText() == "scatter3d")
        .GroupBy(t => t["scene"].AsText() ?? "scene").Select(g => new Scene([.. g], layout[g.Key] as JsonObject ?? []))];

    private void DrawPaperTexts(Canvas canvas, Box area)
    {
        foreach (var text in (layout["annotations"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (text["xref"].AsText() is not (null or "paper") || text["x"].AsNumber() is not { } x || text["y"].AsNumber() is not { } y)
            {
                continue;
            }
            var anchor = text["xanchor"].AsText() switch { "left" => "start", "right" => "end", _ => "middle" };
            var (content, size) = (text["text"].AsText() ?? "", text["font"]?["size"].AsNumber() ?? Template.FontSize);
            // Lines go downward from the first one's baseline: text that stands on its point begins so much higher.
            var raise = text["yanchor"].AsText() == "bottom" ? (Canvas.Plain(content).Split('\n').Length - 1) * 1.25 * size : 0;
            canvas.Text(area.X + x * area.W, area.Y + (1 - y) * area.H - (text["yshift"].AsNumber() ?? 0) - raise, content, anchor, size,
                text["font"]?["color"].AsText() ?? Palette.Ink);
        }
    }
}
