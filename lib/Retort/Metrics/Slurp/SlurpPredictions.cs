using System.Text.Json;
using Retort.Text;

namespace Retort.Metrics;

/// <summary>A file of predictions as SLURP's official scorer takes it: a JSON object a line with file, scenario, action and entities.</summary>
public sealed class SlurpPredictions
{
    private SlurpPredictions(IReadOnlyDictionary<string, Meaning> items, IReadOnlyList<string> repeated)
    {
        Items = items;
        Repeated = repeated;
    }

    /// <summary>Each recording's prediction by its file name.</summary>
    public IReadOnlyDictionary<string, Meaning> Items { get; }

    /// <summary>Recordings that have several lines. As in the official scorer the last one counts.</summary>
    public IReadOnlyList<string> Repeated { get; }

    /// <summary>Reads the file.</summary>
    /// <param name="path">a jsonl file: <c>{"file": "audio-1.flac", "scenario": "qa", "action": "factoid", "entities": [{"type": "person", "filler": "ada"}]}</c></param>
    /// <param name="bySentence">the lines are keyed by the number <c>slurp_id</c>, as predictions from gold transcripts are, and not by <c>file</c></param>
    /// <exception cref="BadInputException">Lines cannot be used; the first is named, with the number of the others.</exception>
    public static SlurpPredictions Read(string path, bool bySentence = false)
    {
        var items = new Dictionary<string, Meaning>();
        var repeated = new List<string>();
        var problems = new List<(int Line, string What)>();
        foreach (var (line, value) in JsonLines.Read(path, (line, what) => problems.Add((line, what))))
        {
            try
            {
                var key = bySentence ? JsonLines.Number(JsonLines.Member(value, "slurp_id"), "slurp_id").ToString(System.Globalization.CultureInfo.InvariantCulture)
                    : JsonLines.Text(value, "file");
                var meaning = Parse(value);
                if (!items.TryAdd(key, meaning))
                {
                    items[key] = meaning;
                    repeated.Add(key);
                }
            }
            catch (FormatException e)
            {
                problems.Add((line, e.Message));
            }
        }
        if (problems.Count > 0)
        {
            var more = problems.Count > 1 ? $" (and {problems.Count - 1} more lines: {string.Join(", ", problems.Skip(1).Take(10).Select(p => p.Line))}{(problems.Count > 11 ? ", ..." : "")})" : "";
            throw new BadInputException(path, $"line {problems[0].Line}", problems[0].What + more);
        }
        return new SlurpPredictions(items, repeated);
    }

    private static Meaning Parse(JsonElement value)
    {
        var entities = new List<Entity>();
        foreach (var entity in JsonLines.List(value, "entities").EnumerateArray())
        {
            entities.Add(new Entity(JsonLines.Text(entity, "type"), JsonLines.Text(entity, "filler")));
        }
        return new Meaning(JsonLines.Text(value, "scenario"), JsonLines.Text(value, "action"), entities);
    }
}
