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
        // While runs are under way their rows are what one looks at; afterwards a line is enough, unless one failed.
        var summary = ProgressTable.Summary(runs, seconds);
        var folded = runs.Count > 3 && runs.All(r => r.Phase == RunPhase.Done);
        var html = new StringBuilder(folded ? $"<details><summary>{WebUtility.HtmlEncode(summary)}</summary>" : "");
        html.Append("<table style=\"font-size:.85em;white-space:nowrap\"><thead><tr>").AppendJoin("", head.Select(cell => $"<th>{WebUtility.HtmlEncode(cell)}</th>")).Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            html.Append("<tr>").AppendJoin("", row.Select(cell => $"<td>{WebUtility.HtmlEncode(cell)}</td>")).Append("</tr>");
        }
        html.Append("</tbody></table>").Append(folded ? "</details>" : $"<p>{WebUtility.HtmlEncode(summary)}</p>");
        var widths = head.Select((cell, i) => rows.Select(r => r[i].Length).Append(cell.Length).Max()).ToArray();
        string Line(string[] cells) => string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd() + "\n";
        update(html.ToString(), Line(head) + string.Concat(rows.Select(Line)) + summary + "\n");
    }

    /// <summary>Nothing to close: the last table stays.</summary>
    public void Dispose()
    {
    }
}
