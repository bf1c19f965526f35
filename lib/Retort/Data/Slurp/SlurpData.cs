using System.Globalization;
using Retort.Audio;

namespace Retort.Data;

/// <summary>
/// SLURP as published: text files of a JSON object a line, sound in the folders slurp_real and slurp_synth. The sound is
/// FLAC, or WAV of the same name where a user has converted it, and is read when asked for.
/// </summary>
public sealed class SlurpData : SpokenData
{
    private readonly string audio;
    private readonly string[] paths;

    private SlurpData(string audio, IReadOnlyList<(SlurpRecording Recording, string Path)> kept, int tooLong, int tooManyCharacters, IReadOnlyList<Problem> problems)
    {
        this.audio = audio;
        Recordings = [.. kept.Select(k => k.Recording)];
        paths = [.. kept.Select(k => k.Path)];
        (TooLong, TooManyCharacters, Problems) = (tooLong, tooManyCharacters, problems);
        Hash = Hashing.Of(Recordings.SelectMany(r => (string[])[
            r.File, r.Sentence, r.Meaning.Intent, r.Synthetic ? "synthetic" : "real", r.Meaning.Entities.Count.ToString(CultureInfo.InvariantCulture),
            .. r.Meaning.Entities.SelectMany(e => (string[])[e.Type, e.Filler])]));
    }

    /// <summary>The recordings that passed the filters, in the order of the files.</summary>
    public override IReadOnlyList<SlurpRecording> Recordings { get; }

    /// <summary>Recordings left out because of their length.</summary>
    public int TooLong { get; }

    /// <summary>Recordings left out because of their transcript's length.</summary>
    public int TooManyCharacters { get; }

    /// <summary>What was left out because it cannot be used, with <see cref="BadRows.LeaveOut"/>.</summary>
    public IReadOnlyList<Problem> Problems { get; }

    /// <summary>SHA-256 (hexadecimal) of file names, sentences and meanings. Equal hashes mean equal data.</summary>
    public override string Hash { get; }

    /// <summary>Opens a part.</summary>
    /// <param name="text">the folder of the jsonl files</param>
    /// <param name="audio">the folder that holds slurp_real and slurp_synth</param>
    /// <param name="part">the part; <see cref="SlurpPart.Train"/> takes the synthetic recordings too unless the settings say otherwise</param>
    /// <param name="settings">null for the paper's</param>
    /// <exception cref="BadInputException">Something cannot be used; the first is named, with the number of the others.</exception>
    public static SlurpData Open(string text, string audio, SlurpPart part, SlurpSettings? settings = null)
    {
        settings ??= new SlurpSettings();
        SlurpPart[] parts = part == SlurpPart.Train && !settings.TrainReal ? [part, SlurpPart.TrainSynthetic] : [part];
        var (rows, problems) = (new List<Row>(), new List<Problem>());
        foreach (var one in parts)
        {
            var file = Path.Combine(text, SlurpText.FileName(one));
            if (one == SlurpPart.TrainSynthetic && !File.Exists(file))
            {
                throw new BadInputException(file, "", $"is missing; {nameof(SlurpSettings)}.{nameof(SlurpSettings.TrainReal)} trains without the synthetic recordings");
            }
            var (sentences, bad) = SlurpText.ReadAll(file, settings.Scenarios);
            problems.AddRange(bad);
            rows.AddRange(from s in sentences
                          from recording in s.Sentence.Recordings
                          select new Row(file, s.Line, new SlurpRecording(recording, s.Sentence.Sentence, s.Sentence.Meaning, one == SlurpPart.TrainSynthetic), null));
        }
        return Make(audio, rows, problems, settings);
    }

    /// <summary>
    /// Opens a csv file of the class-incremental SLU paper's authors (semicolons; ID, duration, wav, transcript, scenario, action,
    /// entities). Of the field wav the file name counts; lengths are the csv's, so that no sound file is opened.
    /// </summary>
    /// <param name="csv">the file</param>
    /// <param name="audio">the folder that holds slurp_real and slurp_synth</param>
    /// <param name="settings">null for the paper's</param>
    /// <exception cref="BadInputException">Something cannot be used; the first is named, with the number of the others.</exception>
    public static SlurpData OpenCsv(string csv, string audio, SlurpSettings? settings = null)
    {
        settings ??= new SlurpSettings();
        var (rows, problems) = SlurpCsv.Read(csv, settings.Scenarios);
        var wanted = rows.Where(r => !(settings.TrainReal && r.Recording.Synthetic)).Select(r => new Row(csv, r.Line, r.Recording, r.Seconds));
        return Make(audio, [.. wanted], problems, settings);
    }

