// Results as JSON lines, one file a shard, all in one folder. A line is written by one call, so a kill cuts at most the
// last one short; such a line was never a result and is removed before the next is appended.

using System.Text;
using System.Text.Json;

namespace Retort.Training;

internal static class ResultsFile
{
    public static string Name(Shard shard) => shard.Count == 1 ? "results.jsonl" : $"results-{shard.Index}-of-{shard.Count}.jsonl";

    /// <summary>The last result of each key, over all files of the folder; one that succeeded outlives a failed one.</summary>
    public static Dictionary<string, ArmResult> Merge(string folder)
    {
        var results = new Dictionary<string, ArmResult>();
        foreach (var file in Directory.EnumerateFiles(folder, "results*.jsonl").Order(StringComparer.Ordinal))
        {
            foreach (var result in Read(file))
            {
                if (result.Error is null || !results.TryGetValue(result.Key, out var other) || other.Error is not null)
                {
                    results[result.Key] = result;
                }
            }
        }
        return results;
    }

    public static IEnumerable<ArmResult> Read(string path)
    {
        string text;
        // Another shard may be appending to it.
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        using (var reader = new StreamReader(stream, Encoding.UTF8))
        {
            text = reader.ReadToEnd();
        }
        var lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < lines.Length; i++)
        {
            ArmResult? result;
            try
            {
                result = JsonSerializer.Deserialize<ArmResult>(lines[i], SettingsJson.Line);
            }
            catch (JsonException e)
            {
                throw new BadInputException(path, $"line {i + 1}", "is not a result; remove the line and the arm runs again", e);
            }
            yield return result is { Key.Length: > 0, Values: not null, Curves: not null }
                ? result
                : throw new BadInputException(path, $"line {i + 1}", "lacks a key, values or curves; remove the line and the arm runs again");
        }
    }

    public static void Append(string path, ArmResult result) => Durable.Append(path, () =>
    {
        using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        stream.SetLength(WholeLines(stream));
        stream.Seek(0, SeekOrigin.End);
        stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(result, SettingsJson.Line) + "\n"));
        stream.Flush(flushToDisk: true);
    });

    // Bytes up to and with the last line feed.
    private static long WholeLines(FileStream stream)
    {
        for (var end = stream.Length; end > 0; end--)
        {
            stream.Seek(end - 1, SeekOrigin.Begin);
            if (stream.ReadByte() == '\n')
            {
                return end;
            }
        }
        return 0;
    }
}
