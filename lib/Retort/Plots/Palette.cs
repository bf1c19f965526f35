// Okabe and Ito, "Color universal design" (2008), darkened where needed to be legible as lines on white.

namespace Retort.Plots;

/// <summary>Colours that people with colour-blindness can tell apart, on a white card.</summary>
public static class Palette
{
    /// <summary>The colours of traces, in the order in which they are given out.</summary>
    public static IReadOnlyList<string> Colours { get; } =
        ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f5ab6", "#5f6b76", "#8c6d31", "#b8433a"];

    /// <summary>Something holds.</summary>
    public const string Good = "#00805d";

    /// <summary>Something is open.</summary>
    public const string Warning = "#b7791f";

    /// <summary>Something does not hold.</summary>
    public const string Bad = "#b8433a";

    internal const string Ink = "#1f2933";
    internal const string Muted = "#52606d";
    internal const string Grid = "#e4e8ec";
    internal const string AxisLine = "#9aa5b1";

    /// <summary>The colour with an opacity, as rgba(r,g,b,a).</summary>
    /// <param name="colour">#rrggbb</param>
    /// <param name="opacity">0 to 1</param>
    public static string WithOpacity(string colour, double opacity)
    {
        var (r, g, b) = ColourScale.Parse(colour);
        return FormattableString.Invariant($"rgba({r},{g},{b},{opacity:0.###})");
    }
}
