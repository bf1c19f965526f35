using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>One cell of a notebook file.</summary>
public sealed class NotebookCell
{
    internal NotebookCell(JsonObject json, string path, int number)
    {
        Json = json;
        Kind = json["cell_type"] is JsonValue kind && kind.TryGetValue(out string? name)
            ? name
            : throw new NotebookException(path, $"cell {number}", "has no cell_type");
        Source = Text(json["source"]) ?? throw new NotebookException(path, $"cell {number}", "its source is neither text nor a list of lines");
    }

    /// <summary>code, markdown or raw.</summary>
    public string Kind { get; }

    public bool IsCode => Kind == "code";

    public string Source { get; }

    public IReadOnlyList<string> Tags =>
        Json["metadata"] is JsonObject metadata && metadata["tags"] is JsonArray tags
            ? [.. tags.OfType<JsonValue>().Select(tag => tag.ToString())]
            : [];

    /// <summary>The stored outputs.</summary>
    public JsonArray Outputs => Json["outputs"] as JsonArray ?? [];

    internal JsonObject Json { get; }

    public bool HasTag(string tag) => Tags.Contains(tag);

    /// <summary>Replaces the stored outputs and the number in the brackets.</summary>
    public void SetOutputs(JsonArray outputs, int? executionCount)
    {
        Json["execution_count"] = executionCount;
        Json["outputs"] = outputs;
        // Tables, figures and claims are read whole, and not through Jupyter's small scrolling box.
        if (outputs.OfType<JsonObject>().Any(output => output["data"] is JsonObject data && data.ContainsKey(Formatter.Html)))
        {
            NotebookFile.Child(Json, "metadata")["scrolled"] = false;
        }
    }

    internal static NotebookCell Code(string source, string tag) => new(
        new JsonObject
        {
            ["cell_type"] = "code",
            ["execution_count"] = null,
            ["metadata"] = new JsonObject { ["tags"] = new JsonArray(tag) },
            ["outputs"] = new JsonArray(),
            ["source"] = MimeBundle.Lines(source),
        },
        "",
        0);

    /// <summary>Text that the format holds either whole or as a list of lines.</summary>
    internal static string? Text(JsonNode? node) => node switch
    {
        null => "",
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonArray lines => string.Concat(lines.Select(line => line?.ToString())),
        _ => null,
    };

    // nbformat 4.5 asks for an id. It comes from the text, so that the same notebook gets the same ids.
    internal void EnsureId(HashSet<string> taken)
    {
        if (Json["id"] is JsonValue value && value.TryGetValue(out string? id) && taken.Add(id))
        {
            return;
        }
        int round = 0;
        do
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Kind}\0{round++}\0{Source}"));
            id = Convert.ToHexStringLower(hash.AsSpan(0, 4));
        }
        while (!taken.Add(id));
        Json["id"] = id;
    }
}
