using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>One value in several MIME types, in order of preference.</summary>
public sealed class MimeBundle
{
    private readonly List<(string MimeType, string Content)> _items = [];

    public IReadOnlyList<(string MimeType, string Content)> Items => _items;

    /// <summary>The content in this MIME type, or null.</summary>
    public string? this[string mimeType] => _items.FirstOrDefault(item => item.MimeType == mimeType).Content;

    /// <summary>Number of characters in all contents together.</summary>
    public long Length => _items.Sum(item => (long)item.Content.Length);

    /// <summary>Adds a content; a second one of the same MIME type replaces the first.</summary>
    public MimeBundle Add(string mimeType, string content)
    {
        _items.RemoveAll(item => item.MimeType == mimeType);
        _items.Add((mimeType, content));
        return this;
    }

    /// <summary>The bundle as a JSON object by MIME type. Contents of JSON types that parse become real JSON, all else strings.</summary>
    /// <param name="lines">Whether strings are written as lists of lines, as files hold them.</param>
    public JsonObject ToJson(bool lines)
    {
        var json = new JsonObject();
        foreach (var (mimeType, content) in _items)
        {
            json[mimeType] = IsJson(mimeType) && Parsed(content) is { } node ? node : lines ? Lines(content) : JsonValue.Create(content);
        }
        return json;
    }

    /// <summary>Text as the notebook format's list of lines, each with its line end.</summary>
    public static JsonArray Lines(string text)
    {
        var array = new JsonArray();
        for (int start = 0; start < text.Length;)
        {
            int end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end + 1;
            array.Add(JsonValue.Create(text[start..end]));
            start = end;
        }
        return array;
    }

    private static bool IsJson(string mimeType) => mimeType == "application/json" || mimeType.EndsWith("+json", StringComparison.Ordinal);

    private static JsonNode? Parsed(string content)
    {
        try
        {
            return JsonNode.Parse(content);
        }
        catch (JsonException)
        {
            return null; // a formatter may call text JSON that is none; it is then shown as the text it is
        }
    }
}
