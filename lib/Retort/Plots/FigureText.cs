using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Retort.Plots;

/// <summary>A figure's text/plain: title, axes, and each trace's kind, name, size and last value.</summary>
internal static class FigureText
{
    public static string Write(Figure figure)
    {
        var text = new StringBuilder();
        text.Append(figure.Title.Length > 0 ? figure.Title : "figure");
        if (figure.Frames.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" ({figure.Frames.Count} frames, the last one here)");
        }
        foreach (var trace in figure.Traces)
        {
            if (trace["hoverinfo"].AsText() == "skip")
            {
                continue;
            }
            var type = trace["type"].AsText() ?? "scatter";
            var kind = type == "scatter" ? trace["mode"].AsText() == "markers" ? "points" : "line" : type;
            text.Append("\n  ").Append(kind);
            if (trace["name"].AsText() is { Length: > 0 } name)
            {
                text.Append(" '").Append(name).Append('\'');
            }
            if (trace["z"] is JsonArray rows && type == "heatmap")
            {
                text.Append(CultureInfo.InvariantCulture, $": {rows.Count} x {(rows.FirstOrDefault() as JsonArray)?.Count ?? 0}");
                continue;
            }
            var y = (trace["y"] ?? trace["x"]) as JsonArray ?? [];
            text.Append(CultureInfo.InvariantCulture, $": {y.Count} values");
            if (y.Count > 0 && type is "scatter" or "bar")
            {
                var x = trace["x"] as JsonArray;
                var at = x is not null && x.Count == y.Count ? $" at {x[^1]}" : "";
                text.Append(", last ").Append(y[^1]?.ToString() ?? "none").Append(at);
            }
        }
        return text.ToString();
    }
}
