using System.Text.Json.Nodes;
using Retort.Audio;
using Retort.Data;
using Retort.Decoding;
using Retort.Metrics;
using Retort.Models;
using Retort.Papers.Ced;
using Retort.Papers.Slu;
using Retort.Text;
using Retort.Torch;
using Retort.Training;

namespace Retort.Tests.Papers.Slu;

/// <summary>The paper's recipe on a SLURP folder: here one of the published layout with a few tones for speech, and a tiny wav2vec 2.0.</summary>
public sealed class SluPaperTest : IDisposable
{
    private static readonly string[] scenarios = ["alarm", "audio", "music", "news"];
    private static readonly SluSplit split = new(2, SluOrder.Alphabetical);
    private static readonly SluArm all = SluArms.Combinations[3] with { Split = split, Memory = 2 };
    private static readonly SluArm fineTune = SluArms.FineTune with { Split = split };

    private static readonly SluPaperSettings tiny = new()
    {
        Vocabulary = 60,
        Encoder = new()
        {
            Convolutions = [(8, 10, 5), (8, 8, 8), (8, 8, 8)],
            Width = 16,
            Depth = 1,
            Heads = 2,
            Hidden = 16,
            PositionKernel = 6,
            PositionGroups = 2,
            NormaliseWaves = true,
        },
        Decoder = new() { Width = 16, Depth = 1, Heads = 2, Hidden = 16, MaxLength = 120 },
        Training = new() { FirstEpochs = 1, LaterEpochs = [1], OfflineEpochs = 1, Batch = 4, LearningRate = 1e-3, LaterLearningRate = 1e-3 },
        Teacher = new() { Beams = 2, MaxLength = 10 },
        Test = new() { Beams = 2, MaxLength = 10 },
    };

    private readonly string folder = Directory.CreateTempSubdirectory("retort-slu-paper-").FullName;

