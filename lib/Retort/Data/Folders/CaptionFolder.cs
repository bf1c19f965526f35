// Published captioning data as it lies on disk. AudioCaps: CSV of audiocap_id, youtube_id, start_time, caption, one caption a
// row, captions with line breaks inside quotation marks in its version 2. Clotho v2: five captions a row, file names with spaces. The
// released captioning code's intermediate files: text.json, and a table of audio_id and file_name.

using System.Text.Json;
using Retort.Audio;

namespace Retort.Data;

/// <summary>Captioned sound files. Files of any rate, channels and format are given as 16 kHz, one channel.</summary>
public sealed class CaptionFolder : CaptionData
{
    private readonly List<Clip> clips;
    private readonly Lazy<string> hash;

    private CaptionFolder(string list, List<Clip> clips, List<Problem> problems, BadRows badRows)
    {
        if (problems.Count > 0 && (badRows == BadRows.Refuse || clips.Count == 0))
        {
            throw problems[0].ToException(problems.Count - 1);
        }
        if (clips.Count == 0)
        {
            throw new BadInputException(list, "", "it lists no clip");
        }
        this.clips = clips;
        Problems = problems;
        hash = new Lazy<string>(HashAll);
    }

    /// <inheritdoc/>
    public override int Count => clips.Count;

    /// <summary>SHA-256 of ids, captions and file lengths; the sound itself is not read for it.</summary>
    /// <exception cref="BadInputException">A file is gone.</exception>
    public override string Hash => hash.Value;

    /// <summary>The rows of the list that were left out, and why.</summary>
    public IReadOnlyList<Problem> Problems { get; }

    /// <summary>The clip's file.</summary>
    public string PathOf(int i) => clips[i].Path;

    /// <inheritdoc/>
    public override string Id(int i) => clips[i].Id;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Captions(int i) => clips[i].Captions;

    /// <inheritdoc/>
    public override float[] Samples(int i) => Samples(i, 16000);

    /// <inheritdoc/>
    public override float[] Samples(int i, int sampleRate)
    {
        var samples = AudioFile.Load(clips[i].Path, sampleRate).Samples;
        return samples.Length > 0 ? samples : throw new BadInputException(clips[i].Path, "", "the clip is empty");
    }

    /// <summary>
    /// AudioCaps: a CSV of audiocap_id, youtube_id, start_time, caption (train, val or test, version 1 or 2). Captions of one clip are
    /// gathered; a file is found by the clip's name with or without Y in front and the start behind: ID, YID, ID_START, YID_START, YID.wav.
    /// </summary>
    /// <param name="csv">the list</param>
    /// <param name="audio">the folder of sound, with or without sub-folders</param>
    /// <param name="badRows">what to do about rows without a file or caption; every copy of AudioCaps has gaps</param>
    public static CaptionFolder AudioCaps(string csv, string audio, BadRows badRows = BadRows.Refuse)
    {
        var files = FolderRows.FilesByStem(audio);
        return Gather(csv, badRows, CsvRows.ReadNamed(csv, "youtube_id", "start_time", "caption").Select(row =>
        {
            var (id, start) = (row.Field("youtube_id")!, row.Field("start_time")!);
            string[] names = [id, "Y" + id, $"{id}_{start}", $"Y{id}_{start}"];
            var file = names.FirstOrDefault(files.ContainsKey);
            return (row.Line, $"{id}_{start}", file is null ? null : Path.Combine(audio, files[file]), id, new[] { row.Field("caption")! });
        }));
    }

    /// <summary>Clotho v2: a CSV of file_name, caption_1 to caption_5.</summary>
    /// <param name="csv">the list, clotho_captions_development.csv for one</param>
    /// <param name="audio">the folder of sound</param>
    /// <param name="badRows">what to do about rows without a file or caption</param>
    public static CaptionFolder Clotho(string csv, string audio, BadRows badRows = BadRows.Refuse)
    {
        FolderRows.RequireFolder(audio);
        string[] columns = ["caption_1", "caption_2", "caption_3", "caption_4", "caption_5"];
        return Gather(csv, badRows, CsvRows.ReadNamed(csv, ["file_name", .. columns]).Select(row =>
        {
            var name = row.Field("file_name")!;
            return (row.Line, name, Found(audio, name), name, columns.Select(c => row.Field(c)!).ToArray());
        }));
    }

    /// <summary>Your own: a CSV of filename and caption, a row a caption; rows of one file are gathered.</summary>
    /// <param name="csv">the list</param>
    /// <param name="audio">the folder of sound; null for the one that holds the list</param>
    /// <param name="badRows">what to do about rows without a file or caption</param>
    public static CaptionFolder Csv(string csv, string? audio = null, BadRows badRows = BadRows.Refuse)
    {
        audio ??= Path.GetDirectoryName(Path.GetFullPath(csv))!;
        FolderRows.RequireFolder(audio);
        return Gather(csv, badRows, CsvRows.ReadNamed(csv, "filename", "caption").Select(row =>
        {
            var name = row.Field("filename")!;
            return (row.Line, name, Found(audio, name), name, new[] { row.Field("caption")! });
        }));
    }

