using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Retort.Plots;

/// <summary>A table's file and display forms.</summary>
internal static class TableWriters
{
    public static string Csv(IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows)
    {
        var spreads = columns.Select((_, i) => rows.Any(r => r[i] is Spread)).ToArray();
        var text = new StringBuilder();
        Line(columns.SelectMany((c, i) => spreads[i] ? new[] { c, c + " sd", c + " low", c + " high", c + " n" } : [c]));
        foreach (var row in rows)
        {
            Line(row.SelectMany((cell, i) => !spreads[i] ? [Full(cell)]
                : cell is Spread s ? new[] { Full(s.Mean), Full(s.Deviation), Full(s.Low), Full(s.High), Full(s.Count) } : ["", "", "", "", ""]));
        }
        return text.ToString();

        void Line(IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(Quoted)).Append("\r\n");

        static string Full(object? cell) => cell switch
        {
            double.NaN or float.NaN => "",
            double or float or decimal => ((IFormattable)cell).ToString(null, CultureInfo.InvariantCulture),
            _ => TableCells.Write(cell, null),
        };

        static string Quoted(string cell) => cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"")}\"";
    }

    public static string JsonList(IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows)
    {
        var list = new JsonArray();
        foreach (var row in rows)
        {
            var item = new JsonObject();
            for (var i = 0; i < columns.Count; i++)
            {
                item[columns[i]] = row[i] is Spread s
                    ? new JsonObject
                    {
                        ["mean"] = Json.Number(s.Mean, 15),
                        ["sd"] = Json.Number(s.Deviation, 15),
                        ["low"] = Json.Number(s.Low, 15),
                        ["high"] = Json.Number(s.High, 15),
                        ["n"] = s.Count,
                    }
                    : Json.Value(row[i], 15);
            }
            list.Add(item);
        }
        return list.ToJsonString(Json.Indented);
    }

    public static string Markdown(Table table, bool[] right)
    {
        var text = new StringBuilder();
        if (table.Title.Length > 0)
        {
            text.Append("**").Append(table.Title).Append("**\n\n");
        }
        Row(table.Columns);
        text.Append('|').AppendJoin('|', right.Select(r => r ? "---:" : "---")).Append("|\n");
        foreach (var row in table.Written())
        {
            Row(row);
        }
        return text.ToString();

        void Row(IEnumerable<string> cells) =>
            text.Append("| ").AppendJoin(" | ", cells.Select(c => c.Replace("|", "\\|").Replace("\n", "<br>"))).Append(" |\n");
    }

    public static string Text(Table table, bool[] right)
    {
        var rows = table.Written();
        var widths = table.Columns.Select((c, i) => Math.Max(c.Length, rows.Select(r => r[i].Length).DefaultIfEmpty(0).Max())).ToArray();
        var text = new StringBuilder();
        if (table.Title.Length > 0)
        {
            text.Append(table.Title).Append('\n');
        }
        Row(table.Columns);
        text.AppendJoin("  ", widths.Select(w => new string('-', w))).Append('\n');
        foreach (var row in rows)
        {
            Row(row);
        }
        return text.ToString().TrimEnd('\n');

        void Row(IReadOnlyList<string> cells) =>
            text.Append(string.Join("  ", cells.Select((c, i) => right[i] ? c.PadLeft(widths[i]) : c.PadRight(widths[i]))).TrimEnd()).Append('\n');
    }

    public static string Html(Table table, bool[] right)
    {
        var text = new StringBuilder();
        text.Append("<div style=\"").Append(Markup.Card).Append(";display:inline-block;padding:10px 14px;overflow:auto\">");
        text.Append("<table style=\"border-collapse:collapse;font-size:13px;line-height:1.45;color:#1f2933;margin:0\">");
        if (table.Title.Length > 0)
        {
            text.Append("<caption style=\"text-align:left;font-weight:600;padding:0 0 6px 0;color:#1f2933\">")
                .Append(Markup.Text(table.Title)).Append("</caption>");
        }
        text.Append("<thead><tr>");
        for (var i = 0; i < table.Columns.Count; i++)
        {
            Cell("th", table.Columns[i], i, "font-weight:600;border-bottom:1.5px solid #52606d");
        }
        text.Append("</tr></thead><tbody>");
        foreach (var row in table.Written())
        {
            text.Append("<tr style=\"background:#ffffff\">");
            for (var i = 0; i < row.Count; i++)
            {
                Cell("td", row[i], i, "border-bottom:1px solid #e4e8ec;font-variant-numeric:tabular-nums");
            }
            text.Append("</tr>");
        }
        return text.Append("</tbody></table></div>").ToString();

        void Cell(string kind, string content, int column, string style) => text.Append('<').Append(kind)
            .Append(" style=\"text-align:").Append(right[column] ? "right" : "left").Append(";padding:4px 12px 4px 0;background:#ffffff;")
            .Append(style).Append("\">").Append(Markup.Text(content).Replace("\n", "<br>")).Append("</").Append(kind).Append('>');
    }
}
