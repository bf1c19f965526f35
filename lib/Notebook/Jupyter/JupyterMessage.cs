using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>A request as it came: whom to answer, the header that answers quote, and the content.</summary>
internal sealed record JupyterMessage(IReadOnlyList<byte[]> Identities, string Type, JsonObject Header, JsonObject Content)
{
    /// <summary>A text of the content; empty where there is none.</summary>
    public string Text(string name) => Content[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    public bool Flag(string name, bool otherwise) => Content[name] is JsonValue value && value.TryGetValue(out bool flag) ? flag : otherwise;

    public int Number(string name, int otherwise) => Content[name] is JsonValue value && value.TryGetValue(out int number) ? number : otherwise;
}
