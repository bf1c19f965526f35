using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Retort.Plots.Svg;

/// <summary>Writes SVG elements. Lengths are pixels, y goes down.</summary>
internal sealed partial class Canvas(int width, int height)
{
    private readonly StringBuilder text = new();
    private int clips;

    public static string N(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"{Template.FontFamily}\" font-size=\"{Template.FontSize}\">")
        + $"<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>{text}</svg>";

    public void Line(double x1, double y1, double x2, double y2, string colour, double stroke = 1, string? dash = null) =>
        text.Append($"<line x1=\"{N(x1)}\" y1=\"{N(y1)}\" x2=\"{N(x2)}\" y2=\"{N(y2)}\" stroke=\"{Escape(colour)}\" stroke-width=\"{N(stroke)}\"{Dash(dash)}/>");

    public void Rect(double x, double y, double w, double h, string fill, double opacity = 1, string? edge = null, double stroke = 1) =>
        text.Append($"<rect x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(Math.Max(0, w))}\" height=\"{N(Math.Max(0, h))}\" fill=\"{Escape(fill)}\"{Opacity(opacity)}"
            + (edge is null ? "" : $" stroke=\"{Escape(edge)}\" stroke-width=\"{N(stroke)}\"") + "/>");

    public void Circle(double x, double y, double radius, string fill, double opacity = 1, string? edge = null) =>
        text.Append($"<circle cx=\"{N(x)}\" cy=\"{N(y)}\" r=\"{N(radius)}\" fill=\"{Escape(fill)}\"{Opacity(opacity)}"
            + (edge is null ? "" : $" stroke=\"{Escape(edge)}\" stroke-width=\"0.8\"") + "/>");

    /// <summary>A mark of a scatter trace: plotly.js's "diamond" or, for every other symbol, a circle.</summary>
    public void Mark(string? symbol, double x, double y, double radius, string fill, double opacity = 1)
    {
        if (symbol != "diamond")
        {
            Circle(x, y, radius, fill, opacity);
            return;
        }
        var r = 1.3 * radius;
        text.Append($"<path d=\"M{N(x - r)} {N(y)}L{N(x)} {N(y - r)}L{N(x + r)} {N(y)}L{N(x)} {N(y + r)}Z\" fill=\"{Escape(fill)}\"{Opacity(opacity)}/>");
    }

    public void Path(string data, string stroke, double strokeWidth, string? dash = null, string fill = "none") =>
        text.Append($"<path d=\"{data}\" fill=\"{Escape(fill)}\" stroke=\"{Escape(stroke)}\" stroke-width=\"{N(strokeWidth)}\" stroke-linejoin=\"round\"{Dash(dash)}/>");

    public void Image(double x, double y, double w, double h, byte[] png, bool smooth = false) =>
        text.Append($"<image x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(w)}\" height=\"{N(h)}\" preserveAspectRatio=\"none\" style=\"image-rendering:{(smooth ? "auto" : "pixelated")}\" href=\"{Markup.DataUri("image/png", png)}\"/>");

    /// <summary>Text at a baseline point; several lines go downward. Anchor is start, middle or end.</summary>
    public void Text(double x, double y, string content, string anchor = "start", double size = Template.FontSize,
        string colour = Palette.Ink, bool bold = false, double rotate = 0)
    {
        var lines = Plain(content).Split('\n');
        var turn = rotate == 0 ? "" : $" transform=\"rotate({N(rotate)} {N(x)} {N(y)})\"";
        for (var i = 0; i < lines.Length; i++)
        {
            text.Append($"<text x=\"{N(x)}\" y=\"{N(y + i * size * 1.25)}\" text-anchor=\"{anchor}\" font-size=\"{N(size)}\" fill=\"{Escape(colour)}\""
                + (bold ? " font-weight=\"600\"" : "") + turn + $">{Escape(lines[i])}</text>");
        }
    }

    /// <summary>What is drawn until <see cref="EndClip"/> shows only inside the rectangle.</summary>
    public void BeginClip(double x, double y, double w, double h)
    {
        clips++;
        text.Append($"<clipPath id=\"c{clips}\"><rect x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(w)}\" height=\"{N(h)}\"/></clipPath><g clip-path=\"url(#c{clips})\">");
    }

    public void EndClip() => text.Append("</g>");

    public static string Plain(string content) => Tags().Replace(Breaks().Replace(content, "\n"), "");

    // Widths of Helvetica's letters in steps of a fifth of an em, plus a tenth: other fonts in the list are wider.
    public static double Width(string content, double size = Template.FontSize)
    {
        double widest = 0;
        foreach (var line in Plain(content).Split('\n'))
        {
            double sum = 0;
            foreach (var c in line)
            {
                sum += c switch
                {
                    'i' or 'j' or 'l' or '\'' or '|' or 'I' or '.' or ',' or ':' or ';' or '!' => 0.26,
                    ' ' or 'f' or 't' or 'r' or '(' or ')' or '[' or ']' or '-' or '/' => 0.33,
                    'm' or 'M' or 'W' or '%' or '@' => 0.87,
                    'w' => 0.72,
                    >= 'A' and <= 'Z' => 0.68,
                    _ => 0.555,
                };
            }
            widest = Math.Max(widest, sum);
        }
        return widest * size * 1.1;
    }

    /// <summary>The text in lines (&lt;br&gt;) no wider than the room, broken between words.</summary>
    public static string Wrap(string content, double room, double size = Template.FontSize)
    {
        var lines = new List<string>();
        foreach (var word in content.Split(' '))
        {
            if (lines.Count > 0 && Width($"{lines[^1]} {word}", size) <= room)
            {
                lines[^1] += $" {word}";
            }
            else
            {
                lines.Add(word);
            }
        }
        return string.Join("<br>", lines);
    }

    /// <summary>The text, shortened with an ellipsis until it fits.</summary>
    public static string Fit(string content, double room, double size = Template.FontSize)
    {
        if (Width(content, size) <= room)
        {
            return content;
        }
        var plain = Plain(content).Replace('\n', ' ');
        var length = plain.Length;
        while (length > 1 && Width(plain[..length] + "…", size) > room)
        {
            length--;
        }
        return plain[..length].TrimEnd() + "…";
    }

    private static string Opacity(double opacity) => opacity >= 1 ? "" : $" fill-opacity=\"{N(opacity)}\"";

    private static string Dash(string? dash) => dash switch
    {
        "dash" => " stroke-dasharray=\"8 5\"",
        "dot" => " stroke-dasharray=\"2 3\"",
        "dashdot" => " stroke-dasharray=\"8 4 2 4\"",
        "longdash" => " stroke-dasharray=\"13 6\"",
        _ => "",
    };

    private static string Escape(string content) => System.Net.WebUtility.HtmlEncode(content);

    [GeneratedRegex("<br ?/?>")]
    private static partial Regex Breaks();

    [GeneratedRegex("</?(b|i|em|sub|sup|span)( [^>]*)?>")]
    private static partial Regex Tags();
}
