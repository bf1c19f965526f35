using Retort.Text;

namespace Retort.Data;

/// <summary>
/// Reads the csv files of the class-incremental SLU paper's authors: semicolons, the header
/// <c>ID;duration;wav;transcript;scenario;action;entities</c>, entities as <c>null</c> or <c>type,filler,type,filler</c>.
/// </summary>
internal static class SlurpCsv
{
    private static readonly string[] columns = ["id", "duration", "wav", "transcript", "scenario", "action", "entities"];

    public static (List<(int Line, SlurpRecording Recording, double Seconds)> Rows, List<Problem> Problems) Read(string path, IReadOnlyList<string>? scenarios)
    {
        var (rows, problems) = (new List<(int, SlurpRecording, double)>(), new List<Problem>());
        foreach (var (line, field) in CsvRows.ReadNamed(path, ";", columns))
        {
            var (file, scenario) = (Path.GetFileName(field("wav")!.Replace('\\', '/')), field("scenario")!);
            var problem = file.Length == 0 ? "the field wav names no file"
                : scenarios is not null && !scenarios.Contains(scenario) ? $"the scenario \"{JsonLines.Short(scenario)}\" is none of the {scenarios.Count}"
                : CsvRows.Seconds(field("duration")!) is null ? $"the duration \"{JsonLines.Short(field("duration")!)}\" is no number of seconds"
                : Entities(field("entities")!) is null ? $"the entities \"{JsonLines.Short(field("entities")!)}\" are not pairs of type and filler" : null;
            if (problem is not null)
            {
                problems.Add(new Problem(path, $"line {line}", problem));
                continue;
            }
            var meaning = new Meaning(scenario, field("action")!, Entities(field("entities")!)!);
            rows.Add((line, new SlurpRecording(file, field("transcript")!, meaning, field("wav")!.Contains("synth", StringComparison.OrdinalIgnoreCase)),
                CsvRows.Seconds(field("duration")!)!.Value));
        }
        return (rows, problems);
    }

    private static List<Entity>? Entities(string text)
    {
        if (text is "null" or "")
        {
            return [];
        }
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        return parts.Length % 2 == 0 && parts.All(p => p.Length > 0) ? [.. parts.Chunk(2).Select(p => new Entity(p[0], p[1]))] : null;
    }
}
