using System.Text.Json.Nodes;

namespace Retort.Plots;

/// <summary>What plotly.js gets and what the static picture is drawn from: colours given out, legend placed.</summary>
internal static class FigureJson
{
    public static JsonObject Whole(Figure figure)
    {
        var (traces, layout) = Resolve(figure);
        var whole = new JsonObject
        {
            ["data"] = new JsonArray([.. traces]),
            ["layout"] = layout,
            ["config"] = new JsonObject { ["responsive"] = false, ["displaylogo"] = false },
        };
        layout["template"] = Template.ToJson();
        ForPlotly(layout);
        if (figure.Frames.Count > 0)
        {
            whole["frames"] = new JsonArray([.. figure.Frames.Select(frame => (JsonNode)new JsonObject
            {
                ["name"] = frame.Name,
                ["data"] = new JsonArray([.. Resolve(frame.Content).Traces]),
            })]);
            AddSlider(layout, figure.Frames);
        }
        return whole;
    }

    /// <summary>Copies of traces and layout with explicit colours: one colour a name, in the order of the palette.</summary>
    public static (List<JsonObject> Traces, JsonObject Layout) Resolve(Figure figure)
    {
        var layout = (JsonObject)figure.Layout.DeepClone();
        layout["width"] ??= figure.Width;
        layout["height"] ??= figure.Height;
        var colours = new Dictionary<string, string>();
        var traces = new List<JsonObject>();
        foreach (var original in figure.Traces)
        {
            var trace = (JsonObject)original.DeepClone();
            var key = trace["legendgroup"].AsText() ?? trace["name"].AsText() ?? $"#{traces.Count}";
            Colour(trace, () =>
            {
                if (!colours.TryGetValue(key, out var colour))
                {
                    colours[key] = colour = Palette.Colours[colours.Count % Palette.Colours.Count];
                }
                return colour;
            });
            traces.Add(trace);
        }
        var named = traces.Where(InLegend).Select(t => t["name"].AsText()!).Distinct().ToArray();
        if (layout["showlegend"] is null)
        {
            layout["showlegend"] = named.Length > 1;
            if (named.Length > 1 && named.Any(n => n.Length > 28) && layout["legend"] is null)
            {
                layout["legend"] = Figure.LegendBelow();
            }
        }
        return (traces, layout);
    }

    public static bool InLegend(JsonObject trace) =>
        trace["showlegend"].AsFlag() != false && trace["name"].AsText() is { Length: > 0 } && trace["type"].AsText() != "heatmap";

    private static void Colour(JsonObject trace, Func<string> next)
    {
        switch (trace["type"].AsText())
        {
            case "heatmap":
                break;
            case "bar" or "histogram":
                Inner(trace, "marker")["color"] ??= next();
                break;
            case "box" or "violin":
                if (Inner(trace, "line")["color"] is null)
                {
                    var colour = next();
                    trace["line"]!["color"] = colour;
                    trace["fillcolor"] ??= Palette.WithOpacity(colour, 0.25);
                    Inner(trace, "marker")["color"] ??= colour;
                }
                break;
            case "scatter3d":
                var marker = Inner(trace, "marker");
                if (marker["color"] is null)
                {
                    marker["color"] = next();
                }
                if (trace["mode"].AsText()?.Contains("lines") == true)
                {
                    Inner(trace, "line")["color"] ??= marker["color"]!.DeepClone();
                }
                break;
            default:
                if (trace["fill"].AsText() == "toself")
                {
                    trace["fillcolor"] ??= Palette.WithOpacity(next(), trace["meta"].AsNumber() ?? 0.2);
                    break;
                }
                var given = trace["line"]?["color"].AsText() ?? trace["marker"]?["color"].AsText();
                var chosen = given ?? next();
                if (trace["mode"].AsText()?.Contains("lines") != false)
                {
                    Inner(trace, "line")["color"] ??= chosen;
                }
                if (trace["mode"].AsText()?.Contains("markers") == true)
                {
                    Inner(trace, "marker")["color"] ??= chosen;
                }
                break;
        }
    }

    private static JsonObject Inner(JsonObject parent, string key)
    {
        if (parent[key] is JsonObject there)
        {
            return there;
        }
        var made = new JsonObject();
        parent[key] = made;
        return made;
    }

    // plotly.js wants exponents for the places of annotations on logarithmic axes, and margins for the title.
    private static void ForPlotly(JsonObject layout)
    {
        foreach (var annotation in (layout["annotations"] as JsonArray ?? []).OfType<JsonObject>())
        {
            foreach (var axis in new[] { "x", "y" })
            {
                var reference = annotation[axis + "ref"].AsText() ?? "paper";
                var name = axis + "axis" + reference[1..];
                if (reference.StartsWith(axis) && !reference.Contains(' ') && layout[name]?["type"].AsText() == "log"
                    && annotation[axis].AsNumber() is { } at)
                {
                    annotation[axis] = Json.Number(Math.Log10(at));
                }
            }
        }
        if (layout["margin"] is null)
        {
            var titled = layout["title"]?["text"].AsText() is { Length: > 0 };
            var subtitled = layout["title"]?["subtitle"] is not null;
            layout["margin"] = new JsonObject { ["t"] = subtitled ? 78 : titled ? 56 : 24, ["r"] = 24, ["l"] = 64, ["b"] = 52 };
        }
    }

    private static void AddSlider(JsonObject layout, IReadOnlyList<(string Name, Figure Content)> frames)
    {
        JsonObject Options(int duration) => new()
        {
            ["mode"] = "immediate",
            ["fromcurrent"] = true,
            ["transition"] = new JsonObject { ["duration"] = 0 },
            ["frame"] = new JsonObject { ["duration"] = duration, ["redraw"] = true },
        };
        layout["updatemenus"] = new JsonArray(new JsonObject
        {
            ["type"] = "buttons",
            ["showactive"] = false,
            ["direction"] = "left",
            ["x"] = 0,
            ["xanchor"] = "left",
            ["y"] = -0.2,
            ["yanchor"] = "top",
            ["buttons"] = new JsonArray(
                new JsonObject { ["label"] = "play", ["method"] = "animate", ["args"] = new JsonArray(null, Options(300)) },
                new JsonObject { ["label"] = "pause", ["method"] = "animate", ["args"] = new JsonArray(new JsonArray((JsonNode?)null), Options(0)) }),
        });
        layout["sliders"] = new JsonArray(new JsonObject
        {
            ["active"] = frames.Count - 1,
            ["x"] = 0.2,
            ["len"] = 0.8,
            ["y"] = -0.15,
            ["steps"] = new JsonArray([.. frames.Select(frame => (JsonNode)new JsonObject
            {
                ["label"] = frame.Name,
                ["method"] = "animate",
                ["args"] = new JsonArray(new JsonArray(frame.Name), Options(0)),
            })]),
        });
    }
}
