// FSD50K (Fonseca et al., 2022) as it is published: FSD50K.ground_truth/{dev,eval,vocabulary}.csv beside the folders
// FSD50K.dev_audio and FSD50K.eval_audio. dev.csv: fname,labels,mids,split; eval.csv: fname,labels,mids; labels are
// joined by commas inside a quoted field; vocabulary.csv: index,label,mid without a header.

using System.Globalization;

namespace Retort.Data;

/// <summary>One part of FSD50K.</summary>
public sealed class Fsd50kFolder : AudioFolder
{
    private Fsd50kFolder(FolderRows rows, BadRows badRows) : base(rows, badRows)
    {
    }

    /// <summary>Opens a part: the development set's train or val rows, or the evaluation set.</summary>
    /// <param name="root">the folder that holds FSD50K.ground_truth and the folders of sound</param>
    /// <param name="split">train, validation ("val") or test ("eval")</param>
    /// <param name="badRows">what to do about rows without a file or with an unknown label</param>
    public static Fsd50kFolder Open(string root, Split split, BadRows badRows = BadRows.Refuse)
    {
        var part = split == Split.Test ? "eval" : "dev";
        var list = Path.Combine(root, "FSD50K.ground_truth", $"{part}.csv");
        var audio = Path.Combine(root, $"FSD50K.{part}_audio");
        FolderRows.RequireFolder(root);
        var names = ReadVocabulary(Path.Combine(root, "FSD50K.ground_truth", "vocabulary.csv"));
        var classOf = names.Select((name, i) => (name, i)).ToDictionary(p => p.name, p => p.i);
        var files = FolderRows.FilesByStem(audio);
        var rows = new FolderRows(list, audio, names);
        string[] columns = split == Split.Test ? ["fname", "labels"] : ["fname", "labels", "split"];
        foreach (var (line, field) in CsvRows.ReadNamed(list, columns))
        {
            var (name, kind) = (field("fname")!, field("split"));
            if (split != Split.Test && kind is not ("train" or "val"))
            {
                rows.Reject(line, $"the split is \"{kind}\", expected train or val");
            }
            else if (split == Split.Test || kind == (split == Split.Train ? "train" : "val"))
            {
                rows.Add(line, name, files.GetValueOrDefault(name), name + ".wav",
                    field("labels")!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), classOf);
            }
        }
        return new Fsd50kFolder(rows, badRows);
    }

    private static List<string> ReadVocabulary(string path)
    {
        var names = new List<string>();
        foreach (var (line, fields) in CsvRows.Read(path))
        {
            if (names.Count == 0 && fields is ["index", ..])
            {
                continue; // some copies have a header
            }
            if (fields.Length < 2 || fields[0] != names.Count.ToString(CultureInfo.InvariantCulture) || fields[1].Length == 0 || names.Contains(fields[1]))
            {
                throw new BadInputException(path, $"line {line}", $"expected {names.Count}, then a label that was not there before, then its id");
            }
            names.Add(fields[1]);
        }
        return names.Count > 0 ? names : throw new BadInputException(path, "", "it lists no class");
    }
}
