using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>Lists of like objects as tables: columns are the members of the items.</summary>
internal static class TableFallback
{
    public const string DataResource = "application/vnd.dataresource+json";

    /// <summary>Columns of a table of these items; none where the items are not objects of one type.</summary>
    public static IReadOnlyList<MemberInfo> Columns(IReadOnlyList<object?> items)
    {
        var type = items.FirstOrDefault(item => item is not null)?.GetType();
        if (type is null || items.Any(item => item?.GetType() != type) || PlainFallback.Scalar(items[0]) is not null
            || typeof(IEnumerable).IsAssignableFrom(type) || typeof(Exception).IsAssignableFrom(type)
            || PlainFallback.SpeaksForItself(type) && !IsTuple(type) || FormatterConvention.For(type).Formatters.Count > 0)
        {
            return [];
        }
        return Members.Names(type);
    }

    /// <summary>The first items as lines with aligned columns; false if they are not like objects.</summary>
    public static bool WriteText(StringBuilder text, IEnumerable items)
    {
        var shown = items.Cast<object?>().Take(PlainFallback.Items + 1).ToList();
        var columns = Columns(shown);
        if (columns.Count == 0)
        {
            return false;
        }
        var rows = shown.Take(PlainFallback.Items).Select(item => columns.Select(column => PlainFallback.Inline(Members.Read(item!, column))).ToArray())
            .Prepend([.. columns.Select(column => column.Name)]).ToList();
        var widths = columns.Select((_, index) => rows.Max(row => row[index].Length)).ToArray();
        text.AppendJoin('\n', rows.Select(row => string.Join("  ", row.Select((cell, index) => cell.PadRight(widths[index]))).TrimEnd()));
        if (shown.Count > PlainFallback.Items)
        {
            text.Append(items is ICollection all ? string.Create(CultureInfo.InvariantCulture, $"\n... ({all.Count - PlainFallback.Items:N0} more)") : "\n... (more)");
        }
        return true;
    }

    /// <summary>The items as a tabular data resource (fields with their kinds, rows as objects), all of them.</summary>
    public static string Resource(object? value)
    {
        var items = value is IEnumerable list and not string ? list.Cast<object?>().ToList() : [value];
        var columns = Columns(items);
        var fields = new JsonArray();
        var data = new JsonArray();
        foreach (var column in columns)
        {
            var type = column is PropertyInfo property ? property.PropertyType : ((FieldInfo)column).FieldType;
            fields.Add(new JsonObject { ["name"] = column.Name, ["type"] = Kind(type) });
        }
        if (columns.Count == 0)
        {
            fields.Add(new JsonObject { ["name"] = "value", ["type"] = "any" });
        }
        foreach (var item in items)
        {
            var row = new JsonObject();
            foreach (var column in columns)
            {
                row[column.Name] = JsonNode.Parse(PlainFallback.Json(Members.Read(item!, column)));
            }
            if (columns.Count == 0)
            {
                row["value"] = JsonNode.Parse(PlainFallback.Json(item));
            }
            data.Add(row);
        }
        return new JsonObject { ["profile"] = "tabular-data-resource", ["schema"] = new JsonObject { ["fields"] = fields }, ["data"] = data }.ToJsonString();
    }

    private static bool IsTuple(Type type) => type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true;

    private static string Kind(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.String or TypeCode.Char => "string",
        TypeCode.Boolean => "boolean",
        TypeCode.DateTime => "datetime",
        TypeCode.Single or TypeCode.Double or TypeCode.Decimal => "number",
        TypeCode.Object or TypeCode.Empty or TypeCode.DBNull => "any",
        _ => "integer",
    };
}
