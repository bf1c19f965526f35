namespace Retort.Data;

/// <summary>A clip of a list: which part of which file, and its labels.</summary>
/// <param name="Id">unique in the list</param>
/// <param name="File">the file, relative to the folder of sound</param>
/// <param name="Start">where it begins in the file, in seconds</param>
/// <param name="Seconds">how long it is; null for all that follows</param>
/// <param name="Labels">classes, ascending</param>
internal sealed record FolderClip(string Id, string File, double Start, double? Seconds, int[] Labels);

/// <summary>Collects the rows of a list, and what is wrong with some of them.</summary>
internal sealed class FolderRows(string list, string folder, IReadOnlyList<string> classes)
{
    private static readonly HashSet<string> soundExtensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".webm", ".mp4", ".mkv",
    };

    private readonly HashSet<string> ids = [];

    /// <summary>The file that lists the clips.</summary>
    public string List => list;

    /// <summary>The folder of sound.</summary>
    public string Folder => folder;

    public IReadOnlyList<string> Classes => classes;

    public List<FolderClip> Clips { get; } = [];

    public List<Problem> Problems { get; } = [];

    public void Reject(int line, string what) => Reject($"line {line}", what);

    /// <summary>Notes what is wrong with a place of the list: a row, or a file where there is no list.</summary>
    public void Reject(string place, string what) => Problems.Add(new Problem(list, place, what));

    /// <summary>Adds a row, or the problem it has. A null file is one that was not found; <paramref name="wanted"/> names it.</summary>
    public void Add(int line, string id, string? file, string wanted, IEnumerable<string> labels, IReadOnlyDictionary<string, int> classOf, double start = 0, double? seconds = null) =>
        Add($"line {line}", id, file, wanted, labels, classOf, start, seconds);

    /// <summary>The same at a place named otherwise.</summary>
    public void Add(string place, string id, string? file, string wanted, IEnumerable<string> labels, IReadOnlyDictionary<string, int> classOf, double start = 0, double? seconds = null)
    {
        var found = new SortedSet<int>();
        foreach (var label in labels)
        {
            if (!classOf.TryGetValue(label, out var number))
            {
                Reject(place, $"the label \"{label}\" is none of the {classes.Count} classes");
                return;
            }
            found.Add(number);
        }
        if (file is null)
        {
            Reject(place, $"the file {wanted} is missing in {folder}");
        }
        else if (!ids.Add(id))
        {
            Reject(place, $"the clip \"{id}\" was listed before");
        }
        else
        {
            Clips.Add(new FolderClip(id, file, start, seconds, [.. found]));
        }
    }

    /// <summary>All sound files below the folder by their name without extension; paths relative to the folder.</summary>
    public static Dictionary<string, string> FilesByStem(string folder)
    {
        var files = new Dictionary<string, string>();
        foreach (var relative in Files(folder))
        {
            // Of equal names WAV is taken, then the first in order, so that no listing order decides.
            var stem = Path.GetFileNameWithoutExtension(relative);
            if (!files.TryGetValue(stem, out var other) || Rank(relative).CompareTo(Rank(other)) < 0)
            {
                files[stem] = relative;
            }
        }
        return files;
    }

    /// <summary>All sound files below the folder, relative to it, in no order.</summary>
    public static IEnumerable<string> Files(string folder) =>
        Enumerate(folder).Where(path => soundExtensions.Contains(Path.GetExtension(path))).Select(path => Path.GetRelativePath(folder, path));

    public static void RequireFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new BadInputException(folder, "", "there is no such folder");
        }
    }

    private static (bool NotWave, string Name) Rank(string relative) => (!relative.EndsWith(".wav", StringComparison.OrdinalIgnoreCase), relative);

    private static IEnumerable<string> Enumerate(string folder)
    {
        RequireFolder(folder);
        return Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true });
    }
}
