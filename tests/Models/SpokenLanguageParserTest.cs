using Retort.Audio;
using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Metrics;
using Retort.Models;
using Retort.Papers.Ced;
using Retort.Papers.Slu;
using Retort.Tests.Data;
using Retort.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

public sealed class SpokenLanguageParserTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-parser-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    internal static readonly BpeTokenizer Tokenizer = BpeTokenizer.Train(
        ["alarm_set _SEP time _FILL five _SEP wake me at five", "general_joke _SEP tell me a joke"], new BpeSettings { VocabularySize = 60 });

    internal static SpokenLanguageParser LogMel(bool masks = true) => new(new SpokenLanguageModel(
        new LogMelEncoder(new LogMelEncoderSettings { Width = 16, Depth = 1, Heads = 2, Hidden = 16, Convolutions = true }, seed: 1), Decoder(16), ctcSymbols: 7)
    { LengthMasks = masks },
        Tokenizer, new DecodingSettings { Beams = 3, MaxLength = 10, Start = 0, End = 0 });

    private static SpokenLanguageParser Wave() => new(new SpokenLanguageModel(new Wav2Vec2(new Wav2Vec2Settings
    {
        Convolutions = [(8, 10, 5), (8, 3, 2), (8, 3, 2), (8, 2, 2)],
        Width = 12,
        Depth = 1,
        Heads = 3,
        Hidden = 16,
        PositionKernel = 6,
        PositionGroups = 2,
        NormaliseWaves = true,
    }, seed: 2), Decoder(12)), Tokenizer, new DecodingSettings { Beams = 2, MaxLength = 8 })
    { LongestSeconds = 5 };

    private static TokenDecoder Decoder(int width) => new(new TokenDecoderSettings { Vocabulary = Tokenizer.Count, Width = width, Depth = 2, Heads = 2, Hidden = 16, MaxLength = 40 }, seed: 3);

    private static float[] Tone(int samples, double hertz = 300) => [.. Enumerable.Range(0, samples).Select(i => (float)(0.2 * Math.Sin(2 * Math.PI * hertz * i / 16_000 * (1 + i * 1e-5))))];

    private string Sound(string name, float[] samples, int rate = 16_000, int channels = 1)
    {
        var path = Path.Combine(folder, name);
        WavFile.Write(path, new Wave([.. samples.SelectMany(s => Enumerable.Repeat(s, channels))], rate, channels));
        return path;
    }

    private static void Same(SpokenCommand a, SpokenCommand b)
    {
        Assert.Equal(a.Seconds, b.Seconds);
        Assert.Equal(a.Hypotheses.Select(h => h.Text), b.Hypotheses.Select(h => h.Text));
        Assert.All(a.Hypotheses.Zip(b.Hypotheses), p => Assert.Equal(p.First.Score, p.Second.Score, 1e-4));
    }

    [Fact]
    public void Parse_FileSamplesAndBatch_AreTheSame()
    {
        var parser = LogMel();
        Assert.Equal((Tokenizer.StartId, Tokenizer.EndId), (parser.Decoding.Start, parser.Decoding.End));
        float[][] tones = [Tone(9_000), Tone(30_000, 500), Tone(16_000, 900)];
        string[] paths = [.. tones.Select((t, i) => Sound($"{i}.wav", t))];
        var all = parser.ParseAll(paths);
        Assert.Equal(paths, all.Select(c => c.Source));
        for (var i = 0; i < tones.Length; i++)
        {
            Same(parser.Parse(paths[i]), all[i]);
            Assert.Equal(tones[i].Length / 16_000.0, all[i].Seconds);
            Assert.Equal(3, all[i].Hypotheses.Count);
            Assert.Equal(all[i].Hypotheses.OrderByDescending(h => h.Score), all[i].Hypotheses);
            Assert.Equal(all[i].Best.Text, Tokenizer.Decode([.. all[i].Best.Tokens]));
        }
        // 16 bits round the samples; a text that is decoded from them may not.
        Assert.Equal(all[0].Hypotheses.Count, parser.Parse(tones[0]).Hypotheses.Count);
        Assert.Equal(2, parser.Parse(Sound("stereo.wav", Tone(88_200), 44_100, 2)).Seconds);
        var table = all[0].Table();
        Assert.Equal((3, all[0].Transcript), (table.Count, table[0, "transcript"]));
    }

    [Fact]
    public void ParseAll_WithoutLengthMasks_IsEachAlone()
    {
        var parser = LogMel(masks: false);
        string[] paths = [Sound("a.wav", Tone(9_000)), Sound("b.wav", Tone(30_000, 500))];
        Assert.All(parser.ParseAll(paths).Zip(paths), p => Same(parser.Parse(p.Second), p.First));
    }

    [Theory]
    [InlineData(0, "empty")]
    [InlineData(100, "of 100 samples is too short; 257 at 16 kHz are needed")]
    [InlineData(30 * 16_000 + 1, "longer than 30 s (LongestSeconds)")]
    public void Parse_SoundOfNoUse_SaysSo(int samples, string problem)
    {
        var parser = LogMel();
        var path = Sound("a.wav", new float[samples]);
        var e = Assert.Throws<BadInputException>(() => parser.Parse(path));
        Assert.Equal(path, e.Input);
        Assert.Contains(problem, e.Problem);
        Assert.Contains(problem, Assert.Throws<ArgumentException>(() => parser.Parse(new float[samples])).Message);
    }

    [Fact]
    public void Parse_NumbersThatAreNone_AreRefused()
    {
        var samples = Tone(9_000);
        samples[17] = float.NaN;
        Assert.Contains("sample 17 is NaN", Assert.Throws<ArgumentException>(() => LogMel().Parse(samples)).Message);
        Assert.Contains("400", Assert.Throws<ArgumentException>(() => new SpokenLanguageParser(new SpokenLanguageModel(new Wav2Vec2(new Wav2Vec2Settings { Depth = 1, Width = 16, Heads = 1, Hidden = 8 }), Decoder(16)), Tokenizer).Parse(new float[399])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpokenLanguageParser(LogMel().Model, Tokenizer) { LongestSeconds = double.NaN });
        var other = BpeTokenizer.Train(["abc"], new BpeSettings { VocabularySize = 9 });
        Assert.Contains($"{other.Count} tokens", Assert.Throws<ArgumentException>(() => new SpokenLanguageParser(LogMel().Model, other)).Message);
    }

    [Fact]
    public void ParseTo_SomeFilesBad_ScorerReadsTheRestAndCountsTheMissing()
    {
        using var files = new SlurpFiles();
        var data = SlurpData.Open(files.Root, files.Audio, SlurpPart.Test);
        var parser = LogMel();
        File.WriteAllText(data.PathOf(1), "no sound");
        string[] paths = [.. Enumerable.Range(0, 3).Select(data.PathOf)];
        var gold = paths.Select((path, i) => (Path.GetFileName(path), data.Recordings[i].Meaning)).ToDictionary(p => p.Item1, p => p.Meaning);
        var (predictions, problems) = (Path.Combine(folder, "out", "predictions.jsonl"), new List<BadInputException>());
        var commands = parser.ParseTo(predictions, paths, problems.Add);
        Assert.Equal([paths[0], paths[2]], commands.Select(c => c.Source));
        Assert.Equal(paths[1], Assert.Single(problems).Input);
        var read = SlurpPredictions.Read(predictions);
        Assert.Equal(commands.Select(c => c.Meaning.Intent), commands.Select(c => read.Items[Path.GetFileName(c.Source)].Intent));
        var scores = SlurpScorer.Score(gold, read.Items);
        Assert.Equal((2, 1, 0), (scores.Scored, scores.NotPredicted.Count, scores.Unknown.Count));
        // Without a listener a bad file stops everything and leaves no predictions.
        var none = Path.Combine(folder, "none.jsonl");
        Assert.Contains("audio--1-headset", Assert.Throws<BadInputException>(() => parser.ParseTo(none, paths)).Input);
        Assert.False(File.Exists(none));
        Assert.Equal(["audio-1.wav", "audio-2.wav"], SlurpPredictions.Read(Write(none, [paths[0], paths[2]])).Items.Keys);
        Assert.Contains("tells recordings apart", Assert.Throws<BadInputException>(() => parser.ParseTo(none, [paths[0], paths[0]])).Problem);

        string Write(string path, string[] of)
        {
            parser.ParseTo(path, of);
            return path;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Save_ThenLoad_IsTheSameParser(bool logMel)
    {
        var parser = logMel ? LogMel() : Wave();
        parser.Save(folder);
        parser.Save(folder);  // over the old one
        var read = SpokenLanguageParser.Load(folder);
        Assert.Equal((parser.Decoding, parser.LongestSeconds, parser.Model.LengthMasks), (read.Decoding, read.LongestSeconds, read.Model.LengthMasks));
        Same(parser.Parse(Tone(20_000)), read.Parse(Tone(20_000)));
        Assert.Equal(3, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void Load_FilesThatDoNotBelongTogether_AreNamed()
    {
        LogMel().Save(folder);
        var settings = Path.Combine(folder, "parser.json");
        var good = File.ReadAllText(settings);
        void Refused(string input, string problem)
        {
            var e = Assert.Throws<BadInputException>(() => SpokenLanguageParser.Load(folder));
            Assert.Equal(Path.Combine(folder, input), e.Input);
            Assert.Contains(problem, e.Message);
        }
        foreach (var (from, to, problem) in new[]
        {
            ("\"Depth\": 2", "\"Depth\": 1000000", "weights or more"),
            ("\"Depth\": 2", "\"Depth\": 3", "layers.2"),
            ("\"Vocabulary\": ", "\"Vocabulary\": 1", "does not fit a tokenizer"),
            ("\"LengthMasks\": true", "\"LengthMasks\": 7", "line"),
            ("\"LengthMasks\"", "\"Lengths\"", "Lengths"),
            ("\"LongestSeconds\": 30", "\"LongestSeconds\": -1", "longest recording"),
            ("parser/1", "parser/9", "parser/9"),
            ("\"CtcSymbols\": 7", "\"CtcSymbols\": 0", "ctc"),
            ("\"FftLength\": 512", "\"FftLength\": 0", "spectrogram"),
            ("{", "[", "settings of a parser"),
        })
        {
            Assert.Contains(from, good);
            File.WriteAllText(settings, good.Replace(from, to));
            Refused(problem is "layers.2" or "ctc" ? "model.safetensors" : "parser.json", problem);
        }
        File.WriteAllText(settings, good);
        File.AppendAllText(Path.Combine(folder, "tokenizer.json"), " ");
        Refused("tokenizer.json", "is not the file that parser.json was written with");
        File.Delete(Path.Combine(folder, "model.safetensors"));
        Refused("parser.json", "0 bytes");
        File.Delete(settings);
        Refused("parser.json", "cannot be read");
    }

    [Fact]
    public void Attention_OfAString_HasARowATokenAndSumsTo1()
    {
        var parser = LogMel();
        const string text = "general_joke _SEP tell me a joke";
        var attention = parser.Attention(Tone(16_000), text);
        Assert.Equal((2, 2, 26, 0.04), (attention.Layers, attention.Heads, attention.Frames, attention.SecondsPerFrame));
        Assert.Equal(Tokenizer.Encode(text).Length + 1, attention.Tokens.Count);
        Assert.Equal("[EOS]", attention.Tokens[^1]);
        var one = attention.Weights(1, 0);
        var mean = attention.Weights();
        for (var token = 0; token < attention.Tokens.Count; token++)
        {
            Assert.Equal(1, Enumerable.Range(0, attention.Frames).Sum(f => one[token, f]), 1e-4);
            Assert.Equal((from l in new[] { 0, 1 } from h in new[] { 0, 1 } select attention.Weights(l, h)[token, 5]).Average(), mean[token, 5], 1e-5);
        }
        Assert.Contains("layer 2, head 1", attention.Figure(1, 0).ToJson());
        Assert.Throws<ArgumentOutOfRangeException>(() => attention.Weights(2));
        var own = parser.Attention(Sound("a.wav", Tone(16_000)));
        Assert.Equal(parser.Parse(Path.Combine(folder, "a.wav")).Best.Tokens.Count + 1, own.Tokens.Count);
    }
}
