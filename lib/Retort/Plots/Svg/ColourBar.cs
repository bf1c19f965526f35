using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>The scale beside a heatmap.</summary>
internal sealed class ColourBar
{
    private readonly ColourScale scale;
    private readonly double min, max;
    private readonly string title;
    private readonly List<(double At, string Label)> ticks;

    public ColourBar(JsonObject trace)
    {
        (min, max) = HeatMarks.Range(trace, HeatMarks.Rows(trace));
        if (min == max)
        {
            (min, max) = (min - 0.5, max + 0.5);
        }
        scale = ColourScale.FromJson(trace["colorscale"]);
        title = trace["colorbar"]?["title"]?["text"].AsText() ?? "";
        ticks = Ticks.Linear(min, max, 5);
    }

    public double Room => 30 + ticks.Select(t => Canvas.Width(t.Label, 12)).Append(Canvas.Width(title, 12) - 16).Max();

    public void Draw(Canvas canvas, double x, double y, double height)
    {
        var head = title.Length > 0 ? 20 : 0;
        if (head > 0)
        {
            canvas.Text(x, y + 11, title, size: 12);
        }
        var (top, high) = (y + head, height - head);
        var cells = Enumerable.Range(0, 128).Select(i => (byte)(127 - i)).ToArray();
        canvas.Image(x, top, 12, high, PngImage.Write(cells, 1, [.. Enumerable.Range(0, 128).Select(i => scale.At(i / 127.0))], false));
        foreach (var (at, label) in ticks)
        {
            var tick = top + high * (1 - (at - min) / (max - min));
            canvas.Line(x + 12, tick, x + 16, tick, Palette.AxisLine);
            canvas.Text(x + 19, tick + 4, label, size: 12);
        }
    }
}
