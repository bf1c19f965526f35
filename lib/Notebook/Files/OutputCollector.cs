using System.Text;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>
/// Gathers the outputs of a notebook's cells as the file holds them: text of one stream in one output, updates applied
/// in place wherever their display stands, so that a progress line leaves its last state and nothing else.
/// </summary>
internal sealed class OutputCollector
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<JsonObject>> _byDisplayId = [];
    private readonly Dictionary<NotebookCell, Outputs> _cells = [];

    /// <summary>Takes one output of a cell.</summary>
    public void Add(NotebookCell cell, Output output)
    {
        lock (_lock)
        {
            if (!_cells.TryGetValue(cell, out var outputs))
            {
                _cells[cell] = outputs = new Outputs();
            }
            switch (output)
            {
                case StreamOutput stream:
                    outputs.Append(stream);
                    break;
                case DisplayOutput display:
                    var shown = new JsonObject { ["output_type"] = "display_data", ["data"] = display.Data.ToJson(lines: true), ["metadata"] = new JsonObject() };
                    if (display.DisplayId is { } id)
                    {
                        (_byDisplayId.TryGetValue(id, out var list) ? list : _byDisplayId[id] = []).Add(shown);
                    }
                    outputs.Add(shown);
                    break;
                case UpdateOutput update:
                    foreach (var target in _byDisplayId.GetValueOrDefault(update.DisplayId) ?? [])
                    {
                        target["data"] = update.Data.ToJson(lines: true);
                    }
                    break;
                case ResultOutput result:
                    outputs.Add(new JsonObject
                    {
                        ["output_type"] = "execute_result",
                        ["execution_count"] = result.ExecutionCount,
                        ["data"] = result.Data.ToJson(lines: true),
                        ["metadata"] = new JsonObject(),
                    });
                    break;
                case ErrorOutput error:
                    outputs.Add(new JsonObject
                    {
                        ["output_type"] = "error",
                        ["ename"] = error.Name,
                        ["evalue"] = error.Message,
                        ["traceback"] = new JsonArray([.. error.Traceback.Select(line => JsonValue.Create(line))]),
                    });
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(output), output, "an unknown kind of output");
            }
        }
    }

    /// <summary>What a cell has said so far, as JSON of its own.</summary>
    public JsonArray Of(NotebookCell cell)
    {
        lock (_lock)
        {
            return _cells.TryGetValue(cell, out var outputs) ? outputs.ToJson() : [];
        }
    }

    /// <summary>Text as a terminal would leave it: after a carriage return, a line is written over.</summary>
    internal static string WithoutOverwritten(string text)
    {
        if (!text.Contains('\r', StringComparison.Ordinal))
        {
            return text;
        }
        var result = new StringBuilder();
        foreach (var line in text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n'))
        {
            var kept = "";
            foreach (var part in line.Split('\r'))
            {
                kept = part.Length >= kept.Length ? part : part + kept[part.Length..];
            }
            result.Append(kept).Append('\n');
        }
        return result.Remove(result.Length - 1, 1).ToString();
    }

    private sealed class Outputs
    {
        private readonly List<(string? Stream, StringBuilder? Text, JsonObject? Json)> _items = [];

        public void Append(StreamOutput stream)
        {
            if (_items.Count == 0 || _items[^1].Stream != stream.Name)
            {
                _items.Add((stream.Name, new StringBuilder(), null));
            }
            _items[^1].Text!.Append(stream.Text);
        }

        public void Add(JsonObject json) => _items.Add((null, null, json));

        public JsonArray ToJson() => [.. _items.Select(item => item.Json is { } json
            ? json.DeepClone()
            : new JsonObject
            {
                ["output_type"] = "stream",
                ["name"] = item.Stream,
                ["text"] = MimeBundle.Lines(WithoutOverwritten(item.Text!.ToString())),
            })];
    }
}
