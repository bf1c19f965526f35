// A figure is plotly.js's figure JSON: data (traces), layout, config, frames. plotly.com/javascript/reference.

using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retort.Plots;

/// <summary>
/// A figure, drawn twice from the same JSON: as a static picture by us and interactively by plotly.js where a page has it.
/// Figures do not change: each With method returns another one. Make them with <see cref="Chart"/>.
/// </summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed class Figure : IDisplayable
{
    private readonly IReadOnlyList<JsonObject> traces;
    private readonly JsonObject layout;
    private readonly IReadOnlyList<(string Name, Figure Content)> frames;

    internal Figure(IReadOnlyList<JsonObject> traces, JsonObject layout, IReadOnlyList<(string, Figure)>? frames = null)
    {
        this.traces = traces;
        this.layout = layout;
        this.frames = frames ?? [];
    }

    /// <summary>The traces' names, empty where a trace has none.</summary>
    public IReadOnlyList<string> Names => [.. traces.Select(t => t["name"].AsText() ?? "")];

    /// <summary>The title, empty where there is none.</summary>
    public string Title => layout["title"]?["text"].AsText() ?? "";

    /// <summary>Width in pixels.</summary>
    public int Width => (int)(layout["width"].AsNumber() ?? Template.Width);

    /// <summary>Height in pixels.</summary>
    public int Height => (int)(layout["height"].AsNumber() ?? Template.Height);

    internal IReadOnlyList<JsonObject> Traces => traces;

    internal JsonObject Layout => layout;

    internal IReadOnlyList<(string Name, Figure Content)> Frames => frames;

    /// <summary>A figure of plotly.js's JSON: an object with data (a list) and, if wanted, layout.</summary>
    /// <exception cref="BadInputException">The text is not such an object.</exception>
    public static Figure FromJson(string json)
    {
        try
        {
            if (JsonNode.Parse(json) is JsonObject { } whole && whole["data"] is JsonArray data && data.All(t => t is JsonObject))
            {
                var layout = whole["layout"]?.DeepClone() as JsonObject ?? [];
                layout.Remove("template");
                return new Figure([.. data.Select(t => (JsonObject)t!.DeepClone())], layout);
            }
        }
        catch (JsonException e)
        {
            throw new BadInputException("figure", $"line {e.LineNumber + 1}", "not JSON", e);
        }
        throw new BadInputException("figure", "data", "expected an object with a list of traces");
    }

    /// <summary>The title, and below it a smaller line.</summary>
    public Figure WithTitle(string title, string? subtitle = null)
    {
        var text = new JsonObject { ["text"] = title };
        if (subtitle is not null)
        {
            text["subtitle"] = new JsonObject { ["text"] = subtitle };
        }
        return With("title", text);
    }

    /// <summary>Width and height in pixels.</summary>
    public Figure WithSize(int width, int height) => Patched(new JsonObject { ["width"] = width, ["height"] = height });

    /// <summary>The horizontal axis. What is null stays as it is.</summary>
    /// <param name="title">the axis title, with its unit</param>
    /// <param name="min">left end; both ends or none</param>
    /// <param name="max">right end</param>
    /// <param name="log">logarithmic</param>
    /// <param name="reversed">largest value first</param>
    /// <param name="ticks">tick marks and their labels</param>
    public Figure WithXAxis(string? title = null, double? min = null, double? max = null, bool? log = null,
        bool? reversed = null, IReadOnlyList<(double At, string Label)>? ticks = null) =>
        WithAxes("xaxis", AxisPatch(title, min, max, log, reversed, ticks));

    /// <summary>The vertical axis. What is null stays as it is.</summary>
    /// <param name="title">the axis title, with its unit</param>
    /// <param name="min">lower end; both ends or none</param>
    /// <param name="max">upper end</param>
    /// <param name="log">logarithmic</param>
    /// <param name="reversed">largest value at the bottom</param>
    /// <param name="ticks">tick marks and their labels</param>
    public Figure WithYAxis(string? title = null, double? min = null, double? max = null, bool? log = null,
        bool? reversed = null, IReadOnlyList<(double At, string Label)>? ticks = null) =>
        WithAxes("yaxis", AxisPatch(title, min, max, log, reversed, ticks));

    /// <summary>Where the legend stands.</summary>
    public Figure WithLegend(LegendPlace place) => place switch
    {
        LegendPlace.None => Patched(new JsonObject { ["showlegend"] = false }),
        LegendPlace.Bottom => Patched(new JsonObject { ["showlegend"] = true, ["legend"] = LegendBelow() }),
        LegendPlace.Right => Patched(new JsonObject { ["showlegend"] = true }),
        _ => Without("showlegend", "legend"),
    };

    /// <summary>How bars of the same place share it: "group", "stack" or "overlay" (histograms).</summary>
    public Figure WithBarMode(string mode) => Patched(new JsonObject { ["barmode"] = mode });

    /// <summary>A dashed horizontal line over the whole width, such as a published number.</summary>
    public Figure WithHorizontalLine(double y, string? text = null, string colour = Palette.Muted) =>
        WithRule("y", y, text, colour);

    /// <summary>A dashed vertical line over the whole height.</summary>
    public Figure WithVerticalLine(double x, string? text = null, string colour = Palette.Muted) =>
        WithRule("x", x, text, colour);

    /// <summary>A text at a place of the first plot.</summary>
    public Figure WithText(double x, double y, string text, bool arrow = false) => Appended("annotations", new JsonObject
    {
        ["x"] = Json.Number(x),
        ["y"] = Json.Number(y),
        ["xref"] = "x",
        ["yref"] = "y",
        ["text"] = text,
        ["showarrow"] = arrow,
    });

    /// <summary>Adds any keys of plotly.js's layout: a JSON object, merged into the layout that is there.</summary>
    /// <exception cref="BadInputException">The text is not a JSON object.</exception>
    public Figure WithLayoutJson(string json) => Patched(ParseObject(json, "layout"));

    /// <summary>Adds any keys of plotly.js's traces to all traces, or to those of one name.</summary>
    /// <exception cref="BadInputException">The text is not a JSON object.</exception>
    public Figure WithTraceJson(string json, string? name = null)
    {
        var patch = ParseObject(json, "trace");
        return new Figure([.. traces.Select(trace =>
        {
            if (name is not null && trace["name"].AsText() != name)
            {
                return trace;
            }
            var changed = (JsonObject)trace.DeepClone();
            Json.Merge(changed, patch);
            return changed;
        })], layout, frames);
    }

    /// <summary>plotly.js's figure: data, layout (with our template), config, frames.</summary>
    public string ToJson() => Json.Write(FigureJson.Whole(this));

    /// <summary>The static picture. Of a figure with frames it shows the last one.</summary>
    public string ToSvg() => new Svg.Picture(this).Draw();

    /// <summary>Writes the picture (.svg), the JSON (.json) or a page that shows the figure (.html).</summary>
    /// <exception cref="ArgumentException">Another extension.</exception>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public void Save(string path) => AtomicFile.WriteText(path, Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".svg" => ToSvg(),
        ".json" => ToJson(),
        ".html" => $"<!doctype html><meta charset=\"utf-8\"><title>{Markup.Text(Title)}</title>{ToHtml()}\n",
        var other => throw new ArgumentException($"a figure is saved as .svg, .json or .html, not '{other}'", nameof(path)),
    });

    /// <inheritdoc/>
    public string ToHtml() => FigureHtml.Write(this);

    /// <inheritdoc/>
    public string ToText() => FigureText.Write(this);

    /// <summary>The text form.</summary>
    public override string ToString() => ToText();

    internal static JsonObject LegendBelow() => new()
    {
        ["orientation"] = "h",
        ["yref"] = "container",
        ["y"] = 0,
        ["yanchor"] = "bottom",
        ["x"] = 0,
        ["xanchor"] = "left",
    };

    internal Figure Patched(JsonObject patch)
    {
        var changed = (JsonObject)layout.DeepClone();
        Json.Merge(changed, patch);
        return new Figure(traces, changed, frames);
    }

    internal Figure Appended(string list, params JsonObject[] items)
    {
        var changed = (JsonObject)layout.DeepClone();
        var all = changed[list] as JsonArray ?? [];
        changed[list] = all;
        foreach (var item in items)
        {
            all.Add(item);
        }
        return new Figure(traces, changed, frames);
    }

    private Figure With(string key, JsonNode value)
    {
        var changed = (JsonObject)layout.DeepClone();
        changed[key] = value;
        return new Figure(traces, changed, frames);
    }

    private Figure Without(params string[] keys)
    {
        var changed = (JsonObject)layout.DeepClone();
        foreach (var key in keys)
        {
            changed.Remove(key);
        }
        return new Figure(traces, changed, frames);
    }

    // Of a grid, all plots' axes.
    private Figure WithAxes(string kind, JsonObject patch)
    {
        var changed = (JsonObject)layout.DeepClone();
        var names = changed.Select(p => p.Key).Where(k => k.StartsWith(kind, StringComparison.Ordinal)).ToArray();
        foreach (var name in names.Length == 0 ? [kind] : names)
        {
            var axis = changed[name] as JsonObject ?? [];
            changed[name] = axis;
            Json.Merge(axis, patch);
            // plotly.js writes the ends of a logarithmic axis as exponents.
            if (patch["range"] is not null && axis["type"].AsText() == "log")
            {
                axis["range"] = new JsonArray([.. ((JsonArray)axis["range"]!).Select(v => Json.Number(Math.Log10(v.AsNumber()!.Value)))]);
            }
        }
        return new Figure(traces, changed, frames);
    }

    private static JsonObject AxisPatch(string? title, double? min, double? max, bool? log, bool? reversed,
        IReadOnlyList<(double At, string Label)>? ticks)
    {
        if (min is null != max is null)
        {
            throw new ArgumentException("an axis range needs both ends");
        }
        var patch = new JsonObject();
        if (title is not null)
        {
            patch["title"] = new JsonObject { ["text"] = title };
        }
        if (log is not null)
        {
            patch["type"] = log.Value ? "log" : "linear";
        }
        if (min is not null)
        {
            patch["range"] = reversed == true ? new JsonArray(max!.Value, min.Value) : new JsonArray(min.Value, max!.Value);
        }
        else if (reversed is not null)
        {
            patch["autorange"] = reversed.Value ? "reversed" : true;
        }
        if (ticks is not null)
        {
            patch["tickmode"] = "array";
            patch["tickvals"] = Json.Array(ticks.Select(t => t.At));
            patch["ticktext"] = Json.Array(ticks.Select(t => t.Label));
        }
        return patch;
    }

    private Figure WithRule(string axis, double at, string? text, string colour)
    {
        var vertical = axis == "x";
        var line = new JsonObject
        {
            ["type"] = "line",
            ["xref"] = vertical ? "x" : "x domain",
            ["yref"] = vertical ? "y domain" : "y",
            ["x0"] = vertical ? at : 0,
            ["x1"] = vertical ? at : 1,
            ["y0"] = vertical ? 0 : at,
            ["y1"] = vertical ? 1 : at,
            ["line"] = new JsonObject { ["color"] = colour, ["width"] = 1.5, ["dash"] = "dash" },
        };
        var figure = Appended("shapes", line);
        return text is null ? figure : figure.Appended("annotations", new JsonObject
        {
            ["xref"] = vertical ? "x" : "x domain",
            ["yref"] = vertical ? "y domain" : "y",
            ["x"] = vertical ? at : 1,
            ["y"] = vertical ? 0 : at,
            ["xanchor"] = vertical ? "left" : "right",
            ["yanchor"] = "bottom",
            ["text"] = text,
            ["showarrow"] = false,
            ["font"] = new JsonObject { ["color"] = colour, ["size"] = Template.FontSize - 1 },
        });
    }

    private static JsonObject ParseObject(string json, string what)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject ?? throw new BadInputException(what, "", "expected a JSON object");
        }
        catch (JsonException e)
        {
            throw new BadInputException(what, $"line {e.LineNumber + 1}", "not JSON", e);
        }
    }
}
