// Viridis and magma by S. van der Walt and N. Smith (CC0), as nine stops; blue-white-red after ColorBrewer's RdBu.

using System.Globalization;
using System.Text.Json.Nodes;

namespace Retort.Plots;

/// <summary>Colours of heatmaps, as stops between 0 and 1.</summary>
public sealed class ColourScale
{
    private readonly (byte R, byte G, byte B)[] stops;

    private ColourScale(params string[] colours) => stops = [.. colours.Select(Parse)];

    /// <summary>Even steps of lightness, blue to yellow: quantities.</summary>
    public static ColourScale Viridis { get; } = new(
        "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725");

    /// <summary>Black to white through red: spectrograms.</summary>
    public static ColourScale Magma { get; } = new(
        "#000004", "#1d1147", "#51127c", "#822681", "#b63679", "#e65164", "#fb8861", "#fec287", "#fcfdbf");

    /// <summary>Blue below, white in the middle, red above: differences about zero.</summary>
    public static ColourScale Difference { get; } = new(
        "#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7", "#fddbc7", "#f4a582", "#d6604d", "#b2182b");

    /// <summary>White to blue: confusion matrices and the like.</summary>
    public static ColourScale Blues { get; } = new(
        "#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b");

    internal (byte R, byte G, byte B) At(double share)
    {
        var place = Math.Clamp(share, 0, 1) * (stops.Length - 1);
        var i = Math.Min((int)place, stops.Length - 2);
        var t = place - i;
        return (Mix(stops[i].R, stops[i + 1].R, t), Mix(stops[i].G, stops[i + 1].G, t), Mix(stops[i].B, stops[i + 1].B, t));
        static byte Mix(byte a, byte b, double t) => (byte)Math.Round(a + (b - a) * t);
    }

    internal JsonArray ToJson() => new([.. stops.Select((c, i) =>
        (JsonNode)new JsonArray(Math.Round(i / (stops.Length - 1.0), 4), FormattableString.Invariant($"rgb({c.R},{c.G},{c.B})")))]);

    // From a figure's JSON; viridis where it has none or a name that only plotly.js knows.
    internal static ColourScale FromJson(JsonNode? node) => node is JsonArray { Count: > 1 } stops
        ? new ColourScale([.. stops.Select(s => s![1]!.GetValue<string>())])
        : Viridis;

    internal static (byte R, byte G, byte B) Parse(string colour)
    {
        if (colour.StartsWith('#') && colour.Length == 7)
        {
            var value = int.Parse(colour.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            return ((byte)(value >> 16), (byte)(value >> 8), (byte)value);
        }
        if (colour.StartsWith("rgb", StringComparison.Ordinal))
        {
            var parts = colour[(colour.IndexOf('(') + 1)..colour.IndexOf(')')].Split(',');
            return (byte.Parse(parts[0].Trim()), byte.Parse(parts[1].Trim()), byte.Parse(parts[2].Trim()));
        }
        throw new ArgumentException($"a colour is written #rrggbb or rgb(r,g,b), got '{colour}'", nameof(colour));
    }
}
