using System.IO.Enumeration;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>The cells of this session, for clients that step back through them.</summary>
internal sealed class CellHistory
{
    private readonly Lock _lock = new();
    private readonly List<(int Number, string Code)> _cells = [];

    public void Add(int number, string code)
    {
        lock (_lock)
        {
            _cells.Add((number, code));
        }
    }

    /// <summary>Answers a history_request: the tail, a range, or what a pattern finds.</summary>
    public JsonObject Answer(JupyterMessage message)
    {
        bool output = message.Flag("output", false);
        int count = message.Number("n", 1000);
        List<(int Number, string Code)> found;
        lock (_lock)
        {
            found = message.Text("hist_access_type") switch
            {
                "tail" => [.. _cells.TakeLast(count)],
                "range" => [.. _cells.Where(cell => cell.Number >= message.Number("start", 0) && cell.Number < message.Number("stop", int.MaxValue))],
                "search" => [.. _cells.Where(cell => FileSystemName.MatchesSimpleExpression(message.Text("pattern") is { Length: > 0 } pattern ? pattern : "*", cell.Code, ignoreCase: false)).TakeLast(count)],
                _ => [],
            };
        }
        if (message.Flag("unique", false))
        {
            found = [.. found.GroupBy(cell => cell.Code).Select(group => group.Last())];
        }
        var history = new JsonArray();
        foreach (var (number, code) in found)
        {
            // Outputs are not kept; a client that asks for them gets null in their place.
            history.Add(new JsonArray(1, number, output ? new JsonArray(code, null) : JsonValue.Create(code)));
        }
        return new JsonObject { ["status"] = "ok", ["history"] = history };
    }
}
