using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>One axis of one plot: from values or names to pixels. On a logarithmic axis inner places are exponents.</summary>
internal sealed class AxisView
{
    private readonly JsonObject layout;
    private readonly List<string> names = [];
    private readonly Dictionary<string, int> places = [];
    private double dataMin = double.PositiveInfinity, dataMax = double.NegativeInfinity;
    private double start, end, pixelStart, pixelEnd;
    private double? nameRoom;

    public AxisView(JsonObject? layout)
    {
        this.layout = layout ?? [];
        IsLog = this.layout["type"].AsText() == "log";
        IsCategory = this.layout["type"].AsText() == "category";
    }

    public bool IsLog { get; }

    public bool IsCategory { get; private set; }

    public bool Grid => layout["showgrid"].AsFlag() != false && !IsCategory;

    public bool Visible => layout["visible"].AsFlag() != false && layout["showticklabels"].AsFlag() != false;

    public string Title => layout["title"] is JsonObject title ? title["text"].AsText() ?? "" : layout["title"].AsText() ?? "";

    // What the data ask for beside their values.
    public bool PadStart { get; set; }

    public bool PadEnd { get; set; }

    public List<(double At, string Label)> TickMarks { get; private set; } = [];

    /// <summary>Where the values lie on the axis: numbers themselves or their exponents; names by order of appearance.</summary>
    public double[] Values(JsonNode? array) => [.. (array as JsonArray ?? []).Select(Value)];

    public double Value(JsonNode? node)
    {
        if (node.AsNumber() is { } number)
        {
            if (!IsCategory)
            {
                return IsLog ? number > 0 ? Math.Log10(number) : double.NaN : number;
            }
            return layout["type"].AsText() == "category" && !places.ContainsKey(number.ToString()) && names.Count > 0 ? number : Name(number.ToString());
        }
        if (node.AsText() is { } name)
        {
            IsCategory = true;
            return Name(name);
        }
        return double.NaN;
    }

    public double Shift(double value) => IsLog ? value > 0 ? Math.Log10(value) : double.NaN : value;

    public void Include(double value)
    {
        if (double.IsFinite(value))
        {
            dataMin = Math.Min(dataMin, value);
            dataMax = Math.Max(dataMax, value);
        }
    }

    /// <summary>The range of the data seen so far.</summary>
    public (double Min, double Max) Data => (dataMin, dataMax);

    public void Finish()
    {
        if (IsCategory)
        {
            (start, end) = (Math.Min(-0.5, dataMin), Math.Max(names.Count - 0.5, dataMax));
            if (!double.IsFinite(start) || names.Count > 0)
            {
                (start, end) = (-0.5, names.Count - 0.5);
            }
        }
        else
        {
            (start, end) = dataMin <= dataMax ? (dataMin, dataMax) : (0, 1);
            if (start == end)
            {
                var room = start == 0 || IsLog ? 1 : Math.Abs(start) * 0.1;
                (start, end) = (start - room, end + room);
            }
            else
            {
                var pad = 0.055 * (end - start);
                (start, end) = (PadStart ? start - pad : start, PadEnd ? end + pad : end);
            }
        }
        if (layout["range"] is JsonArray { Count: 2 } range && range[0].AsNumber() is { } from && range[1].AsNumber() is { } to)
        {
            (start, end) = (from, to);
        }
        else if (layout["autorange"].AsText() == "reversed")
        {
            (start, end) = (end, start);
        }
    }

    /// <summary>From the axis's start to its end in pixels.</summary>
    public void Place(double from, double to, double pixelsPerTick)
    {
        (pixelStart, pixelEnd) = (from, to);
        var (low, high) = (Math.Min(start, end), Math.Max(start, end));
        var count = Math.Abs(to - from) / pixelsPerTick;
        if (layout["tickvals"] is JsonArray given)
        {
            var labels = layout["ticktext"] as JsonArray;
            TickMarks = [.. given.Select((v, i) => (Value(v), labels?[i]?.ToString() ?? v?.ToString() ?? "")).Where(t => t.Item1 >= low - 1e-9 && t.Item1 <= high + 1e-9)];
        }
        else
        {
            TickMarks = IsCategory ? [.. names.Select((n, i) => ((double)i, Broken(n)))]
                : IsLog ? Ticks.Log(low, high, count) : Ticks.Linear(low, high, count);
        }
    }

    /// <summary>Breaks names between words into lines no wider than the room; false, and no change, where a word is wider or they take more than three lines.</summary>
    public bool BreakNames(double room)
    {
        nameRoom = room;
        var broken = TickMarks.Select(t => (t.At, Label: Broken(t.Label))).ToList();
        if (broken.Any(t => Canvas.Width(t.Label, Template.FontSize - 1) > room || Canvas.Plain(t.Label).Split('\n').Length > 3))
        {
            nameRoom = null;
            return false;
        }
        TickMarks = broken;
        return true;
    }

    private string Broken(string name) =>
        nameRoom is { } room && Canvas.Width(name, Template.FontSize - 1) > room ? Canvas.Wrap(name, room, Template.FontSize - 1) : name;

    public double Pixel(double value) => pixelStart + (value - start) / (end - start) * (pixelEnd - pixelStart);

    /// <summary>Both ends, once finished.</summary>
    public (double Start, double End) Range => (start, end);

    /// <summary>Pixels of a step of one on the axis.</summary>
    public double Unit => Math.Abs((pixelEnd - pixelStart) / (end - start));

    public double LabelWidth => TickMarks.Count == 0 || !Visible ? 0 : TickMarks.Max(t => Canvas.Width(t.Label, Template.FontSize - 1));

    private double Name(string name)
    {
        if (!places.TryGetValue(name, out var place))
        {
            places[name] = place = names.Count;
            names.Add(name);
        }
        return place;
    }
}
