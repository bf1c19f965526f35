using System.Text.Json.Nodes;

namespace Retort.Plots;

public static partial class Chart
{
    /// <summary>A heatmap: one colour a cell. Rows go upward unless <paramref name="firstRowOnTop"/>.</summary>
    /// <param name="z">rows of values</param>
    /// <param name="x">one place or name a column</param>
    /// <param name="y">one place or name a row</param>
    /// <param name="scale">the colours; viridis where null</param>
    /// <param name="min">value of the first colour; with <paramref name="max"/> or not at all</param>
    /// <param name="max">value of the last colour</param>
    /// <param name="unit">title of the colour bar</param>
    /// <param name="firstRowOnTop">as a matrix is written</param>
    /// <param name="text">write each value into its cell, in this number format such as "0.00"</param>
    public static Figure Heatmap<T>(IEnumerable<IEnumerable<T>> z, IEnumerable<object>? x = null, IEnumerable<object>? y = null,
        ColourScale? scale = null, double? min = null, double? max = null, string? unit = null, bool firstRowOnTop = false,
        string? text = null)
    {
        if (min is null != max is null)
        {
            throw new ArgumentException("a colour range needs both ends");
        }
        var rows = z.Select(Numbers).ToArray();
        if (rows.Length == 0 || rows.Any(r => r.Length != rows[0].Length || r.Length == 0))
        {
            throw new ArgumentException("a heatmap needs rows of one length", nameof(z));
        }
        var bar = new JsonObject { ["thickness"] = 12, ["outlinewidth"] = 0, ["tickfont"] = new JsonObject { ["size"] = 12 } };
        if (unit is not null)
        {
            bar["title"] = new JsonObject { ["text"] = unit, ["font"] = new JsonObject { ["size"] = 12 } };
        }
        var trace = new JsonObject
        {
            ["type"] = "heatmap",
            ["z"] = new JsonArray([.. rows.Select(r => (JsonNode)Json.Array(r, 4))]),
            ["colorscale"] = (scale ?? ColourScale.Viridis).ToJson(),
            ["colorbar"] = bar,
        };
        if (min is not null)
        {
            trace["zmin"] = Json.Number(min.Value);
            trace["zmax"] = Json.Number(max!.Value);
        }
        if (text is not null)
        {
            trace["text"] = new JsonArray([.. rows.Select(r => (JsonNode)Json.Array(
                r.Select(v => double.IsNaN(v) ? "" : v.ToString(text, System.Globalization.CultureInfo.InvariantCulture))))]);
            trace["texttemplate"] = "%{text}";
        }
        var (xAxis, yAxis) = (new JsonObject { ["showgrid"] = false }, new JsonObject { ["showgrid"] = false });
        Place("x", x, rows[0].Length, xAxis);
        Place("y", y, rows.Length, yAxis);
        if (firstRowOnTop)
        {
            yAxis["autorange"] = "reversed";
        }
        return new Figure([trace], new JsonObject { ["xaxis"] = xAxis, ["yaxis"] = yAxis });

        void Place(string key, IEnumerable<object>? places, int count, JsonObject axis)
        {
            if (places is null)
            {
                return;
            }
            var array = Json.Array(places);
            if (array.Count != count)
            {
                throw new ArgumentException($"{array.Count} places on {key} for {count} cells");
            }
            trace[key] = array;
            if (Json.AnyText(places))
            {
                axis["type"] = "category";
            }
        }
    }

    /// <summary>A heatmap of a two-dimensional array; see the other overload.</summary>
    public static Figure Heatmap(double[,] z, IEnumerable<object>? x = null, IEnumerable<object>? y = null,
        ColourScale? scale = null, double? min = null, double? max = null, string? unit = null, bool firstRowOnTop = false,
        string? text = null) => Heatmap(Rows(z), x, y, scale, min, max, unit, firstRowOnTop, text);

    /// <summary>A heatmap of a two-dimensional array; see the other overload.</summary>
    public static Figure Heatmap(float[,] z, IEnumerable<object>? x = null, IEnumerable<object>? y = null,
        ColourScale? scale = null, double? min = null, double? max = null, string? unit = null, bool firstRowOnTop = false,
        string? text = null) => Heatmap(Rows(z), x, y, scale, min, max, unit, firstRowOnTop, text);

    /// <summary>
    /// A spectrogram: time to the right, bands upward. More than 600 frames are averaged down to at most 600, which a
    /// figure of this width cannot show anyway.
    /// </summary>
    /// <param name="bands">bands x frames, in decibels; the lowest band first</param>
    /// <param name="frames">number of frames</param>
    /// <param name="secondsPerFrame">the hop</param>
    /// <param name="unit">title of the colour bar</param>
    /// <param name="min">value of the darkest colour; with <paramref name="max"/> or not at all</param>
    /// <param name="max">value of the lightest colour</param>
    public static Figure Spectrogram(ReadOnlySpan<float> bands, int frames, double secondsPerFrame, string unit = "dB",
        double? min = null, double? max = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(frames);
        if (bands.Length == 0 || bands.Length % frames != 0)
        {
            throw new ArgumentException($"{bands.Length} values do not fit {frames} frames", nameof(bands));
        }
        var count = bands.Length / frames;
        var group = (frames + 599) / 600;
        var columns = (frames + group - 1) / group;
        var rows = new double[count][];
        for (var b = 0; b < count; b++)
        {
            rows[b] = new double[columns];
            for (var c = 0; c < columns; c++)
            {
                var from = c * group;
                var to = Math.Min(frames, from + group);
                double sum = 0;
                for (var f = from; f < to; f++)
                {
                    sum += bands[b * frames + f];
                }
                rows[b][c] = sum / (to - from);
            }
        }
        var times = Enumerable.Range(0, columns).Select(c => (object)((c + 0.5) * group * secondsPerFrame));
        return Heatmap(rows, times, null, ColourScale.Magma, min, max, unit).WithXAxis("time (s)").WithYAxis("band");
    }

    /// <summary>A spectrogram of bands x frames; see the other overload.</summary>
    public static Figure Spectrogram(float[,] bands, double secondsPerFrame, string unit = "dB", double? min = null, double? max = null)
    {
        var flat = new float[bands.Length];
        Buffer.BlockCopy(bands, 0, flat, 0, sizeof(float) * flat.Length);
        return Spectrogram(flat, bands.GetLength(1), secondsPerFrame, unit, min, max);
    }

    private static double[][] Rows<T>(T[,] z) where T : IConvertible
    {
        var rows = new double[z.GetLength(0)][];
        for (var r = 0; r < rows.Length; r++)
        {
            rows[r] = new double[z.GetLength(1)];
            for (var c = 0; c < rows[r].Length; c++)
            {
                rows[r][c] = z[r, c].ToDouble(System.Globalization.CultureInfo.InvariantCulture);
            }
        }
        return rows;
    }
}
