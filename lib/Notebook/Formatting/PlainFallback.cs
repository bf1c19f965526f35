using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retort.Notebook;

/// <summary>Values as text, for types without formatters of their own.</summary>
internal static class PlainFallback
{
    /// <summary>How many items of a list, and how many levels of objects in objects, are shown.</summary>
    public const int Items = 20;

    public const int Depth = 3;

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        ReferenceHandler = ReferenceHandler.IgnoreCycles,
        IncludeFields = true,
    };

    public static string Write(object? value)
    {
        var text = new StringBuilder();
        Append(text, value, 0, top: true);
        return text.ToString();
    }

    public static string Json(object? value) => JsonSerializer.Serialize(value, JsonOptions);

    /// <summary>A value within a line of text.</summary>
    public static string Inline(object? value)
    {
        var text = new StringBuilder();
        Append(text, value, Depth, top: false);
        return text.Replace('\n', ' ').ToString();
    }

    /// <summary>Numbers, text, dates, enums, types: what one short text says wholly. Null where a value is more than that.</summary>
    public static string? Scalar(object? value) => value switch
    {
        null => "<null>",
        string text => text,
        FormattedValue formatted => formatted.Value,
        bool flag => flag ? "true" : "false",
        Enum name => name.ToString(),
        Type type => Members.TypeName(type),
        DateTime or DateTimeOffset => ((IFormattable)value).ToString("u", CultureInfo.InvariantCulture),
        IFormattable number when value is not IEnumerable && IsSystem(value.GetType()) => number.ToString(null, CultureInfo.InvariantCulture),
        Uri or Version or System.Text.RegularExpressions.Regex => value.ToString(),
        char or Delegate or System.Reflection.MemberInfo => value.ToString(),
        _ => null,
    };

    /// <summary>Whether the type itself says how it reads: it overrides ToString, and is no record or anonymous type.</summary>
    public static bool SpeaksForItself(Type type) =>
        type.GetMethod(nameof(ToString), []) is { } method
        && method.DeclaringType is { } declaring && declaring != typeof(object) && declaring != typeof(ValueType)
        && type.GetMethod("<Clone>$") is null && !type.Name.Contains("AnonymousType", StringComparison.Ordinal)
        && method.GetCustomAttributes(false).All(attribute => attribute.GetType().Name != "CompilerGeneratedAttribute");

    private static bool IsSystem(Type type) => type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true;

    private static void Append(StringBuilder text, object? value, int depth, bool top)
    {
        if (Scalar(value) is { } scalar)
        {
            text.Append(scalar);
        }
        else if (!top && Formatter.ByConvention(value!, Formatter.Plain) is { } own)
        {
            text.Append(own);
        }
        else if (value is Exception exception)
        {
            text.Append(exception.GetType().FullName).Append(": ").Append(exception.Message);
        }
        else if (depth >= Depth)
        {
            text.Append(value);
        }
        else if (value is IEnumerable items)
        {
            if (!top || !TableFallback.WriteText(text, items))
            {
                AppendItems(text, items, depth);
            }
        }
        else if (SpeaksForItself(value!.GetType()))
        {
            text.Append(value);
        }
        else
        {
            AppendMembers(text, value, depth);
        }
    }

    private static void AppendItems(StringBuilder text, IEnumerable items, int depth)
    {
        text.Append("[ ");
        int count = 0;
        foreach (var item in items)
        {
            if (count == Items)
            {
                text.Append(items is ICollection all ? string.Create(CultureInfo.InvariantCulture, $", ... ({all.Count - Items:N0} more)") : ", ... (more)");
                break;
            }
            text.Append(count++ == 0 ? "" : ", ");
            Append(text, item, depth + 1, top: false);
        }
        text.Append(count == 0 ? "]" : " ]");
    }

    private static void AppendMembers(StringBuilder text, object value, int depth)
    {
        text.Append(Members.TypeName(value.GetType()));
        foreach (var (name, member) in Members.Of(value))
        {
            text.Append('\n').Append(' ', 4 * (depth + 1)).Append(name).Append(": ");
            Append(text, member, depth + 1, top: false);
        }
    }
}
