using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>JSON from outside, whole and unambiguous: what JsonNode would find wrong only when it is looked at is refused at once.</summary>
internal static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    /// <summary>Parses text; a <see cref="JsonException"/> says what is wrong with it.</summary>
    public static JsonNode? Parse(string text, bool ignoreCase = false) => Checked(JsonNode.Parse(text, new JsonNodeOptions { PropertyNameCaseInsensitive = ignoreCase }, Options));

    /// <summary>Parses UTF-8; a <see cref="JsonException"/> says what is wrong with it.</summary>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8) => Checked(JsonNode.Parse(utf8, null, Options));

    private static JsonNode? Checked(JsonNode? node)
    {
        try
        {
            Visit(node);
            return node;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // Half a surrogate pair is valid JSON and no text; names may differ in case alone.
            throw new JsonException("holds text that is not Unicode, or two properties of one name", exception);
        }
    }

    private static void Visit(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject json:
                foreach (var (_, value) in json)
                {
                    Visit(value);
                }
                break;
            case JsonArray array:
                foreach (var item in array)
                {
                    Visit(item);
                }
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                _ = value.GetValue<string>();
                break;
            default:
                break;
        }
    }
}
