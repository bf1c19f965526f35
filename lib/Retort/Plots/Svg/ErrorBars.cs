using System.Text.Json.Nodes;

namespace Retort.Plots.Svg;

/// <summary>Error bars of a bar or scatter trace, along one axis.</summary>
internal sealed class ErrorBars
{
    private readonly double[] above, below;

    private ErrorBars(JsonObject error)
    {
        above = Read(error["array"]);
        below = error["arrayminus"] is JsonArray ? Read(error["arrayminus"]) : above;
    }

    public static ErrorBars? Of(JsonNode? error) => error is JsonObject { } given && given["visible"].AsFlag() != false && given["array"] is JsonArray
        ? new ErrorBars(given) : null;

    public (double Low, double High) Ends(double[] values, int i) =>
        (values[i] - (i < below.Length ? below[i] : double.NaN), values[i] + (i < above.Length ? above[i] : double.NaN));

    public static void DrawOne(Canvas canvas, double across, double low, double high, bool vertical)
    {
        if (!double.IsFinite(low) || !double.IsFinite(high))
        {
            return;
        }
        if (vertical)
        {
            canvas.Line(across, low, across, high, Palette.Ink, 1.5);
            canvas.Line(across - 4, low, across + 4, low, Palette.Ink, 1.5);
            canvas.Line(across - 4, high, across + 4, high, Palette.Ink, 1.5);
        }
        else
        {
            canvas.Line(low, across, high, across, Palette.Ink, 1.5);
            canvas.Line(low, across - 4, low, across + 4, Palette.Ink, 1.5);
            canvas.Line(high, across - 4, high, across + 4, Palette.Ink, 1.5);
        }
    }

    private static double[] Read(JsonNode? array) => [.. (array as JsonArray ?? []).Select(v => v.AsNumber() ?? double.NaN)];
}
