using System.Text.Json;
using Retort.Data;
using Retort.Metrics;
using Retort.Text;

namespace Retort.Papers.Caption;

/// <summary>Predictions in the released code's file: {"predictions": [{"filename": ..., "tokens": ...}]}.</summary>
public static class CaptionPredictions
{
    private sealed record Row(string? filename, string? tokens);

    private sealed record Rows(Row[]? predictions);

    /// <summary>Writes captions by the names of their clips.</summary>
    public static void Write(string path, IEnumerable<(string Clip, string Caption)> captions) => File.WriteAllText(path,
        JsonSerializer.Serialize(new Rows([.. captions.Select(c => new Row(c.Clip, c.Caption))]), new JsonSerializerOptions { WriteIndented = true }));

    /// <summary>Reads a file of predictions, of any captioner.</summary>
    /// <exception cref="BadInputException">It is no such file, or a clip stands in it twice.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        Rows? read;
        try
        {
            read = JsonSerializer.Deserialize<Rows>(File.ReadAllText(path));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"expected {{\"predictions\": [{{\"filename\", \"tokens\"}}]}}: {e.Message}", e);
        }
        var found = new Dictionary<string, string>();
        foreach (var (row, i) in (read?.predictions ?? throw new BadInputException(path, "predictions", "expected a list of filename and tokens")).Select((r, i) => (r, i)))
        {
            if (row?.filename is not { } name || row.tokens is not { } caption || !found.TryAdd(name, caption))
            {
                throw new BadInputException(path, $"predictions[{i}]", row?.filename is null || row.tokens is null ? "expected filename and tokens" : $"{row.filename} stands here a second time");
            }
        }
        return found;
    }

    /// <summary>
    /// Scores a file of predictions against clips with captions. Names are compared whole, then without folder and ending, then with the name of the clip's sound file: the released
    /// code calls a clip of AudioCaps by its file, YID.wav.
    /// </summary>
    /// <exception cref="BadInputException">The file cannot be read, or clips have no prediction: how many, and the first.</exception>
    public static CaptionScores Score(string path, CaptionData clips)
    {
        var said = Read(path);
        var byStem = said.GroupBy(s => Path.GetFileNameWithoutExtension(s.Key)).Where(g => g.Count() == 1).ToDictionary(g => g.Key, g => g.First().Value);
        string? OfStem(string name) => byStem.GetValueOrDefault(Path.GetFileNameWithoutExtension(name));
        var captions = Enumerable.Range(0, clips.Count)
            .Select(i => said.GetValueOrDefault(clips.Id(i)) ?? OfStem(clips.Id(i)) ?? (clips is CaptionFolder folder ? OfStem(folder.PathOf(i)) : null)).ToArray();
        if (Array.IndexOf(captions, null) is >= 0 and var first)
        {
            throw new BadInputException(path, "", $"{captions.Count(c => c is null)} of {clips.Count} clips have no prediction, the first is {clips.Id(first)}; the file names {string.Join(", ", said.Keys.Take(3))}{(said.Count > 3 ? ", ..." : "")}");
        }
        return CaptionScores.Of([.. captions.Select(c => CaptionWords.Normalise(c!))], [.. Enumerable.Range(0, clips.Count).Select(i => clips.Captions(i).Select(CaptionWords.Normalise).ToArray())]);
    }
}
