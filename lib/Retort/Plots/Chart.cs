// Names follow Plotly.NET's where it has them. Every method returns a Figure of one plot; Combine and Grid join them.

using System.Text.Json.Nodes;

namespace Retort.Plots;

/// <summary>Makes figures. Places (x) may be numbers or names; values may be of any number type.</summary>
public static partial class Chart
{
    /// <summary>A line through points in the order given; a gap where a value is not a number.</summary>
    /// <param name="x">places</param>
    /// <param name="y">one value a place</param>
    /// <param name="name">in the legend; lines of one name share a colour</param>
    /// <param name="colour">#rrggbb, or the next one of the palette</param>
    /// <param name="dash">"solid", "dash", "dot" or "dashdot"</param>
    /// <param name="width">in pixels</param>
    /// <param name="markers">also a mark at each point</param>
    public static Figure Line<TX, TY>(IEnumerable<TX> x, IEnumerable<TY> y, string? name = null, string? colour = null,
        string? dash = null, double width = 2.2, bool markers = false)
    {
        var line = new JsonObject { ["width"] = width };
        if (dash is not null)
        {
            line["dash"] = dash;
        }
        var trace = Xy("scatter", x, y, name);
        trace["mode"] = markers ? "lines+markers" : "lines";
        trace["line"] = line;
        if (colour is not null)
        {
            line["color"] = colour;
        }
        return One(trace, x);
    }

    /// <summary>Points.</summary>
    /// <param name="x">places</param>
    /// <param name="y">one value a place</param>
    /// <param name="name">in the legend</param>
    /// <param name="text">one label a point, shown beside it</param>
    /// <param name="size">diameter in pixels</param>
    /// <param name="colour">#rrggbb, or the next one of the palette</param>
    /// <param name="error">half lengths of error bars, one a point</param>
    public static Figure Scatter<TX, TY>(IEnumerable<TX> x, IEnumerable<TY> y, string? name = null,
        IEnumerable<string>? text = null, double size = 7, string? colour = null, IEnumerable<double>? error = null)
    {
        var trace = Xy("scatter", x, y, name);
        trace["mode"] = text is null ? "markers" : "markers+text";
        trace["marker"] = new JsonObject { ["size"] = size };
        if (colour is not null)
        {
            trace["marker"]!["color"] = colour;
        }
        if (text is not null)
        {
            trace["text"] = Json.Array(text);
            trace["textposition"] = "top center";
        }
        AddError(trace, "error_y", error, null);
        return One(trace, x);
    }

    /// <summary>Bars with error bars.</summary>
    /// <param name="x">places, mostly names</param>
    /// <param name="y">one value a place</param>
    /// <param name="name">in the legend</param>
    /// <param name="error">lengths of the error bars above the value, and below it too where <paramref name="errorBelow"/> is null</param>
    /// <param name="errorBelow">lengths of the error bars below the value</param>
    /// <param name="horizontal">bars to the right; names stand on the vertical axis, the first on top</param>
    /// <param name="text">one label a bar, shown above it; for bars without error bars</param>
    /// <param name="colour">#rrggbb, or the next one of the palette</param>
    public static Figure Bar<TX, TY>(IEnumerable<TX> x, IEnumerable<TY> y, string? name = null, IEnumerable<double>? error = null,
        IEnumerable<double>? errorBelow = null, bool horizontal = false, IEnumerable<string>? text = null, string? colour = null)
    {
        var trace = Xy("bar", x, y, name);
        if (colour is not null)
        {
            trace["marker"] = new JsonObject { ["color"] = colour };
        }
        if (text is not null)
        {
            trace["text"] = Json.Array(text);
            trace["textposition"] = "outside";
            trace["cliponaxis"] = false;
        }
        AddError(trace, horizontal ? "error_x" : "error_y", error, errorBelow);
        if (!horizontal)
        {
            return One(trace, x);
        }
        var (places, values) = (trace["x"]!, trace["y"]!);
        trace["x"] = values.DeepClone();
        trace["y"] = places.DeepClone();
        trace["orientation"] = "h";
        var axis = new JsonObject { ["autorange"] = "reversed" };
        if (Json.AnyText(x))
        {
            axis["type"] = "category";
        }
        return new Figure([trace], new JsonObject { ["yaxis"] = axis, ["xaxis"] = new JsonObject() });
    }

