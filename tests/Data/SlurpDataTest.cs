using Retort.Data;
using Retort.Text;

namespace Retort.Tests.Data;

public sealed class SlurpDataTest : IDisposable
{
    private readonly SlurpFiles files = new();

    public void Dispose() => files.Dispose();

    private SlurpData Open(SlurpPart part, SlurpSettings? settings = null) => SlurpData.Open(files.Root, files.Audio, part, settings);

    private static IEnumerable<string> Names(SlurpData data) => data.Recordings.Select(r => r.File);

    [Fact]
    public void Open_Train_TakesSyntheticUnlessToldOtherwise()
    {
        var all = Open(SlurpPart.Train);
        Assert.Equal(["audio-1.flac", "audio--1-headset.flac", "audio-2.flac", "audio-synth-2.flac"], Names(all));
        Assert.Equal([false, false, false, true], all.Recordings.Select(r => r.Synthetic));
        var real = Open(SlurpPart.Train, new() { TrainReal = true });
        Assert.Equal(["audio-1.flac", "audio--1-headset.flac", "audio-2.flac"], Names(real));
        Assert.NotEqual(all.Hash, real.Hash);
        Assert.Equal(all.Hash, Open(SlurpPart.Train).Hash);
        // What is said does not come from the field intent, and fillers are tokens in lower case.
        Assert.Equal("alarm_set", all.Recordings[0].Meaning.Intent);
        Assert.Equal([new Entity("time", "five o'clock"), new("person", "me")], all.Recordings[0].Meaning.Entities);
        Assert.Equal("wake me at five oclock", all.Recordings[0].Transcript);
        Assert.Equal(8_000, all.Samples(0).Length);
    }

    [Fact]
    public void Open_NoSyntheticFile_SaysHowToGoWithout()
    {
        File.Delete(Path.Combine(files.Root, "train_synthetic.jsonl"));
        Assert.Contains("TrainReal", Assert.Throws<BadInputException>(() => Open(SlurpPart.Train)).Problem);
        Assert.Equal(3, Open(SlurpPart.Train, new() { TrainReal = true }).Count);
    }

    [Fact]
    public void Length_IsTheHeaders()
    {
        var data = Open(SlurpPart.Train);
        Assert.Equal([8_000, 32_000, 16_000, 16_000], Enumerable.Range(0, 4).Select(data.Length));
    }

    [Fact]
    public void Open_LengthFilters_CountWhatTheyLeaveOut()
    {
        var data = Open(SlurpPart.Test, new() { MostSamples = 16_000, MostCharacters = 14 });
        Assert.Equal(["audio-2.flac"], Names(data));
        Assert.Equal((1, 1), (data.TooLong, data.TooManyCharacters));
        Assert.Equal(3, Open(SlurpPart.Test, new() { MostSamples = null, MostCharacters = null }).Recordings.Count);
    }

    [SkippableFact]
    public void Open_Flac_LengthIsTheHeaders()
    {
        Skip.IfNot(File.Exists("/usr/bin/ffmpeg"), "ffmpeg is not on this machine");
        var flac = files.Flac("slurp_real/audio-2.flac", 12_345);
        Assert.Equal(12_345, SoundLength.At16Kilohertz(flac));
        var data = Open(SlurpPart.Test, new() { MostSamples = 12_344 });
        Assert.Equal(["audio-1.flac"], Names(data));
        Assert.Equal(flac, Open(SlurpPart.Test).PathOf(2));
        Assert.Equal(12_345, Open(SlurpPart.Test).Samples(2).Length);
    }

    [Fact]
    public void Check_ManyProblems_AreListedAtOnce()
    {
        files.Write("test.jsonl", string.Join('\n', SlurpFiles.Line, "{\"slurp_id\": 3", SlurpFiles.Second.Replace("general\"", "nowhere\""), SlurpFiles.Second.Replace("audio-2", "audio-9"),
            SlurpFiles.Line.Replace("[3, 4]", "[3, 5]"), SlurpFiles.Second.Replace("audio-2", "../audio-2"), SlurpFiles.Second, SlurpFiles.Second,
            SlurpFiles.Second.Replace("audio-2", "audio-silent"), SlurpFiles.Line.Replace("[3, 4]", "[]"), "[1]", SlurpFiles.Second.Replace("audio-2", "audio-empty")));
        files.Sound("slurp_real/audio-empty.wav", 0);
        Retort.Audio.WavFile.Write(Path.Combine(files.Audio, "slurp_real", "audio-silent.wav"), new Retort.Audio.Wave(new float[100], 16_000));
        var problems = SlurpData.Check(rows => Open(SlurpPart.Test, new() { BadRows = rows }));
        string[] expected =
        [
            "line 2: is not JSON", "line 3: the scenario \"nowhere\" is none of the 18", "line 5: the entity \"time\" spans the token 5; the sentence has 5 tokens",
            "line 6: the recording \"../audio-2.flac\" is no file name", "line 10: the entity \"time\" spans no word", "line 11: is of kind Array; expected an object",
            "line 4: the file slurp_real/audio-9.flac is missing", "line 8: the recording audio-2.flac was listed before", "line 12: the recording", "all samples are zero",
        ];
        Assert.Equal(expected.Length, problems.Count);
        Assert.All(expected.Zip(problems), p => Assert.Contains(p.First, p.Second.ToString()));
        var e = Assert.Throws<BadInputException>(() => Open(SlurpPart.Test));
        Assert.Contains("line 2: is not JSON", e.Message);
        Assert.Contains("and 8 more problems; SlurpData.Check lists all", e.Message);
        Assert.Equal(4, Open(SlurpPart.Test, new() { BadRows = BadRows.LeaveOut }).Recordings.Count);
    }

