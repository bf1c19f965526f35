namespace Retort.Data;

/// <summary>
/// Your own data: a csv whose first row names the columns <c>filename</c> and <c>labels</c>, and if wanted <c>start</c> and
/// <c>end</c> in seconds. Several labels of a clip are separated by ; or |. Files are relative to the folder of sound.
/// </summary>
public sealed class CsvFolder : AudioFolder
{
    private CsvFolder(FolderRows rows, BadRows badRows) : base(rows, badRows)
    {
    }

    /// <summary>Opens the list.</summary>
    /// <param name="csv">the list</param>
    /// <param name="audio">the folder of sound; null for the one that holds the list</param>
    /// <param name="classes">the classes in their order; null for all labels of the list in alphabetical order</param>
    /// <param name="badRows">what to do about rows without a file or with an unknown label</param>
    public static CsvFolder Open(string csv, string? audio = null, IReadOnlyList<string>? classes = null, BadRows badRows = BadRows.Refuse)
    {
        audio ??= Path.GetDirectoryName(Path.GetFullPath(csv))!;
        if (classes is null)
        {
            var found = new SortedSet<string>(StringComparer.Ordinal);
            foreach (var (_, field) in CsvRows.ReadNamed(csv, "filename", "labels"))
            {
                found.UnionWith(LabelsOf(field("labels")!));
            }
            classes = [.. found];
        }
        var classOf = new Dictionary<string, int>();
        foreach (var name in classes)
        {
            if (!classOf.TryAdd(name, classOf.Count))
            {
                throw new ArgumentException($"the class \"{name}\" is listed twice", nameof(classes));
            }
        }
        FolderRows.RequireFolder(audio);
        var rows = new FolderRows(csv, audio, classes);
        foreach (var (line, field) in CsvRows.ReadNamed(csv, "filename", "labels"))
        {
            var (file, from, to) = (field("filename")!, field("start") ?? "", field("end") ?? "");
            double? start = from.Length == 0 ? 0 : CsvRows.Seconds(from), end = to.Length == 0 ? null : CsvRows.Seconds(to);
            if (file.Length == 0)
            {
                rows.Reject(line, "the filename is empty");
            }
            else if (start is null || (end is null && to.Length > 0) || end <= start)
            {
                rows.Reject(line, $"the section from \"{from}\" to \"{to}\" is none; expected seconds, the end after the start");
            }
            else
            {
                var id = from.Length + to.Length == 0 ? file : $"{file}@{from}-{to}";
                rows.Add(line, id, File.Exists(Path.Combine(audio, file)) ? file : null, file, LabelsOf(field("labels")!), classOf, start.Value, end - start);
            }
        }
        return new CsvFolder(rows, badRows);
    }

    internal static string[] LabelsOf(string text) =>
        text.Split([';', '|'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
