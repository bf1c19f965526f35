// ESC-50 (Piczak, 2015) as it is published: meta/esc50.csv (filename,fold,target,category,esc10,src_file,take) beside the
// folder audio. 2000 clips of 5 s, 50 classes, one label each, 5 folds; results are averaged over the folds.

using System.Globalization;

namespace Retort.Data;

/// <summary>Some folds of ESC-50.</summary>
public sealed class Esc50Folder : AudioFolder
{
    private Esc50Folder(FolderRows rows, BadRows badRows) : base(rows, badRows)
    {
    }

    /// <summary>Opens the clips of some folds, 1 to 5.</summary>
    /// <param name="root">the folder that holds meta and audio</param>
    /// <param name="folds">which folds</param>
    /// <param name="badRows">what to do about rows without a file</param>
    public static Esc50Folder Open(string root, IReadOnlyCollection<int> folds, BadRows badRows = BadRows.Refuse)
    {
        if (folds.Count == 0 || folds.Any(f => f is < 1 or > 5))
        {
            throw new ArgumentOutOfRangeException(nameof(folds), string.Join(", ", folds), "folds are numbered 1 to 5");
        }
        FolderRows.RequireFolder(root);
        var list = Path.Combine(root, "meta", "esc50.csv");
        var audio = Path.Combine(root, "audio");
        var categories = new SortedDictionary<int, string>();
        var kept = new List<(int Line, string File, string Category)>();
        var rejected = new List<(int Line, string What)>();
        foreach (var (line, field) in CsvRows.ReadNamed(list, "filename", "fold", "target", "category"))
        {
            var category = field("category")!;
            if (!int.TryParse(field("fold"), NumberStyles.None, CultureInfo.InvariantCulture, out var fold) || fold is < 1 or > 5
                || !int.TryParse(field("target"), NumberStyles.None, CultureInfo.InvariantCulture, out var target) || target >= 50)
            {
                rejected.Add((line, "expected a fold from 1 to 5 and a target from 0 to 49"));
            }
            else if (!categories.TryAdd(target, category) && categories[target] != category)
            {
                rejected.Add((line, $"target {target} is \"{category}\" here and \"{categories[target]}\" before"));
            }
            else if (folds.Contains(fold))
            {
                kept.Add((line, field("filename")!, category));
            }
        }
        // All folds name the classes, so that each has the same ones; a complete copy has 50.
        string[] names = [.. categories.Values];
        var classOf = new Dictionary<string, int>();
        foreach (var name in names)
        {
            if (!classOf.TryAdd(name, classOf.Count))
            {
                throw new BadInputException(list, "", $"the category \"{name}\" has two targets");
            }
        }
        var rows = new FolderRows(list, audio, names);
        rejected.ForEach(r => rows.Reject(r.Line, r.What));
        FolderRows.RequireFolder(audio);
        foreach (var (line, file, category) in kept)
        {
            rows.Add(line, Path.GetFileNameWithoutExtension(file), File.Exists(Path.Combine(audio, file)) ? file : null, file, [category], classOf);
        }
        return new Esc50Folder(rows, badRows);
    }

    /// <summary>The usual split of one fold: it is the test set, the other four train.</summary>
    public static (Esc50Folder Train, Esc50Folder Test) OpenFold(string root, int testFold, BadRows badRows = BadRows.Refuse) =>
        (Open(root, [.. Enumerable.Range(1, 5).Where(f => f != testFold)], badRows), Open(root, [testFold], badRows));
}
