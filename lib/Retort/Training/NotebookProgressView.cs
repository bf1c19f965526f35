using System.Net;
using System.Text;

namespace Retort.Training;

/// <summary>A table as HTML and as text, handed to whatever shows it.</summary>
/// <param name="update">replaces what is shown: HTML and text</param>
public sealed class NotebookProgressView(Action<string, string> update) : IProgressView
{
    /// <inheritdoc/>
    public void Show(IReadOnlyList<RunState> runs, double seconds)
    {
        var (head, rows) = ProgressTable.Of(runs);
        var html = new StringBuilder("<table><thead><tr>");
        html.AppendJoin("", head.Select(cell => $"<th>{WebUtility.HtmlEncode(cell)}</th>")).Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            html.Append("<tr>").AppendJoin("", row.Select(cell => $"<td>{WebUtility.HtmlEncode(cell)}</td>")).Append("</tr>");
        }
        var summary = ProgressTable.Summary(runs, seconds);
        html.Append("</tbody></table><p>").Append(WebUtility.HtmlEncode(summary)).Append("</p>");
        var widths = head.Select((cell, i) => rows.Select(r => r[i].Length).Append(cell.Length).Max()).ToArray();
        string Line(string[] cells) => string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd() + "\n";
        update(html.ToString(), Line(head) + string.Concat(rows.Select(Line)) + summary + "\n");
    }

    /// <summary>Nothing to close: the last table stays.</summary>
    public void Dispose()
    {
    }
}