    /// <summary>The released code's files: text.json with captions by audio_id, and a table, tab-separated, of audio_id and file_name (wav.csv). Its third file,
    /// waveform.csv, names HDF5 packs of the sound: those are refused with a word on what to do, the sound files are read.</summary>
    /// <param name="textJson">{"audios":[{"audio_id", "captions":[{"caption"}]}]}</param>
    /// <param name="wavCsv">the table; file names are absolute or relative to it</param>
    /// <param name="badRows">what to do about clips without a file or caption</param>
    /// <exception cref="BadInputException">A file is not as said, or the table names HDF5 packs.</exception>
    public static CaptionFolder Released(string textJson, string wavCsv, BadRows badRows = BadRows.Refuse)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(wavCsv))!;
        if (File.Exists(wavCsv) && (File.ReadLines(wavCsv).FirstOrDefault() ?? "").Contains("hdf5_path", StringComparison.Ordinal))
        {
            throw new BadInputException(wavCsv, "line 1, hdf5_path", "packs of sound in HDF5 are not read: give the table of the sound files (wav.csv: audio_id, file_name), "
                + "or write each data set of the packs to a WAV file at the rate that was packed (with h5py) and list those in such a table");
        }
        var files = new Dictionary<string, string>();
        foreach (var (_, field) in CsvRows.ReadNamed(wavCsv, "\t", ["audio_id", "file_name"]))
        {
            files[field("audio_id")!] = Path.Combine(folder, field("file_name")!);
        }
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(textJson));
            var rows = document.RootElement.GetProperty("audios").EnumerateArray().Select((audio, i) =>
            {
                var id = audio.GetProperty("audio_id").GetString()!;
                var file = files.TryGetValue(id, out var path) && File.Exists(path) ? path : null;
                var captions = audio.TryGetProperty("captions", out var all) ? all.EnumerateArray().Select(c => c.GetProperty("caption").GetString() ?? "").ToArray() : [];
                return (i + 1, id, file, id, captions);
            }).ToArray();
            return Gather(textJson, badRows, rows, "audio");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(textJson, "", $"not the captions of the released code: {e.Message}", e);
        }
    }

    /// <summary>Sound alone: every sound file of a folder, without captions.</summary>
    public static CaptionFolder AudioOnly(string audio)
    {
        var files = FolderRows.FilesByStem(audio).Values.Order(StringComparer.Ordinal).Select(f => new Clip(f, Path.Combine(audio, f), []));
        return new CaptionFolder(audio, [.. files], [], BadRows.Refuse);
    }

    private static string? Found(string folder, string name) => name.Length > 0 && File.Exists(Path.Combine(folder, name)) ? Path.Combine(folder, name) : null;

    private static CaptionFolder Gather(string list, BadRows badRows, IEnumerable<(int Line, string Id, string? File, string Wanted, string[] Captions)> rows, string place = "line")
    {
        var clips = new List<Clip>();
        var places = new Dictionary<string, int>();
        var problems = new List<Problem>();
        foreach (var (line, id, file, wanted, captions) in rows)
        {
            if (file is null)
            {
                problems.Add(new Problem(list, $"{place} {line}", $"the sound of {wanted} is missing"));
                continue;
            }
            if (captions.Length == 0 || captions.Any(string.IsNullOrWhiteSpace))
            {
                problems.Add(new Problem(list, $"{place} {line}", $"a caption of {wanted} is empty"));
                continue;
            }
            // A line break inside a caption is a space of it.
            var clean = captions.Select(c => string.Join(' ', c.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
            if (places.TryGetValue(id, out var at))
            {
                clips[at] = clips[at] with { Captions = [.. clips[at].Captions, .. clean] };
            }
            else
            {
                places[id] = clips.Count;
                clips.Add(new Clip(id, file, [.. clean]));
            }
        }
        return new CaptionFolder(list, clips, problems, badRows);
    }

    private string HashAll()
    {
        using var hashing = new Hashing();
        hashing.Add("caption folder");
        foreach (var clip in clips)
        {
            var file = new FileInfo(clip.Path);
            if (!file.Exists)
            {
                throw new BadInputException(clip.Path, "", "the file is missing");
            }
            hashing.Add($"{clip.Id}|{file.Length}|{string.Join('|', clip.Captions)}");
        }
        return hashing.End();
    }

    private sealed record Clip(string Id, string Path, string[] Captions);
}
