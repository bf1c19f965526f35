// AudioSet (Gemmeke et al., 2017) as it is published: {balanced_train,unbalanced_train,eval}_segments.csv with rows
//   --PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"
// and class_labels_indices.csv (index,mid,display_name; 527 rows). The sound comes from downloaders, which cut the ten
// seconds out and name them in one of three ways: ID_start_end, ID_start or ID; some put a Y in front of the id.

using System.Globalization;

namespace Retort.Data;

/// <summary>An AudioSet list with a folder of downloaded clips.</summary>
public sealed class AudioSetFolder : AudioFolder
{
    private AudioSetFolder(FolderRows rows, BadRows badRows) : base(rows, badRows)
    {
    }

    /// <summary>Opens the list; it is read row by row.</summary>
    /// <param name="segments">the csv of the segments</param>
    /// <param name="audio">the folder with the clips, in sub-folders or not; each file is one segment, cut out already</param>
    /// <param name="classLabels">class_labels_indices.csv</param>
    /// <param name="badRows">
    /// what to do about rows without a file or with an unknown label; <see cref="BadRows.LeaveOut"/> for usual downloads,
    /// which lack 5 to 10 % of the videos
    /// </param>
    public static AudioSetFolder Open(string segments, string audio, string classLabels, BadRows badRows = BadRows.Refuse)
    {
        var (names, classOf) = ReadClasses(classLabels);
        var files = FolderRows.FilesByStem(audio);
        var rows = new FolderRows(segments, audio, names);
        foreach (var (line, fields) in CsvRows.Read(segments, comments: true))
        {
            if (fields.Length != 4 || fields[0].Length == 0 || CsvRows.Seconds(fields[1]) is not { } start || CsvRows.Seconds(fields[2]) is not { } end || end <= start)
            {
                rows.Reject(line, "expected a video id, start and end in seconds, and a quoted list of labels");
                continue;
            }
            var stem = Stems(fields[0], fields[1], fields[2], start, end).FirstOrDefault(files.ContainsKey);
            rows.Add(line, $"{fields[0]}_{fields[1]}", stem is null ? null : files[stem], $"{fields[0]}_{fields[1]}_{fields[2]}.wav (or {fields[0]}_{fields[1]}.wav, {fields[0]}.wav)",
                fields[3].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), classOf);
        }
        return new AudioSetFolder(rows, badRows);
    }

    /// <summary>The classes of class_labels_indices.csv: names by index, and the index of each machine id ("/m/09x0r").</summary>
    /// <exception cref="BadInputException">The file is not such a list, or an index or id is missing or there twice.</exception>
    public static (IReadOnlyList<string> Names, IReadOnlyDictionary<string, int> ClassOf) ReadClasses(string path)
    {
        var names = new List<string>();
        var classOf = new Dictionary<string, int>();
        foreach (var (line, field) in CsvRows.ReadNamed(path, "index", "mid", "display_name"))
        {
            var (index, mid) = (field("index")!, field("mid")!);
            if (index != names.Count.ToString(CultureInfo.InvariantCulture))
            {
                throw new BadInputException(path, $"line {line}", $"the index is \"{index}\", {names.Count} was expected");
            }
            if (mid.Length == 0 || !classOf.TryAdd(mid, names.Count))
            {
                throw new BadInputException(path, $"line {line}", $"the id \"{mid}\" is empty or there twice");
            }
            names.Add(field("display_name")!);
        }
        return names.Count > 0 ? (names, classOf) : throw new BadInputException(path, "", "it lists no class");
    }

    // Times as printed, then as short as possible, then in milliseconds.
    private static IEnumerable<string> Stems(string id, string from, string to, double start, double end)
    {
        var times = new[] { (from, to), (Short(start), Short(end)), (Short(Math.Round(start * 1000)), Short(Math.Round(end * 1000))) };
        foreach (var name in new[] { id, "Y" + id })
        {
            foreach (var (a, b) in times)
            {
                yield return $"{name}_{a}_{b}";
            }
            foreach (var (a, _) in times)
            {
                yield return $"{name}_{a}";
            }
            yield return name;
        }
    }

    private static string Short(double seconds) => seconds.ToString("0.###", CultureInfo.InvariantCulture);
}