    /// <summary>A line with a band about it, such as the mean over seeds with its 95 % interval.</summary>
    /// <param name="x">places, numbers</param>
    /// <param name="y">the line</param>
    /// <param name="low">the band's lower edge</param>
    /// <param name="high">the band's upper edge</param>
    /// <param name="name">in the legend</param>
    /// <param name="colour">#rrggbb, or the next one of the palette</param>
    /// <param name="dash">"solid", "dash", "dot" or "dashdot"</param>
    public static Figure Band<TX, TY>(IEnumerable<TX> x, IEnumerable<TY> y, IEnumerable<TY> low, IEnumerable<TY> high,
        string? name = null, string? colour = null, string? dash = null)
    {
        var places = Numbers(x);
        var (bottom, top) = (Numbers(low), Numbers(high));
        if (bottom.Length != places.Length || top.Length != places.Length)
        {
            throw new ArgumentException($"{places.Length} places, {bottom.Length} lower and {top.Length} upper values");
        }
        var whole = Enumerable.Range(0, places.Length)
            .Where(i => double.IsFinite(places[i]) && double.IsFinite(bottom[i]) && double.IsFinite(top[i])).ToArray();
        var band = new JsonObject
        {
            ["type"] = "scatter",
            ["mode"] = "lines",
            ["x"] = Json.Array(whole.Concat(Enumerable.Reverse(whole)).Select(i => places[i])),
            ["y"] = Json.Array(whole.Select(i => top[i]).Concat(Enumerable.Reverse(whole).Select(i => bottom[i]))),
            ["fill"] = "toself",
            ["line"] = new JsonObject { ["width"] = 0 },
            ["hoverinfo"] = "skip",
            ["showlegend"] = false,
        };
        var line = Line(places, y, name, colour, dash);
        if (name is not null)
        {
            band["legendgroup"] = name;
            line.Traces[0]["legendgroup"] = name;
        }
        var shade = colour ?? (name is null ? Palette.Colours[0] : null);
        if (shade is not null)
        {
            band["fillcolor"] = Palette.WithOpacity(shade, 0.2);
            line.Traces[0]["line"]!["color"] = shade;
        }
        return new Figure([band, line.Traces[0]], line.Layout);
    }

    /// <summary>A box for a group of values: quartiles, whiskers to the furthest value within 1.5 box lengths, outliers.</summary>
    /// <param name="y">the group's values</param>
    /// <param name="name">stands below the box</param>
    /// <param name="colour">#rrggbb, or the next one of the palette</param>
    /// <param name="points">show every value, not only outliers</param>
    public static Figure Box<TY>(IEnumerable<TY> y, string name, string? colour = null, bool points = false)
    {
        var trace = new JsonObject { ["type"] = "box", ["y"] = Json.Array(y), ["name"] = name, ["boxmean"] = true };
        trace["boxpoints"] = points ? "all" : "outliers";
        trace["showlegend"] = false;
        if (points)
        {
            trace["jitter"] = 0.4;
            trace["pointpos"] = 0;
        }
        if (colour is not null)
        {
            trace["line"] = new JsonObject { ["color"] = colour };
            trace["fillcolor"] = Palette.WithOpacity(colour, 0.25);
            trace["marker"] = new JsonObject { ["color"] = colour };
        }
        return new Figure([trace], new JsonObject { ["xaxis"] = new JsonObject { ["type"] = "category" }, ["yaxis"] = new JsonObject() });
    }

