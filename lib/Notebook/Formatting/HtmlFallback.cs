using System.Collections;
using System.Globalization;
using System.Net;
using System.Text;

namespace Retort.Notebook;

/// <summary>Values as HTML without script, for types without formatters of their own.</summary>
internal static class HtmlFallback
{
    public static string Write(object? value)
    {
        if (value is string text)
        {
            return Pre(text);
        }
        var html = new StringBuilder();
        Append(html, value, 0, top: true);
        return html.ToString();
    }

    private static string Pre(string text) => $"<div class=\"dni-plaintext\"><pre>{WebUtility.HtmlEncode(text)}</pre></div>";

    private static void Append(StringBuilder html, object? value, int depth, bool top)
    {
        if (value is FormattedValue { MimeType: Formatter.Html } formatted)
        {
            html.Append(formatted.Value);
        }
        else if (PlainFallback.Scalar(value) is { } scalar)
        {
            html.Append(top ? Pre(scalar) : WebUtility.HtmlEncode(scalar));
        }
        else if (!top && Formatter.ByConvention(value!, Formatter.Html) is { } own)
        {
            html.Append(own);
        }
        else if (value is Exception exception)
        {
            html.Append(Pre($"{exception.GetType().FullName}: {exception.Message}"));
        }
        else if (depth >= PlainFallback.Depth)
        {
            html.Append(WebUtility.HtmlEncode(value!.ToString()));
        }
        else if (value is IDictionary dictionary)
        {
            Rows(html, ["key", "value"], Entries(dictionary), dictionary.Count, depth);
        }
        else if (value is IEnumerable items)
        {
            AppendItems(html, items, depth);
        }
        else if (PlainFallback.SpeaksForItself(value!.GetType()))
        {
            html.Append(Pre(value.ToString() ?? ""));
        }
        else
        {
            AppendObject(html, value, depth);
        }
    }

    private static IEnumerable<object?[]> Entries(IDictionary dictionary)
    {
        foreach (var key in dictionary.Keys)
        {
            yield return [key, dictionary[key]];
        }
    }

    private static void AppendItems(StringBuilder html, IEnumerable items, int depth)
    {
        int? count = (items as ICollection)?.Count;
        // One more than is shown: enough to know that there are more, without running through an endless sequence.
        var shown = items.Cast<object?>().Take(PlainFallback.Items + 1).ToList();
        var columns = TableFallback.Columns(shown);
        if (columns.Count == 0)
        {
            Rows(html, ["index", "value"], shown.Select((item, index) => new[] { (object?)index, item }), count, depth);
            return;
        }
        Rows(html, ["index", .. columns.Select(column => column.Name)],
            shown.Select((item, index) => (object?[])[index, .. columns.Select(column => Members.Read(item!, column))]), count, depth);
    }

    private static void AppendObject(StringBuilder html, object value, int depth)
    {
        html.Append("<table><caption>").Append(WebUtility.HtmlEncode(Members.TypeName(value.GetType()))).Append("</caption><tbody>");
        foreach (var (name, member) in Members.Of(value))
        {
            html.Append("<tr><th scope=\"row\">").Append(WebUtility.HtmlEncode(name)).Append("</th><td>");
            Append(html, member, depth + 1, top: false);
            html.Append("</td></tr>");
        }
        html.Append("</tbody></table>");
    }

    private static void Rows(StringBuilder html, IReadOnlyList<string> header, IEnumerable<object?[]> rows, int? count, int depth)
    {
        html.Append("<table><thead><tr>");
        foreach (var name in header)
        {
            html.Append("<th scope=\"col\">").Append(WebUtility.HtmlEncode(name)).Append("</th>");
        }
        html.Append("</tr></thead><tbody>");
        int row = 0;
        foreach (var cells in rows)
        {
            if (row++ == PlainFallback.Items)
            {
                var more = count is { } all ? string.Create(CultureInfo.InvariantCulture, $"({all - PlainFallback.Items:N0} more)") : "(more)";
                html.Append(CultureInfo.InvariantCulture, $"<tr><td colspan=\"{header.Count}\">... {more}</td></tr>");
                break;
            }
            html.Append("<tr>");
            foreach (var cell in cells)
            {
                html.Append("<td>");
                Append(html, cell, depth + 1, top: false);
                html.Append("</td>");
            }
            html.Append("</tr>");
        }
        html.Append("</tbody></table>");
    }
}
