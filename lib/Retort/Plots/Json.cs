using System.Collections;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Retort.Plots;

/// <summary>Values into JSON as plotly.js wants them: not-a-number is null (a gap), culture plays no part.</summary>
internal static class Json
{
    // The default encoder escapes <, > and &, so that the text may stand inside a script element.
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public static readonly JsonSerializerOptions Indented = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    public static string Write(JsonNode node) => node.ToJsonString(Compact);

    public static JsonArray Array<T>(IEnumerable<T> values, int digits = 7)
    {
        var array = new JsonArray();
        foreach (var value in values)
        {
            array.Add(Value(value, digits));
        }
        return array;
    }

    public static JsonNode? Value(object? value, int digits = 7) => value switch
    {
        null => null,
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        int or long or short or byte or uint or ushort or sbyte => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        DateTime time => JsonValue.Create(time.ToString("s", CultureInfo.InvariantCulture)),
        Enum name => JsonValue.Create(name.ToString()),
        IConvertible number => Number(number.ToDouble(CultureInfo.InvariantCulture), digits),
        IFormattable other => JsonValue.Create(other.ToString(null, CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(value.ToString()),
    };

    public static JsonNode? Number(double value, int digits = 7) =>
        double.IsFinite(value) ? JsonValue.Create(Round(value, digits)) : null;

    // Fewer digits keep a committed notebook small; nobody sees the eighth digit of a plot.
    public static double Round(double value, int digits)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return value;
        }
        var places = digits - 1 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        if (places is >= 0 and <= 15)
        {
            return Math.Round(value, places);
        }
        return double.Parse(value.ToString("E" + (digits - 1), CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    // Adds what the patch has; objects are merged, everything else is replaced.
    public static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is JsonObject inner && target[key] is JsonObject old)
            {
                Merge(old, inner);
            }
            else
            {
                target[key] = value?.DeepClone();
            }
        }
    }

    public static double? AsNumber(this JsonNode? node) => node is JsonValue value
        ? value.TryGetValue<double>(out var d) ? d : value.TryGetValue<long>(out var l) ? l : value.TryGetValue<int>(out var i) ? i : null
        : null;

    public static string? AsText(this JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static bool? AsFlag(this JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    public static bool AnyText(IEnumerable values) => values.Cast<object?>().Any(v => v is string or Enum or DateTime);
}