    [Fact]
    public void Check_LineThatIsNotUtf8_IsThatLineAlone()
    {
        var path = files.Write("test.jsonl", "\uFEFF" + string.Join('\n', SlurpFiles.Line, SlurpFiles.Second.Replace("joke", "jo\u00A3ke"), "", "{}"));
        var bytes = File.ReadAllBytes(path);
        bytes[Array.LastIndexOf(bytes, (byte)0xC2)] = 0xFF;
        File.WriteAllBytes(path, bytes);
        var problems = SlurpData.Check(rows => Open(SlurpPart.Test, new() { BadRows = rows }));
        Assert.Equal([("line 2", "is not UTF-8"), ("line 4", "the field \"tokens\" is missing")], problems.Select(p => (p.Place, p.What)));
    }

    [Fact]
    public void OpenCsv_AuthorsFile_IsRead()
    {
        var csv = files.Write("a.csv", """
            ID;duration;wav;transcript;scenario;action;entities
            0;0.5;slurp_real/audio-1.flac;wake me at five o'clock;alarm;set;time,five o'clock,person,me
            1;7.01;/data/slurp_real/audio--1-headset.flac;wake me;alarm;set;null
            2;1.0;slurp_synth/audio-synth-2.flac;tell me a joke;general;joke;null
            """);
        var data = SlurpData.OpenCsv(csv, files.Audio);
        Assert.Equal(["audio-1.flac", "audio-synth-2.flac"], Names(data));
        Assert.Equal((1, true), (data.TooLong, data.Recordings[1].Synthetic));
        Assert.Equal("alarm_set _SEP time _FILL five o'clock _SEP person _FILL me _SEP wake me at five oclock", data.Recordings[0].Target());
        Assert.Single(SlurpData.OpenCsv(csv, files.Audio, new() { TrainReal = true }).Recordings);
        var bad = files.Write("b.csv", "ID;duration;wav;transcript;scenario;action;entities\n0;x;a.flac;t;alarm;set;null\n1;1;a.flac;t;alarm;set;time,five,six\n");
        Assert.Equal(["line 2", "line 3"], SlurpData.Check(rows => SlurpData.OpenCsv(bad, files.Audio, new() { BadRows = rows })).Select(p => p.Place));
        var twice = files.Write("c.csv", "ID;duration;wav;transcript;scenario;action;entities;wav\n");
        Assert.Contains("\"wav\" is named twice", Assert.Throws<BadInputException>(() => SlurpData.OpenCsv(twice, files.Audio)).Message);
    }

    [Fact]
    public void Read_OurLinesInSlurpsFormat_AreAllReadAndWrittenBack() => Same(Golden.File("Metrics", "slurp/gold.jsonl.txt"), 90, 180);

    [SkippableFact]
    public void Read_PublishedLines_AreWhatTheDossierCounts() => Same(Shared.File("data/slurp/devel-400.jsonl"), 400, 1731);

    private static void Same(string path, int count, int recordings)
    {
        var sentences = SlurpText.Read(path, SlurpScenarios.All);
        Assert.Equal(count, sentences.Count);
        Assert.Equal(recordings, SlurpText.ByRecording(sentences).Count);
        Assert.Contains(sentences, s => s.PublishedIntent != s.Meaning.Intent);
        // Each sentence's string says what it was made of.
        Assert.All(sentences, s =>
        {
            var (meaning, transcript) = SlurpTarget.Read(SlurpTarget.Write(s.Meaning, SlurpTarget.Transcript(s.Sentence)));
            Assert.Equal((s.Meaning.Scenario, s.Meaning.Action), (meaning.Scenario, meaning.Action));
            Assert.Equal(s.Meaning.Entities, meaning.Entities);
            Assert.Equal(SlurpTarget.Transcript(s.Sentence), transcript);
        });
    }
}
