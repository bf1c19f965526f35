using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retort.Training;

/// <summary>How settings and results become JSON: enums by name, numbers round-trip, infinities and NaN as text.</summary>
internal static class SettingsJson
{
    public static readonly JsonSerializerOptions Line = new()
    {
        Converters = { new JsonStringEnumConverter() },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static readonly JsonSerializerOptions Indented = new(Line) { WriteIndented = true };

    /// <summary>The object by its run-time type, so that a record behind an object reference keeps its members.</summary>
    public static string Write(object value, JsonSerializerOptions options) => JsonSerializer.Serialize(value, value.GetType(), options);

    /// <summary>Hexadecimal SHA-256 of the parts, their lengths before them.</summary>
    public static string Hash(params string[] parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            text.Append(part.Length).Append(':').Append(part);
        }
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))).ToLowerInvariant();
    }

    /// <summary>The first member in which two JSON objects differ, as "Name (there 1, here 2)"; null where they are equal.</summary>
    public static string? Difference(string there, string here)
    {
        using var a = JsonDocument.Parse(there);
        using var b = JsonDocument.Parse(here);
        return Difference("", a.RootElement, b.RootElement);
    }

    private static string? Difference(string name, JsonElement there, JsonElement here)
    {
        if (there.ValueKind != JsonValueKind.Object || here.ValueKind != JsonValueKind.Object)
        {
            return there.GetRawText() == here.GetRawText() ? null : $"{(name.Length == 0 ? "value" : name)} (there {there.GetRawText()}, here {here.GetRawText()})";
        }
        var members = there.EnumerateObject().Concat(here.EnumerateObject()).Select(m => m.Name).Distinct();
        foreach (var member in members)
        {
            var path = name.Length == 0 ? member : $"{name}.{member}";
            var inThere = there.TryGetProperty(member, out var x);
            var inHere = here.TryGetProperty(member, out var y);
            if (!inThere || !inHere)
            {
                return $"{path} ({(inThere ? "only there" : "only here")})";
            }
            if (Difference(path, x, y) is { } difference)
            {
                return difference;
            }
        }
        return null;
    }
}
