using Retort.Audio;
using Retort.Data;
using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using Retort.Papers.Ger;
using Retort.Randomness;

using Retort.Text;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Ger;

/// <summary>RobustGER's room: text, lists, batches, arms and losses, and the paper-size recipe in small.</summary>
public sealed class GerRoomTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-ger-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static readonly WordTokenizer words = new([.. new SpecialTokens().All, .. GerData.Headings, .. "abcdefgh".Select(c => c.ToString())]);

    private static readonly GerDataSettings tiny = new()
    {
        RecogniserUtterances = 16,
        RecogniserSteps = 2,
        TrainLists = 8,
        ValidationLists = 4,
        TestLists = 6,
        TextSentences = 20,
        Encoder = new LogMelEncoderSettings { Convolutions = true, Width = 16, Depth = 1, Hidden = 16 },
    };

    private static GerInputs Inputs(int count = 6, (float[], float[])? scale = null)
    {
        var items = Enumerable.Range(0, count).Select(i =>
        {
            var draw = RandomStream.Of(3, "item", $"{i}");
            string Text() => string.Join(' ', Enumerable.Range(0, draw.Next(2, 5)).Select(_ => "abcdefgh"[draw.Next(8)].ToString()));
            float[] Values(int n) => [.. Enumerable.Range(0, n).Select(_ => (float)draw.Normal())];
            return new GerItem(new NBestList($"test-{i}", [Text(), Text(), Text(), Text(), Text()], Text()) { Scores = [-1, -2, -3, -4, -5], NoisyAudio = Values(6), CleanAudio = Values(6) }, NoiseKind.Car, 5, Values(120));
        }).ToArray();
        float[] Vector(string text) => FormulaWeights.Values(text, [4, 1])!;
        return new GerInputs(items, GerPrompt.Short(words), new NoiseEmbedding(4, Vector, Vector), scale);
    }

    private static GerModel Model(Func<GerBatch, Tensor>? input)
    {
        var llama = new Llama(new LlamaSettings { Vocabulary = words.Count, Width = 16, Depth = 3, Heads = 2, Groups = 2, Hidden = 24, Context = 80 }, new PromptAdapterSettings { StartLayer = 1, NoiseWidth = input is null ? 0 : 4 });
        FormulaWeights.Fill(llama);
        var mine = new MutualInformationNetwork(16, 4, 6, 8);
        mine.Fill(1);
        var project = new Projection(16, 6);
        FormulaWeights.Fill(project);
        return new GerModel(llama, mine, project, input);
    }

    [Fact]
    public void Sentences_Parts_AreDisjointAndSpelledByKnownWords()
    {
        var parts = NoisyMinutes.Sentences([("test", 300), ("train", 500)], 1);
        Assert.Equal(800, parts.Values.SelectMany(p => p).Distinct().Count());
        Assert.Equal(parts["test"][..50], NoisyMinutes.Sentences([("test", 50)], 1)["test"]);
        Assert.NotEqual(parts["test"], NoisyMinutes.Sentences([("test", 300)], 2)["test"]);
        Assert.All(parts["train"], s => Assert.InRange(s.Split(' ').Length, 3, 20));
        var generic = NoisyMinutes.Grammar.Generic.ToHashSet();
        Assert.InRange(parts["train"].Count(s => s.Split(' ').All(generic.Contains)) / 500.0, 0.07, 0.18);
    }

    [Fact]
    public void TextCorruption_Lists_SoundLikeTheSentence()
    {
        var corruption = new TextCorruption(["fifteen", "fifty", "bank", "tank", "goats", "boats", "rain", "train", "week", "meet"], neighbours: 3);
        Assert.Equal("fifteen", corruption.Confusions("fifty")[0]);
        Assert.Contains("bank", corruption.Confusions("tank"));
        var lists = Enumerable.Range(0, 200).Select(i => corruption.List("fifteen goats meet", RandomStream.Of(i, "corrupt"))).ToArray();
        Assert.All(lists, l => Assert.Equal(5, l.Hypotheses.Count));
        Assert.InRange(lists.Count(l => l.Hypotheses[0] == l.Truth), 80, 180);
        Assert.Contains(lists, l => l.Hypotheses.All(h => !h.Contains("goats")));
        Assert.Equal(lists[7].Hypotheses, corruption.List("fifteen goats meet", RandomStream.Of(7, "corrupt")).Hypotheses);
    }

    [Fact]
    public void Batch_TokensAndTargets_LearnTheAnswerAlone()
    {
        using var scope = NewDisposeScope();
        var inputs = Inputs();
        var batch = inputs.Batch([2, 0]);
        for (var b = 0; b < 2; b++)
        {
            var list = inputs.Items[b == 0 ? 2 : 0].List;
            var targets = batch.Targets[b].data<long>().ToArray();
            var answer = targets.Where(t => t >= 0).Select(t => (int)t).ToArray();
            Assert.Equal([.. words.Encode(list.Truth), words.EndId], answer);
            var first = Array.FindIndex(targets, t => t >= 0);
            Assert.Equal(words.IdOf("[RESPONSE]"), (int)batch.Tokens[b][first].item<long>());
            Assert.Equal(words.IdOf("[BEST]"), (int)batch.Tokens[b][0].item<long>());
        }
    }

    [Fact]
    public void Batch_Controls_AreWhatTheySay()
    {
        using var scope = NewDisposeScope();
        var inputs = Inputs();
        var batch = inputs.Batch([1, 4, 5], 7);
        Assert.Equal([3, 20, 4], batch.Noise.shape);
        Assert.True(batch.UtteranceNoise.add(batch.TokenNoise).sub(batch.Noise).abs().max().item<float>() == 0);
        Assert.Equal(0, batch.UtteranceNoise.narrow(1, 0, 10).abs().max().item<float>());
        Assert.Equal(0, batch.NoNoise.abs().max().item<float>());
        Assert.InRange((batch.RandomNoise.norm(2, false) - batch.Noise.norm(2, false)).abs().max().item<float>(), 0, 1e-5f);
        Assert.True((batch.RandomNoise - batch.Noise).abs().max().item<float>() > 0.01);
        // The same list gets the same other list, whatever batch it is in.
        Assert.Equal(0, (batch.OthersNoise[1] - inputs.Batch([4], 7).OthersNoise[0]).abs().max().item<float>());
        Assert.Equal([3, 20, 6], batch.AudioSegments.shape);
        Assert.InRange(inputs.Batch([0, 1, 2, 3, 4, 5]).NoisyAudio.add(inputs.Batch([0, 1, 2, 3, 4, 5]).CleanAudio).mean([0L]).abs().max().item<float>(), 0, 1e-5f);
    }

    [Fact]
    public void Robust_Gradients_AreThoseOfTheTwoStagesApart()
    {
        using var scope = NewDisposeScope();
        var inputs = Inputs();
        var batch = inputs.Batch([0, 1, 2, 3]);
        var model = Model(b => b.Noise);
        GerLoss.Robust(model, batch, 0.7).backward();
        var together = model.named_parameters().Where(p => p.parameter.grad is not null).ToDictionary(p => p.name, p => p.parameter.grad!.clone());
        Assert.All(together.Keys, name => Assert.True(name.StartsWith("mine.") || Llama.IsAdapter(name), name));
        model.zero_grad();
        // Stage 1: the network alone, everything else detached.
        var (noise, noisy, clean) = (-batch.Noise, batch.NoisyAudio, batch.CleanAudio);
        MutualInformation.Difference(model.Statistics.call(noise, noisy, false), model.Statistics.call(noise, clean, false)).backward();
        Compare("mine.");
        model.zero_grad();
        // Stage 2: the adapter alone; the network's gradients are thrown away.
        var loss = GerLoss.CrossEntropy(model, batch);
        (loss + 0.7 * MutualInformation.Tapped([.. model.Taps.Select(t => model.Statistics.call(-t, noisy, true))])).backward();
        Compare("llama.");

        void Compare(string part)
        {
            var compared = 0;
            foreach (var (name, parameter) in model.named_parameters().Where(p => p.name.StartsWith(part) && p.parameter.grad is not null))
            {
                Assert.InRange((parameter.grad! - together[name]).abs().max().item<float>(), 0, 1e-6f);
                compared++;
            }
            Assert.True(compared >= 5);
        }
    }

    [Fact]
    public void Experiment_TinyData_TrainsDecodesAndMeasuresEveryArm()
    {
        var settings = tiny;
        var data = GerData.Of(settings, Progress.None());
        Assert.Equal((8, 4, 6), (data.Train.Count, data.Validation.Count, data.Test.Count));
        Assert.All(data.Test, i => Assert.Equal(5, i.List.Hypotheses.Count));
        Assert.Equal(data.Test[0].List.Hypotheses, GerData.Of(settings).Test[0].List.Hypotheses);
        var language = GerBase.Train(new GerBaseSettings { Model = new LlamaSettings { Width = 16, Depth = 2, Heads = 2, Groups = 1, Hidden = 24, Context = 192 }, Steps = 2, Batch = 4 }, data, progress: Progress.None());
        Assert.All(language.LogProbabilities(["the bank in rome", "rain"]), p => Assert.InRange(p, -100, 0));
        var vectors = SubwordVectors.Train(data.Text, new() { Width = 8, Epochs = 1 });
        var parts = GerParts.Of(data, language.Prompt, new NoiseEmbedding(8, vectors.Word, vectors.Sentence));
        var training = new GerTraining { Steps = 2, Batch = 4 };
        GerArm[] arms = [new("GER", GerLoss.CrossEntropy) { Training = training }, new("RobustGER", (m, b) => GerLoss.Robust(m, b)) { Input = b => b.Noise, Training = training }, new("audio", GerLoss.CrossEntropy) { Input = b => b.AudioSegments, Training = training }];
        var report = Experiment.Run(settings, arms, [1, 2], (arm, run) => GerStudent.Train(arm, run, language, parts), [Measure.Ratio("WER", "errors", "words", data.Test.Count)], new ExperimentOptions { Folder = folder, Progress = Progress.None() });
        Assert.All(arms, a => Assert.True(report.Has(a.Name)));
        var outputs = report.Outputs("RobustGER", 1);
        Assert.Equal(data.Test.Sum(i => i.List.Truth.Split(' ').Length), outputs["words"].Sum());
        Assert.Equal(6 * GerStudent.LongestAnswer, outputs["tokens"].Length);
        Assert.All(report.Results.Runs.Where(r => r.Arm == "RobustGER"), r => Assert.Contains("psi tuned", r.Curves.Keys));
        // An arm less the recogniser's best hypothesis, over all lists and by condition.
        double Wer(float[] errors) => 100 * errors.Sum() / outputs["words"].Sum();
        var heard = data.Test.Select(i => (float)GerStudent.Errors(i.List.Truth, i.List.Hypotheses[0]).Errors).ToArray();
        var less = GerFigures.LessTheBest(report, "GER", data.Test);
        Assert.Equal(new long[] { 1, 2 }.Average(seed => Wer(report.Outputs("GER", seed)["errors"])) - Wer(heard), less.Estimate, 1e-4);
        Assert.Equal(less.Estimate + 100 * heard.Sum() / outputs["words"].Sum(), GerFigures.LessTheBest(report, "GER", data.Test, null, [.. outputs["words"].Select(w => (0, (int)w))]).Estimate, 1e-4);
        var gates = GerFigures.Gates(report, ["GER", "audio"], data.Test, i => i.List.Hypotheses[^1]).ToMarkdown();
        Assert.Contains("| all |", gates);
        Assert.Equal(1 + data.Test.Select(i => i.Noise).Where(n => n is not null).Distinct().Count() + data.Test.Select(i => i.Ratio).Distinct().Count(), gates.Split('\n').Count(l => l.StartsWith("| ", StringComparison.Ordinal)) - 1);
        Assert.Contains("| a | 0.0", GerFigures.Compare(("a", [new NBestList("a", ["x y", "x y", "z"], "x y")])).ToMarkdown());
        // The plain adapter has prompt rows and a gate; with a tuner come its weights, norms and gates.
        Assert.Equal(20 * 16 + 2, report.Of("GER", "trainable")[0]);
        Assert.Equal(20 * 16 + 2 + 2 * 8 * 16 + 16 + 2 * 16 + 2 * 20 * 16, report.Of("RobustGER", "trainable")[0]);
    }

    [Fact]
    public void Base_ShareOfCorrectedLists_DecidesWhatIsLearnedAndNothingWhereItIsAll()
    {
        var data = GerData.Of(tiny, Progress.None());
        var settings = new GerBaseSettings { Model = new LlamaSettings { Width = 16, Depth = 2, Heads = 2, Groups = 1, Hidden = 24, Context = 192 }, Steps = 3, Batch = 4, PlainShare = 0, WholeLists = false };
        GerBase With(double truths) => GerBase.Train(settings with { CorrectShare = truths }, data, progress: Progress.None());
        Assert.Equal(With(1).ResultKey, GerBase.Train(settings, data, progress: Progress.None()).ResultKey);
        Assert.NotEqual(With(1).ResultKey, With(0).ResultKey);
        Assert.NotEqual(With(0.5).ResultKey, With(0).ResultKey);
    }

    [Fact]
    public void List_WithCorrections_ColoursWhatIsWrong()
    {
        var item = new GerItem(new NBestList("a", ["the tank <UNK>", "the bank in", "bank in rome", "the bank in rome", "x"], "the bank in rome"), NoiseKind.Car, 5, []);
        var html = GerFigures.List(item, ("GER", "the bank in rome now")).ToHtml();
        Assert.Contains("<b style='color:#c0392b'>tank</b>", html);
        Assert.Contains("&lt;UNK&gt;", html);
        Assert.DoesNotContain("<UNK>", html);
        Assert.Contains("<b style='color:#2f6db3'>now</b>", html);
        Assert.Contains("&#8709;", html);
        Assert.Contains("Car 5 dB", html);
        Assert.Contains(">the bank in rome</td>", html);
    }

    [Fact]
    public void Sentences_Trained_LieNearWhatTheyMayBeTakenFor()
    {
        var data = GerData.Of(tiny, Progress.None());
        using var sentences = GerSentences.Train(new() { Width = 16, Depth = 1, Steps = 60, Batch = 10, LearningRate = 3e-3 }, data, progress: Progress.None());
        var loss = sentences.Result.Curve("loss").Y;
        Assert.True(loss[^1] < 0.5 * loss[0], $"{loss[0]} to {loss[^1]}");
        double Cosine(string a, string b) => sentences.Vector(a).Zip(sentences.Vector(b), (x, y) => (double)x * y).Sum();
        Assert.Equal(1, Cosine(data.Text[0], data.Text[0]), 1e-4);
        var heard = string.Join(' ', data.Text[0].Split(' ').SkipLast(1));
        Assert.All(data.Text.Skip(1), other => Assert.True(Cosine(data.Text[0], heard) > Cosine(data.Text[0], other)));
        Assert.Equal(16, sentences.Vector("rain").Length);
    }
}