    /// <summary>The path of a recording's sound.</summary>
    public string PathOf(int i) => Path.Combine(audio, paths[i]);

    /// <summary>A recording's samples: 16 kHz, one channel, full scale 1. Safe from several threads at once.</summary>
    /// <exception cref="BadInputException">The sound cannot be read.</exception>
    public override float[] Samples(int i) => AudioFile.Load(PathOf(i)).Samples;

    /// <summary>The number of a recording's samples at 16 kHz, from the file's header alone where it says so.</summary>
    /// <exception cref="BadInputException">The file cannot be read.</exception>
    public override long Length(int i) => SoundLength.At16Kilohertz(PathOf(i)) ?? Samples(i).Length;

    /// <summary>Lists everything that is wrong: lines, missing files, and, if wanted, sound that cannot be decoded or is silent.</summary>
    /// <param name="open">opens it with the rule given, such as <c>rows => SlurpData.Open(text, audio, SlurpPart.Test, new() { BadRows = rows })</c></param>
    /// <param name="readAudio">decode every recording, which takes as long as one epoch of loading</param>
    /// <returns>the problems; empty where there are none</returns>
    public static IReadOnlyList<Problem> Check(Func<BadRows, SlurpData> open, bool readAudio = true)
    {
        SlurpData data;
        try
        {
            data = open(BadRows.LeaveOut);
        }
        catch (BadInputException e)
        {
            return [new Problem(e.Input, e.Place, e.Problem)];
        }
        return [.. data.Problems, .. readAudio ? Data.Problems.OfSounds(data.Recordings.Count, data.Samples, data.PathOf) : []];
    }

    private static SlurpData Make(string audio, IReadOnlyList<Row> rows, List<Problem> problems, SlurpSettings settings)
    {
        FolderRows.RequireFolder(audio);
        var (found, wrong) = (new string?[rows.Count], new Problem?[rows.Count]);
        var tooLong = new bool[rows.Count];
        var tooMany = rows.Select(r => r.Recording.Transcript.Length > settings.MostCharacters).ToArray();
        Parallel.For(0, rows.Count, i =>
        {
            var row = rows[i];
            var folder = row.Recording.Synthetic ? "slurp_synth" : "slurp_real";
            string[] names = [Path.Combine(folder, row.Recording.File), Path.Combine(folder, Path.ChangeExtension(row.Recording.File, ".wav"))];
            found[i] = names.FirstOrDefault(name => File.Exists(Path.Combine(audio, name)));
            if (found[i] is not { } name)
            {
                wrong[i] = row.Problem($"the file {names[0]} is missing in {audio}");
            }
            else if (settings.MostSamples is { } most)
            {
                (tooLong[i], wrong[i]) = Length(Path.Combine(audio, name), row, most);
            }
        });
        var files = new HashSet<string>();
        var kept = new List<(SlurpRecording, string)>();
        for (var i = 0; i < rows.Count; i++)
        {
            if (!files.Add(rows[i].Recording.File))
            {
                wrong[i] ??= rows[i].Problem($"the recording {rows[i].Recording.File} was listed before");
            }
            if (wrong[i] is { } problem)
            {
                problems.Add(problem);
            }
            else if (!tooLong[i] && !tooMany[i])
            {
                kept.Add((rows[i].Recording, found[i]!));
            }
        }
        if (settings.BadRows == BadRows.Refuse && problems.Count > 0)
        {
            throw SlurpText.Refusal(problems);
        }
        return new SlurpData(audio, kept, tooLong.Count(l => l), tooLong.Zip(tooMany).Count(p => !p.First && p.Second), problems);
    }

    private static (bool TooLong, Problem? Problem) Length(string path, Row row, int most)
    {
        try
        {
            var samples = row.Seconds is { } seconds ? (long)Math.Ceiling(Math.Min(seconds, 1e9) * 16_000 - 1e-6)
                : SoundLength.At16Kilohertz(path) ?? AudioFile.Load(path).Samples.Length;
            return (samples > most, samples == 0 ? row.Problem($"the recording {path} is empty") : null);
        }
        catch (BadInputException e)
        {
            return (false, new Problem(e.Input, e.Place, e.Problem));
        }
    }

    private sealed record Row(string List, int Line, SlurpRecording Recording, double? Seconds)
    {
        public Problem Problem(string what) => new(List, $"line {Line}", what);
    }
}
