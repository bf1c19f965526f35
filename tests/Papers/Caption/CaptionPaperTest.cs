using System.Text.Json;
using Retort.Audio;
using Retort.Data;
using Retort.Losses;
using Retort.Models;
using Retort.Papers.Caption;
using Retort.Text;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Caption;

public sealed class CaptionPaperTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-caption-paper-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private CaptionFolder Clips(string name, int count, int captions)
    {
        var to = Path.Combine(folder, name);
        Directory.CreateDirectory(to);
        var rows = new List<string> { "filename,caption" };
        var scenes = new CaptionScenes(CaptionPart.Test, count, new CaptionSceneSettings { Seconds = 1, Seed = name.Length });
        for (var i = 0; i < count; i++)
        {
            WavFile.Write(Path.Combine(to, $"{i}.wav"), new Wave(scenes.Samples(i)[..(10000 + 1000 * (i % 4))], 16000));
            rows.AddRange(scenes.Captions(i).Take(captions).Select(c => $"{i}.wav,{c}"));
        }
        File.WriteAllLines(Path.Combine(to, "list.csv"), rows);
        return CaptionFolder.Csv(Path.Combine(to, "list.csv"));
    }

    [Fact]
    public void Run_FoldersAndTeacherStore_TrainsScoresAndLeavesACaptioner()
    {
        var (train, validation, test) = (Clips("train", 6, 1), Clips("validation", 2, 3), Clips("test-clips", 3, 3));
        Clips("other", 4, 1);
        var more = CaptionFolder.AudioOnly(Path.Combine(folder, "other"));
        var words = CaptionVocabulary.Train(Enumerable.Range(0, train.Count).SelectMany(train.Captions));
        (float[], IReadOnlyList<(string, double)>) Ask(float[] samples) => ([.. samples.Take(5)], [("A dog barks!", -0.5), ("rain", -0.7)]);
        using var store = CaptionPaper.Store(Path.Combine(folder, "store"), "teacher", train, words, 5, Ask);
        using var alone = CaptionPaper.Store(Path.Combine(folder, "store-more"), "teacher", more, words, 5, Ask);
        var paper = CaptionPaper.AudioCaps with { Epochs = 2, EncoderEpochs = 1, Batch = 3, Shared = 8, LongestSeconds = 0.7, TeacherForcing = 0.7, SpecAugment = new() };
        var run = Path.Combine(folder, "run");
        var scores = paper.Run(run, train, validation, test, store, (more, alone));
        Assert.True(double.IsFinite(scores["CIDEr-D"]) && double.IsFinite(scores["validation CIDEr-D"]));
        Assert.True(double.IsFinite(scores["best, CIDEr-D"]) && scores["best, BLEU-4"] >= 0);
        using var best = AudioCaptioner.Open(Path.Combine(run, "best-captioner"));
        Assert.NotNull(best.Caption(test.PathOf(0)).Text);
        using var captioner = AudioCaptioner.Open(Path.Combine(run, "captioner"));
        Assert.NotNull(captioner.Caption(test.PathOf(0)).Text);
        var predictions = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "predictions.json"))).RootElement.GetProperty("predictions");
        Assert.Equal(3, predictions.GetArrayLength());
        // What stands there is what the captioner says of each file by itself, though the clips have four lengths.
        Assert.All(predictions.EnumerateArray().Select((p, i) => (p, i)), row =>
        {
            var samples = AudioFile.Load(test.PathOf(row.i), 16000).Samples;
            Assert.Equal(row.p.GetProperty("tokens").GetString(), captioner.Captions([samples[..Math.Min(samples.Length, 11200)]])[0].Text);
        });
        Assert.Equal(scores["CIDEr-D"], CaptionPredictions.Score(Path.Combine(run, "predictions.json"), test).CiderD, 9);
        Assert.Contains("fewer than a batch", Assert.Throws<BadInputException>(() => (paper with { Batch = 7 }).Run(Path.Combine(folder, "few"), train, validation, test, store)).Message);
        // Again: the ended run is read, not repeated.
        Assert.Equal(scores["CIDEr-D"], paper.Run(run, train, validation, test, store, (more, alone))["CIDEr-D"]);
        var error = Assert.Throws<BadInputException>(() => paper.Run(Path.Combine(folder, "other-run"), train, validation, test, alone));
        Assert.Contains("other clips", error.Message);
    }

    [Fact]
    public void Run_EncoderFirst_HasAScheduleAndALossOfItsOwnAndReadsLayers()
    {
        var (train, validation) = (Clips("train", 6, 1), Clips("validation", 2, 3));
        var words = CaptionVocabulary.Train(Enumerable.Range(0, train.Count).SelectMany(train.Captions));
        using var store = CaptionPaper.Store(Path.Combine(folder, "store"), "teacher", train, words, 5, samples => ([.. samples.Take(5)], [("rain", -0.7)]));
        var paper = CaptionPaper.AudioCaps with { Epochs = 3, EncoderEpochs = 5, Batch = 3, Shared = 8, LongestSeconds = 0.7, Layers = [2] };
        var run = Path.Combine(folder, "run");
        var (heard, said) = (0, 0);
        Tensor Wml(CaptionStudent s, CaptionBatch b)
        {
            heard++;
            var (own, taught) = s.ProjectLayers(s.Hear(b), b.TeacherLayers!);
            return CaptionDistillation.MultiLayer(own, taught);
        }
        Tensor Both(CaptionStudent s, CaptionBatch b)
        {
            said++;
            return CaptionStudent.Contrastive(s, b);
        }
        paper.Run(run, train, validation, validation, store, loss: Both, encoderLoss: Wml);
        Assert.Equal((10, 6), (heard, said));
        double[] Rates(string of)
        {
            var rows = File.ReadAllLines(Path.Combine(of, "metrics.csv")).Select(l => l.Split(',')).ToArray();
            var at = Array.IndexOf(rows[0], "rate");
            return [.. rows.Skip(1).Select(r => double.Parse(r[at], System.Globalization.CultureInfo.InvariantCulture))];
        }
        double[] Published(int steps) => [.. Enumerable.Range(0, steps).Select(i => Schedule.WarmUpExponential(5e-4, steps / 5, steps)(i))];
        Assert.Equal(Published(10), Rates(Path.Combine(run, "encoder")));
        Assert.Equal(Published(6), Rates(run));
        Assert.Contains("no store of a teacher", Assert.Throws<BadInputException>(() => (paper with { Layers = [] }).Run(Path.Combine(folder, "none"), train, validation, validation, null)).Message);
        Assert.Contains("5 numbers", Assert.Throws<BadInputException>(() => (paper with { Layers = [3, 2] }).Run(Path.Combine(folder, "wide"), train, validation, validation, store)).Message);
    }

    [Fact]
    public void Store_TeacherAtItsOwnRate_HearsTheFilesAtThatRate()
    {
        var train = Clips("train", 2, 1);
        var words = CaptionVocabulary.Train(Enumerable.Range(0, train.Count).SelectMany(train.Captions));
        var heard = new List<int>();
        using var store = CaptionPaper.Store(Path.Combine(folder, "store32"), "teacher", train, words, 1, samples =>
        {
            heard.Add(samples.Length);
            return ([samples.Length], [("rain", -1.0)]);
        }, sampleRate: 32000);
        Assert.Equal([20000, 22000], heard);
        Assert.Equal(20000, train.Take(1).Samples(0, 32000).Length);
    }

    [Fact]
    public void Predictions_ByNameOrStem_AreScoredAndMissingOnesCounted()
    {
        var clips = Clips("train", 3, 2);
        var path = Path.Combine(folder, "said.json");
        CaptionPredictions.Write(path, Enumerable.Range(0, 3).Select(i => (i == 1 ? "1" : $"some/folder/{i}.wav", clips.Captions(i)[0].ToUpperInvariant())));
        Assert.True(CaptionPredictions.Score(path, clips).CiderD > 0.5);
        string Error(string text)
        {
            File.WriteAllText(path, text);
            return Assert.Throws<BadInputException>(() => CaptionPredictions.Score(path, clips)).Message;
        }
        Assert.Contains("2 of 3 clips", Error("{\"predictions\":[{\"filename\":\"0.wav\",\"tokens\":\"rain\"}]}"));
        Assert.Contains("predictions[1]", Error("{\"predictions\":[{\"filename\":\"0.wav\",\"tokens\":\"rain\"},{\"filename\":\"0.wav\",\"tokens\":\"rain\"}]}"));
        Assert.Contains("predictions", Error("{}"));
        Assert.Contains("predictions", Error("["));
    }

    [Fact]
    public void Predictions_OfTheReleasedCode_NameClipsOfAudioCapsByTheirFiles()
    {
        var sound = Path.Combine(folder, "audiocaps");
        Directory.CreateDirectory(sound);
        string[] ids = ["ab-_0", "cd1"], captions = ["a dog barks", "rain falls"];
        Array.ForEach(ids, id => WavFile.Write(Path.Combine(sound, $"Y{id}.wav"), new Wave(new float[1600], 16000)));
        var (csv, path) = (Path.Combine(folder, "test.csv"), Path.Combine(folder, "theirs.json"));
        File.WriteAllLines(csv, ["audiocap_id,youtube_id,start_time,caption", .. ids.Zip(captions, (id, c) => $"1,{id},30,{c}")]);
        CaptionPredictions.Write(path, ids.Zip(captions, (id, c) => ($"Y{id}.wav", c)));
        var clips = CaptionFolder.AudioCaps(csv, sound);
        Assert.Equal(1, CaptionPredictions.Score(path, clips).RougeL, 9);
        CaptionPredictions.Write(path, [("Yxx.wav", "rain")]);
        Assert.Contains("names Yxx.wav", Assert.Throws<BadInputException>(() => CaptionPredictions.Score(path, clips)).Message);
    }

    [Fact]
    public void WithExternal_NamesAndNumbers_GiveSpider()
    {
        var path = Path.Combine(folder, "external.json");
        File.WriteAllText(path, "{\"METEOR\":0.25,\"SPICE\":0.2}");
        var all = CaptionPaper.WithExternal(new Dictionary<string, double> { ["CIDEr-D"] = 0.8 }, path);
        Assert.Equal((0.25, 0.5), (all["METEOR"], all["SPIDEr"]));
        File.WriteAllText(path, "{\"CIDEr-D\":0.25}");
        Assert.Contains("CIDEr-D", Assert.Throws<BadInputException>(() => CaptionPaper.WithExternal(all, path)).Message);
        File.WriteAllText(path, "{");
        Assert.Throws<BadInputException>(() => CaptionPaper.WithExternal(all, path));
    }
}