    /// <summary>How many values fall into each bin.</summary>
    /// <param name="values">the sample</param>
    /// <param name="name">in the legend</param>
    /// <param name="bins">about how many bins; their ends are round numbers</param>
    /// <param name="share">shares that add up to 1 in place of counts</param>
    /// <param name="colour">#rrggbb, or the next one of the palette</param>
    /// <exception cref="ArgumentException">No finite value.</exception>
    public static Figure Histogram<T>(IEnumerable<T> values, string? name = null, int bins = 30, bool share = false, string? colour = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        var numbers = Numbers(values).Where(double.IsFinite).ToArray();
        if (numbers.Length == 0)
        {
            throw new ArgumentException("a histogram needs a value", nameof(values));
        }
        var (min, max) = (numbers.Min(), numbers.Max());
        var step = Svg.Ticks.NiceStep(max > min ? max - min : 1, bins);
        var start = Math.Floor(min / step) * step;
        var end = start + (Math.Floor((max - start) / step) + 1) * step;
        var trace = new JsonObject
        {
            ["type"] = "histogram",
            ["x"] = Json.Array(numbers),
            ["xbins"] = new JsonObject { ["start"] = Json.Number(start, 12), ["end"] = Json.Number(end, 12), ["size"] = Json.Number(step, 12) },
            ["marker"] = new JsonObject { ["line"] = new JsonObject { ["color"] = "#ffffff", ["width"] = 1 } },
            ["opacity"] = 0.8,
        };
        if (share)
        {
            trace["histnorm"] = "probability";
        }
        if (name is not null)
        {
            trace["name"] = name;
        }
        if (colour is not null)
        {
            trace["marker"]!["color"] = colour;
        }
        return new Figure([trace], new JsonObject
        {
            ["barmode"] = "overlay",
            ["xaxis"] = new JsonObject(),
            ["yaxis"] = new JsonObject { ["title"] = new JsonObject { ["text"] = share ? "share" : "count" } },
        });
    }

    /// <summary>Points in space. plotly.js's full bundle draws it; the static picture is a fixed view of it.</summary>
    /// <param name="x">first coordinates</param>
    /// <param name="y">second coordinates</param>
    /// <param name="z">third coordinates, upward</param>
    /// <param name="name">in the legend</param>
    /// <param name="size">diameter in pixels</param>
    /// <param name="lines">join the points in their order</param>
    /// <param name="colour">#rrggbb, or the next one of the palette</param>
    public static Figure Scatter3D<TX, TY, TZ>(IEnumerable<TX> x, IEnumerable<TY> y, IEnumerable<TZ> z, string? name = null,
        double size = 4, bool lines = false, string? colour = null)
    {
        var trace = Xy("scatter3d", x, y, name);
        trace["z"] = Json.Array(z);
        trace["mode"] = lines ? "lines+markers" : "markers";
        trace["marker"] = new JsonObject { ["size"] = size };
        if (colour is not null)
        {
            trace["marker"]!["color"] = colour;
        }
        return new Figure([trace], new JsonObject { ["scene"] = new JsonObject() });
    }

    internal static double[] Numbers<T>(IEnumerable<T> values) =>
        [.. values.Select(v => v is IConvertible and not string
            ? Convert.ToDouble(v, System.Globalization.CultureInfo.InvariantCulture)
            : throw new ArgumentException($"a number was expected, got '{v}'"))];

    private static JsonObject Xy<TX, TY>(string type, IEnumerable<TX> x, IEnumerable<TY> y, string? name)
    {
        var trace = new JsonObject { ["type"] = type, ["x"] = Json.Array(x), ["y"] = Json.Array(y) };
        var (places, values) = (((JsonArray)trace["x"]!).Count, ((JsonArray)trace["y"]!).Count);
        if (places != values)
        {
            throw new ArgumentException($"{places} places and {values} values");
        }
        if (name is not null)
        {
            trace["name"] = name;
        }
        return trace;
    }

    private static void AddError(JsonObject trace, string key, IEnumerable<double>? above, IEnumerable<double>? below)
    {
        if (above is null)
        {
            return;
        }
        var error = new JsonObject
        {
            ["type"] = "data",
            ["array"] = Json.Array(above),
            ["visible"] = true,
            ["thickness"] = 1.5,
            ["width"] = 4,
            ["color"] = Palette.Ink,
        };
        if (below is not null)
        {
            error["symmetric"] = false;
            error["arrayminus"] = Json.Array(below);
        }
        trace[key] = error;
    }

    private static Figure One<TX>(JsonObject trace, IEnumerable<TX> x)
    {
        var axis = new JsonObject();
        if (Json.AnyText(x))
        {
            axis["type"] = "category";
        }
        return new Figure([trace], new JsonObject { ["xaxis"] = axis, ["yaxis"] = new JsonObject() });
    }
}