    public SluPaperTest()
    {
        Directory.CreateDirectory(Path.Combine(folder, "audio", "slurp_real"));
        Directory.CreateDirectory(Path.Combine(folder, "audio", "slurp_synth"));
        Part("train.jsonl", 3, "real");
        Part("train_synthetic.jsonl", 1, "synth");
        Part("devel.jsonl", 1, "real");
        Part("test.jsonl", 2, "real");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Part(string name, int each, string kind)
    {
        var lines = "";
        for (var s = 0; s < scenarios.Length; s++)
        {
            for (var i = 0; i < each; i++)
            {
                var file = $"audio-{Path.GetFileNameWithoutExtension(name)}-{s}-{i}.flac";
                lines += $$"""{"slurp_id": {{s * 10 + i}}, "sentence": "please do {{scenarios[s]}} {{i}}", "intent": "x", "action": "set", "scenario": "{{scenarios[s]}}", "tokens": [{"surface": "please", "id": 0}, {"surface": "{{scenarios[s]}}", "id": 1}], "recordings": [{"file": "{{file}}"}], "entities": [{"span": [1], "type": "kind"}]}""" + "\n";
                var samples = 6_000 + 500 * ((s + i) % 4);
                WavFile.Write(Path.Combine(folder, "audio", "slurp_" + kind, Path.ChangeExtension(file, ".wav")),
                    new Wave([.. Enumerable.Range(0, samples).Select(t => (float)(0.2 * Math.Sin(0.02 * (s + 1) * t)))], 16_000));
            }
        }
        File.WriteAllText(Path.Combine(folder, name), lines);
    }

    private SluSetup Open(string name, SluPaperSettings? settings = null, string? checkpoint = null, SlurpSettings? slurp = null) =>
        SluPaper.Slurp(folder, Path.Combine(folder, "audio"), Path.Combine(folder, name), settings ?? tiny, checkpoint, slurp);

    private static AblationReport Run(SluSetup setup, SluArm arm, CancellationToken cancel = default) =>
        SluPaper.Run(setup, [arm], [1], new ExperimentOptions { Threads = 1, Progress = Progress.None(), Cancel = cancel });

    private static SlurpPrediction[] Last(AblationReport report) => [.. SlurpPrediction.Load(Predictions(report))];

    private static string Predictions(AblationReport report) => Path.Combine(report.FolderOf(report.Arms[0], 1), "task-2", ClassIncremental.PredictionsFile);

    [Fact]
    public void Run_OnASlurpFolder_TrainsDecodesScoresAndResumes()
    {
        var setup = Open("run");
        Assert.Equal((16, 4, 8), (setup.Train.Count, setup.Validation.Count, setup.Test.Count));
        Assert.Equal("alarm_set _SEP kind _FILL alarm _SEP please do alarm 0", setup.Train.Texts[0]);
        var report = Run(setup, all);
        Assert.Single(report.Of(all.Name, "exact match"));
        // The official scorer's file: its intent accuracy is ours.
        var scores = SlurpScorer.Score(setup.Test.Data.Meanings, SlurpPredictions.Read(Predictions(report)).Items);
        Assert.Equal(8, scores.Scored);
        Assert.Equal(report.Of(all.Name, "last accuracy")[0], 100 * scores.IntentAccuracy, 1e-9);
        // Ended runs keep their weights, and no checkpoints.
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folder, "run"), "model.safetensors", SearchOption.AllDirectories).Length);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "run"), "step-*", SearchOption.AllDirectories));
        // Read again; and learned again after the second task was lost: the same.
        var texts = Last(report);
        var at = report.FolderOf(all.Name, 1);
        Assert.Equal(texts, Last(Run(setup, all)));
        Directory.Delete(Path.Combine(at, "task-2"), recursive: true);
        ClassIncremental.Run(Open("run"), all, new ArmContext(all.Name, 1, at, Progress.None().Run("x"), default));
        Assert.Equal(texts, Last(report));
        // A parser of it, on a recording.
        var parser = new SpokenLanguageParser(ClassIncremental.ModelAfter(setup, all, 1, at), setup.Train.Tokenizer, setup.Decoding);
        Assert.Equal(texts.Select(p => p.Text), Enumerable.Range(0, 8).Select(i => parser.Parse(setup.Test.Data.Samples(i)).Best.Text));
        Assert.Throws<BadInputException>(() => ClassIncremental.ModelAfter(setup, all, 2, Path.Combine(folder, "nowhere")));
    }

    [Fact]
    public void Run_StoppedAndGoneOn_IsTheRunWithoutAStop()
    {
        var whole = Last(Run(Open("whole"), all));
        var setup = Open("stopped");
        using var stop = new CancellationTokenSource();
        var calls = 0;
        var stopping = all with
        {
            Loss = (m, b) =>
            {
                if (++calls == 2)
                {
                    stop.Cancel();
                }
                return all.Loss(m, b);
            },
        };
        var at = Path.Combine(folder, "stopped", "arm");
        Assert.ThrowsAny<OperationCanceledException>(() => ClassIncremental.Run(setup, stopping, new ArmContext(all.Name, 1, at, Progress.None().Run("x"), stop.Token)));
        // One step of two was made; the checkpoint of it is there.
        Assert.NotEmpty(Directory.GetFiles(at, "step-*", SearchOption.AllDirectories));
        ClassIncremental.Run(setup, all, new ArmContext(all.Name, 1, at, Progress.None().Run("x"), default));
        Assert.Equal(whole, SlurpPrediction.Load(Path.Combine(at, "task-2", ClassIncremental.PredictionsFile)));
    }

    [Fact]
    public void Run_TheUpperBoundAndArms_ShareTheFirstTask()
    {
        var setup = Open("all");
        var random = SluArms.Main[2] with { Split = split, Memory = 2 };
        var report = SluPaper.Run(setup, [SluArms.Offline with { Split = new(1, SluOrder.Alphabetical) }, fineTune, random], [1], new ExperimentOptions { Threads = 1, Progress = Progress.None() });
        Assert.Equal(["offline", "fine-tuning", "rehearsal 1 % random"], report.Arms);
        Assert.Equal(report.Outputs("fine-tuning", 1)["right 0"], report.Outputs(random.Name, 1)["right 0"]);
        Assert.Equal(2, Directory.GetDirectories(Directory.GetDirectories(Path.Combine(folder, "all"), "first-*").Single()).Length);
    }

    [Theory]
    [InlineData(SluFeatures.Memory)]
    [InlineData(SluFeatures.Disk)]
    public void Features_Kept_AreThoseMadeAnew(SluFeatures features)
    {
        var kept = Open("kept", tiny with { Features = features });
        int[] rows = [0, 3, 5];
        foreach (var paper in new[] { kept, Open("kept", tiny with { Features = features }) })  // the second finds the file
        {
            using var scope = TorchSharp.torch.NewDisposeScope();
            var (a, b) = (paper.Train.Features(rows), Open("kept").Train.Features(rows));
            Assert.Equal(b.Frames, a.Frames);
            Assert.Equal(b.Features.shape, a.Features.shape);
            for (var r = 0; r < rows.Length; r++)
            {
                // What stands in the padding has no meaning.
                Assert.InRange((a.Features - b.Features).select(0, r).narrow(0, 0, a.Frames[r]).abs().max().item<float>(), 0, 1e-5f);
            }
        }
        if (features == SluFeatures.Disk)
        {
            var file = Path.Combine(folder, "kept", "features", "train");
            File.WriteAllBytes(file, File.ReadAllBytes(file)[..^4]);
            Assert.Contains("cut off", Assert.Throws<BadInputException>(() => Open("kept", tiny with { Features = features })).Problem);
        }
    }

    [Fact]
    public void Run_WithTheReleasedCodesWays_PredictsEveryRecording()
    {
        var paper = Open("released", tiny with
        {
            LengthMasks = false,
            Encoder = tiny.Encoder with { NormOverPadding = true },
            Training = tiny.Training with { CountPadding = true },
            Teacher = tiny.Teacher with { LengthRule = LengthRule.StepWise },
            Test = tiny.Test with { LengthRule = LengthRule.StepWise },
            Entities = TargetEntities.PublishedDefect,
        });
        Assert.Equal(8, Last(Run(paper, all)).Length);
        Assert.Throws<ArgumentException>(() => Open("x", tiny with { LengthMasks = false, Features = SluFeatures.Memory }));
    }

    [Fact]
    public void Checkpoint_OfWav2Vec2_IsTheStartOfTheEncoderAndOfItsFeatures()
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var start = new Wav2Vec2(tiny.Encoder, seed: 9);
        var checkpoint = Path.Combine(folder, "wav2vec2.safetensors");
        SafeTensors.Save(checkpoint, start.state_dict().Select(p => (p.Key, p.Value)));
        var paper = Open("start", tiny with { Training = tiny.Training with { LearningRate = 0 } }, checkpoint);
        Run(paper, fineTune);
        var learned = ClassIncremental.ModelAfter(paper, fineTune, 1, "", task: 0).Encoder.state_dict();
        Assert.All(start.state_dict().Where(p => p.Key.StartsWith("feature_extractor")), p => Assert.Equal(0, (p.Value - learned[p.Key]).abs().max().item<float>()));
        var wave = TorchSharp.torch.tensor(paper.Train.Data.Samples(0)).unsqueeze(0);
        var (features, frames) = paper.Train.Features([0]);
        Assert.InRange((start.Features(wave, [wave.shape[1]]) - features.narrow(1, 0, frames[0])).abs().max().item<float>(), 0, 1e-5f);
        // Another start is another experiment.
        Assert.NotEqual(paper.ResultKey, Open("start").ResultKey);
    }

    [Fact]
    public void Open_RecordingsThatMakeNoTasks_SayWhy()
    {
        Assert.Contains("4 scenarios cannot be shared out evenly to 3", Assert.Throws<BadInputException>(() => Open("a").Tasks(new(3))).Problem);
        Assert.Throws<ArgumentException>(() => Open("a", tiny with { Encoder = tiny.Encoder with { FreezeConvolutions = false } }));
        Assert.Throws<ArgumentException>(() => Open("a", tiny with { Training = tiny.Training with { Masks = new() } }));
        Assert.Equal(["news", "alarm"], Open("o", tiny with { Order = ["news", "alarm", "audio", "music"] }).Tasks(split).Tasks[0]);
        Assert.Contains("the order given has news, alarm", Assert.Throws<BadInputException>(() => Open("p", tiny with { Order = ["news", "alarm"] }).Tasks(split)).Problem);
        Assert.Equal(12, Open("b", slurp: new() { TrainReal = true }).Train.Count);
        Part("devel.jsonl", 1, "real");
        File.WriteAllText(Path.Combine(folder, "devel.jsonl"), string.Join("\n", File.ReadLines(Path.Combine(folder, "devel.jsonl")).Take(2)));
        Assert.Contains("none of task 2 of 2 (music, news)", Assert.Throws<BadInputException>(() => Open("c").Tasks(split)).Problem);
        Part("devel.jsonl", 1, "real");
        WavFile.Write(Path.Combine(folder, "audio", "slurp_real", "audio-test-0-0.wav"), new Wave(new float[50], 16_000));
        var e = Assert.Throws<BadInputException>(() => Open("d"));
        Assert.Equal(("audio-test-0-0.flac", "its 50 samples are too few for one frame of the encoder"), (e.Input, e.Problem));
    }

    /// <summary>Sentences of ours in SLURP's format, of all 18 scenarios, with tones for their sound.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    public void Run_LinesInSlurpsFormat_AllScenarios(int tasks)
    {
        var lines = File.ReadLines(Golden.File("Metrics", "slurp/gold.jsonl.txt")).Select(l => JsonNode.Parse(l)!).GroupBy(l => (string)l["scenario"]!).OrderBy(g => g.Key).ToArray();
        Assert.Equal(18, lines.Length);
        var parts = new[] { ("train.jsonl", 0, 2), ("devel.jsonl", 2, 1), ("test.jsonl", 3, 1) };
        foreach (var (name, skip, take) in parts)
        {
            var text = "";
            foreach (var line in lines.SelectMany(g => g.Skip(skip).Take(take)))
            {
                line["recordings"] = new JsonArray(line["recordings"]![0]!.DeepClone());
                var file = (string)line["recordings"]![0]!["file"]!;
                WavFile.Write(Path.Combine(folder, "audio", "slurp_real", Path.ChangeExtension(file, ".wav")), new Wave([.. Enumerable.Range(0, 5_000).Select(t => 0.1f * MathF.Sin(0.01f * file.Length * t))], 16_000));
                text += line.ToJsonString() + "\n";
            }
            File.WriteAllText(Path.Combine(folder, name), text);
        }
        File.WriteAllText(Path.Combine(folder, "train_synthetic.jsonl"), "");
        var real = new SluSplit(tasks);
        var setup = Open("real", tiny with { Vocabulary = 150, Training = tiny.Training with { Batch = 18 } });
        var report = Run(setup, all with { Split = real, ByIntent = true, Memory = 1 });
        var scores = new SluScores(name => report.Outputs(all.Name, 1)[name]);
        Assert.Equal(tasks, scores.Matrix().Tasks);
        Assert.Equal(18, SlurpPrediction.Load(Path.Combine(report.FolderOf(all.Name, 1), $"task-{tasks}", ClassIncremental.PredictionsFile)).Count);
    }

    [Fact]
    public void Settings_AreThePublishedOnes()
    {
        var paper = new SluPaperSettings();
        var training = paper.Training;
        Assert.Equal((1000, 6, 768, 12), (paper.Vocabulary, paper.Decoder.Depth, paper.Decoder.Width, paper.Encoder.Depth));
        Assert.Equal((5e-5, 0.9, 0.98, 1e-6, 0.1, true), (training.LearningRate, training.Adam.Beta1, training.Adam.Beta2, training.Adam.Epsilon, training.Adam.WeightDecay, training.Adam.Decoupled));
        Assert.Equal((32, 40, 25, 15, 15), (training.Batch, (int)training.Steps(0, 6, 1), (int)training.Steps(1, 6, 1), (int)training.Steps(2, 6, 1), (int)training.Steps(5, 6, 1)));
        Assert.Equal((5, 20), (paper.Teacher.Beams, paper.Test.Beams));
        // 1 % and 5 % of 119,881 recordings, shared among 18 scenarios.
        Assert.Equal((66, 333), (SluArms.Icarl.Memory, SluArms.Main[1].Memory));
        Assert.Equal((3, SluOrder.Size), (SluArms.Sequence.Split.Tasks, SluArms.Sequence.Split.Order));
        Assert.Equal((1, 1 + 2 * 8 + 4), (SluArms.Offline.Split.Tasks, SluArms.All.Count));
    }
}
