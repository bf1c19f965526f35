namespace Retort.Data;

/// <summary>Your own data without a list: the labels are read from the files' names or folders, such as 7_jackson_32.wav or dog/1.flac.</summary>
public sealed class NamedFolder : AudioFolder
{
    private NamedFolder(FolderRows rows, BadRows badRows) : base(rows, badRows)
    {
    }

    /// <summary>Opens all sound files below a folder, in the order of their names.</summary>
    /// <param name="audio">the folder of sound</param>
    /// <param name="labels">a file's path, relative to the folder and with / between its parts, to its label, or to several separated by ; or |</param>
    /// <param name="classes">the classes in their order; null for all labels in alphabetical order</param>
    /// <param name="badRows">what to do about files without a label or with an unknown one</param>
    /// <exception cref="BadInputException">There is no such folder or no sound in it, or a file has no label or an unknown one.</exception>
    public static NamedFolder Open(string audio, Func<string, string> labels, IReadOnlyList<string>? classes = null, BadRows badRows = BadRows.Refuse)
    {
        var files = FolderRows.Files(audio).Order(StringComparer.Ordinal).Select(file => (File: file, Labels: LabelsOf(labels, audio, file))).ToArray();
        classes ??= [.. files.SelectMany(f => f.Labels).Distinct().Order(StringComparer.Ordinal)];
        var classOf = classes.Select((name, i) => (name, i)).ToDictionary(c => c.name, c => c.i);
        var rows = new FolderRows(audio, audio, classes);
        foreach (var (file, named) in files)
        {
            if (named.Length == 0)
            {
                rows.Reject(file, "its name gives no label");
            }
            else
            {
                rows.Add(file, file, file, file, named, classOf);
            }
        }
        return new NamedFolder(rows, badRows);
    }

    private static string[] LabelsOf(Func<string, string> labels, string audio, string file)
    {
        try
        {
            return CsvFolder.LabelsOf(labels(file.Replace(Path.DirectorySeparatorChar, '/')) ?? "");
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentException or FormatException)
        {
            throw new BadInputException(Path.Combine(audio, file), "", $"no label can be read from its name: {e.Message}", e);
        }
    }
}
