using System.Text.Json.Nodes;

namespace Retort.Plots;

/// <summary>What every figure looks like unless it says otherwise; the static picture is drawn from the same numbers.</summary>
internal static class Template
{
    public const string FontFamily = "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";
    public const int FontSize = 13;
    public const int TitleSize = 17;
    public const int Width = 760;
    public const int Height = 420;

    public static JsonObject ToJson() => new()
    {
        ["layout"] = new JsonObject
        {
            ["colorway"] = new JsonArray([.. Palette.Colours.Select(c => (JsonNode)c)]),
            ["font"] = new JsonObject { ["family"] = FontFamily, ["size"] = FontSize, ["color"] = Palette.Ink },
            ["title"] = new JsonObject
            {
                ["x"] = 0.02,
                ["xanchor"] = "left",
                ["font"] = new JsonObject { ["size"] = TitleSize },
                ["subtitle"] = new JsonObject { ["font"] = new JsonObject { ["size"] = FontSize, ["color"] = Palette.Muted } },
            },
            ["paper_bgcolor"] = "#ffffff",
            ["plot_bgcolor"] = "#ffffff",
            ["hovermode"] = "closest",
            ["legend"] = new JsonObject { ["font"] = new JsonObject { ["size"] = FontSize - 1 }, ["bgcolor"] = "rgba(255,255,255,0.8)", ["traceorder"] = "normal" },
            ["xaxis"] = Axis(),
            ["yaxis"] = Axis(),
        },
    };

    private static JsonObject Axis() => new()
    {
        ["automargin"] = true,
        ["showline"] = true,
        ["linecolor"] = Palette.AxisLine,
        ["gridcolor"] = Palette.Grid,
        ["zerolinecolor"] = Palette.AxisLine,
        ["zeroline"] = false,
        ["ticks"] = "outside",
        ["tickcolor"] = Palette.AxisLine,
        ["title"] = new JsonObject { ["font"] = new JsonObject { ["size"] = FontSize } },
    };
}
