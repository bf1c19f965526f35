using System.Text;
using System.Text.Json;

namespace Retort.Text;

/// <summary>Reads files of one JSON object a line. Every problem names its line, and one bad line does not hide the next.</summary>
internal static class JsonLines
{
    private static readonly UTF8Encoding utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The objects of the file; blank lines are left out. What is wrong with a line goes to <paramref name="bad"/>.</summary>
    public static IEnumerable<(int Line, JsonElement Object)> Read(string path, Action<int, string> bad)
    {
        using var reader = Open(path);
        for (var number = 1; Next(reader, path, number) is { } bytes; number++)
        {
            if (number == 1 && bytes.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal))
            {
                bytes = bytes[3..];  // the mark of UTF-8
            }
            if (string.IsNullOrWhiteSpace(bytes))
            {
                continue;
            }
            string line;
            try
            {
                line = utf8.GetString(Encoding.Latin1.GetBytes(bytes));
            }
            catch (DecoderFallbackException)
            {
                bad(number, "is not UTF-8");
                continue;
            }
            JsonElement? read = null;
            try
            {
                using var document = JsonDocument.Parse(line);
                read = document.RootElement.Clone();
            }
            catch (JsonException e)
            {
                bad(number, $"is not JSON: {Short(e.Message)}");
            }
            if (read is { } value)
            {
                if (value.ValueKind == JsonValueKind.Object)
                {
                    yield return (number, value);
                }
                else
                {
                    bad(number, $"is of kind {value.ValueKind}; expected an object");
                }
            }
        }
    }

    /// <summary>A field that must be a text.</summary>
    /// <exception cref="FormatException">It is missing or something else.</exception>
    public static string Text(JsonElement from, string name) => Decoded(Member(from, name, JsonValueKind.String), name);

    /// <summary>A field that must be a list.</summary>
    /// <exception cref="FormatException">It is missing or something else.</exception>
    public static JsonElement List(JsonElement from, string name) => Member(from, name, JsonValueKind.Array);

    /// <summary>A whole number.</summary>
    /// <exception cref="FormatException">It is something else, or too large.</exception>
    public static int Number(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
            : throw new FormatException($"\"{name}\" is {Short(value.GetRawText())}; expected a whole number");

    /// <summary>A field of any kind.</summary>
    /// <exception cref="FormatException">It is missing.</exception>
    public static JsonElement Member(JsonElement from, string name) =>
        Find(from, name) ?? throw new FormatException($"the field \"{name}\" is missing");

    /// <summary>A field of any kind, or null where it is missing.</summary>
    /// <exception cref="FormatException">The names of the fields are no texts.</exception>
    public static JsonElement? Find(JsonElement from, string name)
    {
        try
        {
            return from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("a field's name is no text that UTF-16 can hold", e);
        }
    }

    /// <summary>A text cut to a length that fits in a message.</summary>
    public static string Short(string text) => text.Length <= 200 ? text : text[..200] + "...";

    private static JsonElement Member(JsonElement from, string name, JsonValueKind kind) =>
        Member(from, name) is var value && value.ValueKind == kind ? value
            : throw new FormatException($"the field \"{name}\" is of kind {value.ValueKind}; expected {kind}");

    // The text of a JSON string may hold half a surrogate pair, which GetString refuses.
    private static string Decoded(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException($"the field \"{name}\" is no text that UTF-16 can hold", e);
        }
    }

    private static string? Next(StreamReader reader, string path, int number)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (IOException e)
        {
            throw new BadInputException(path, $"line {number}", $"cannot be read: {e.Message}", e);
        }
    }

    private static StreamReader Open(string path)
    {
        try
        {
            // Byte by byte, so that a line that is not UTF-8 is found to be that one and no other.
            return new StreamReader(path, Encoding.Latin1, detectEncodingFromByteOrderMarks: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be opened: {e.Message}", e);
        }
    }
}
