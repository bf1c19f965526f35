using System.Net;
using System.Text;

namespace Retort.Plots;

/// <summary>Small helpers for HTML.</summary>
internal static class Markup
{
    public const string Font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

    // A white card: readable in light pages and in dark ones.
    public const string Card = "background:#ffffff;color:#1f2933;border:1px solid #d9dde3;border-radius:8px;"
        + "box-sizing:border-box;max-width:100%;margin:4px 0;" + Font;

    public static string Text(string text) => WebUtility.HtmlEncode(text);

    public static string DataUri(string mimeType, byte[] content) => $"data:{mimeType};base64,{Convert.ToBase64String(content)}";

    public static string SvgUri(string svg) => DataUri("image/svg+xml", Encoding.UTF8.GetBytes(svg));
}
