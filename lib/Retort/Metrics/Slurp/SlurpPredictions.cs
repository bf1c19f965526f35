using System.Text.Json;
using Retort.Text;

namespace Retort.Metrics;

/// <summary>A file of predictions as SLURP's official scorer takes it: a JSON object a line with file, scenario, action and entities.</summary>
public sealed class SlurpPredictions
{
    private SlurpPredictions(IReadOnlyDictionary<string, Meaning> items, IReadOnlyList<string> repeated, IReadOnlyList<string> furtherKeys) =>
        (Items, Repeated, FurtherKeys) = (items, repeated, furtherKeys);

    /// <summary>Each recording's prediction by its file name.</summary>
    public IReadOnlyDictionary<string, Meaning> Items { get; }

    /// <summary>Recordings that have several lines. As in the official scorer the last one counts.</summary>
    public IReadOnlyList<string> Repeated { get; }

    /// <summary>
    /// Recordings with an entity that has more than type and filler. The official scorer compares whole entities, so that its exact match
    /// never finds such a one; here type and filler count alone.
    /// </summary>
    public IReadOnlyList<string> FurtherKeys { get; }

    /// <summary>Reads the file.</summary>
    /// <param name="path">a jsonl file: <c>{"file": "audio-1.flac", "scenario": "qa", "action": "factoid", "entities": [{"type": "person", "filler": "ada"}]}</c></param>
    /// <param name="bySentence">the lines are keyed by <c>slurp_id</c> (a number, or as in SLURP's published predictions its text), as predictions from gold transcripts are, and not by <c>file</c></param>
    /// <exception cref="BadInputException">Lines cannot be used; the first is named, with the number of the others.</exception>
    public static SlurpPredictions Read(string path, bool bySentence = false)
    {
        var items = new Dictionary<string, Meaning>();
        var (repeated, further) = (new List<string>(), new List<string>());
        var problems = new List<(int Line, string What)>();
        foreach (var (line, value) in JsonLines.Read(path, (line, what) => problems.Add((line, what))))
        {
            try
            {
                var key = bySentence ? Sentence(JsonLines.Member(value, "slurp_id")) : JsonLines.Text(value, "file");
                var meaning = Parse(value);
                if (JsonLines.List(value, "entities").EnumerateArray().Any(e => e.EnumerateObject().Any(p => p.Name is not ("type" or "filler"))))
                {
                    further.Add(key);
                }
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
        return new SlurpPredictions(items, repeated, further);
    }

    // A number, or its text; "007" is 7.
    private static string Sentence(JsonElement id) => (id.ValueKind != JsonValueKind.String ? JsonLines.Number(id, "slurp_id")
        : int.TryParse(id.GetString(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number
        : throw new FormatException($"\"slurp_id\" is {JsonLines.Short(id.GetRawText())}; expected a whole number or its text")).ToString(System.Globalization.CultureInfo.InvariantCulture);

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
