using System.Text;
using Retort.Data;
using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using Retort.Papers.Ger;
using Retort.Randomness;
using Retort.Tests.Text;
using Retort.Text;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Ger;

/// <summary>The paper-size recipe and the correction of own lists, on a tiny model in Hugging Face's layout.</summary>
public sealed class GerPaperTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-ger-paper-").FullName;
    private readonly GerPaperSettings settings;

    public GerPaperTest()
    {
        using var model = new Llama(new LlamaSettings { Vocabulary = 270, Width = 16, Depth = 3, Heads = 2, Groups = 2, Hidden = 24, Context = 512 });
        FormulaWeights.Fill(model);
        LlamaCheckpoint.Save(model, In("model.safetensors"));
        File.WriteAllText(In("config.json"), """
            {"model_type": "llama", "vocab_size": 270, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 512, "rms_norm_eps": 1e-5}
            """);
        File.WriteAllBytes(In("tokenizer.model"), SentencePieceTokenizerTest.Write(SentencePieceTokenizerTest.Llama("▁", "a", "b", "c", ".")));
        File.WriteAllText(In("template.txt"), "best: {best}\nothers: {others}\nresponse:\n");
        Golden("robust_hp", "train.pt");
        Golden("robust_hp_audio", "audio.pt");
        settings = new GerPaperSettings
        {
            Base = folder,
            Data = In("train.pt"),
            Test = In("train.pt"),
            Template = In("template.txt"),
            Adapter = new PromptAdapterSettings { NoiseWidth = 3 },
            MicroBatch = 1,
            Accumulate = 2,
            Lambda = 0,
            MaxAnswer = 5,
            BaseType = ScalarType.Float32,
            Device = "cpu",
        };
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Golden(string name, string place) =>
        File.WriteAllBytes(In(place), Convert.FromBase64String(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "Golden", name + ".pt.base64.txt"))));

    private string In(string name) => Path.Combine(folder, name);

    [Fact]
    public void Train_TinyModelOnRobustHp_TrainsScoresAndIsFoundAgain()
    {
        // No longer than the context, and what takes most: scores and logits.
        Assert.Contains("1 lists of 512 tokens", GerPaper.Plan(settings));
        Assert.Contains("logits of 6 tokens", GerPaper.Plan(settings));
        Assert.Contains("no audio features", Assert.Throws<BadInputException>(() => GerPaper.Train(settings with { Lambda = 0.5 }, In("kd"))).Message);
        using var said = new StringWriter();
        var scores = GerPaper.Train(settings, In("run"), said: said);
        Assert.Contains("together", said.ToString());
        Assert.Contains("not the published one", said.ToString());
        Assert.InRange(scores["o_cp"], 0, scores["o_nb"]);
        Assert.InRange(scores["o_nb"], scores["o_cp"], scores["1-best"]);
        Assert.Equal(2, File.ReadAllLines(In("run/corrections.txt")).Length);
        Assert.Equal(scores, GerPaper.Train(settings, In("run")));
        File.Copy(In("run/corrections.txt"), In("corrections.txt"));
        // Without noise inputs and without an encoder there is one clear error.
        File.WriteAllText(In("lists.json"), """[{"input": ["a","b","c","a b","b c"], "output": "a b"}]""");
        Assert.Contains("sentence encoder", Assert.Throws<BadInputException>(() => GerPaper.Train(settings with { Data = In("lists.json") }, In("json"))).Message);
        Assert.Contains("{best} and {others}", Assert.Throws<BadInputException>(() => GerPaper.Train(settings with { Template = In("corrections.txt") }, In("template"))).Message);
    }

    [Fact]
    public void Plan_Llama2Of7b_IsThePublishedSizeWithScoresAndLogits()
    {
        File.WriteAllText(In("config.json"), """
            {"model_type": "llama", "vocab_size": 32000, "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "intermediate_size": 11008, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5}
            """);
        var plan = GerPaper.Plan(GerPaperSettings.Chime4 with { Base = folder });
        Assert.Contains("base 6.74 G weights, 13.5 GB", plan);
        // 102,114,240 and 7,340,288 published; weight, gradient and two of Adam's in float32.
        Assert.Contains("109.5 M weights with gradients and Adam's state 1.8 GB", plan);
        Assert.Contains("4 lists of 1024 tokens", plan);
        var memory = GerPaper.Memory(GerPaperSettings.Chime4, LlamaSettings.Llama2Of7b, 1024, 151, 1280);
        Assert.Contains($"together {memory.Together / 1e9:F1} GB", plan);
        // Scores grow by the square of the length, logits with the answer; in float32 all of the base's values take twice as much.
        var shorter = GerPaper.Memory(GerPaperSettings.Chime4, LlamaSettings.Llama2Of7b, 512, 151, 1280);
        Assert.InRange(memory.Kept / (double)shorter.Kept, 2.1, 2.6);
        Assert.Equal(4L * 151 * 32_000 * 20, memory.Logits);
        Assert.Equal(2 * memory.Base, GerPaper.Memory(GerPaperSettings.Chime4 with { BaseType = ScalarType.Float32 }, LlamaSettings.Llama2Of7b, 1024, 151, 1280).Base);
    }

    [Fact]
    public void Train_PlainAdapterOnLinesOfText_IsTheBaselineWithoutNoise()
    {
        File.WriteAllText(In("lists.jsonl"), """
            {"input1": "a b", "input2": "a. b. c. a c.", "output": "a b c"}
            {"input": ["c", "b", "a", "a c", "c a"], "output": "c b"}
            """);
        var plain = settings with { Data = In("lists.jsonl"), Test = In("lists.jsonl"), Adapter = new PromptAdapterSettings { Rows = 10, NoiseWidth = 0 }, Epochs = 4 };
        Assert.Contains("expected Lambda = 0", Assert.Throws<ArgumentException>(() => GerPaper.Train(plain with { Lambda = 0.5 }, In("kd"))).Message);
        var scores = GerPaper.Train(plain, In("plain"));
        using var corrector = ListCorrector.Open(folder, In("plain/adapter.safetensors"), new() { MaxAnswer = 5, BaseType = ScalarType.Float32 });
        // A prompt that alone fills the tokens teaches nothing: told, and left out.
        var endless = string.Join(' ', Enumerable.Repeat("a", 600));
        File.AppendAllText(In("lists.jsonl"), $$"""

            {"input": ["{{endless}}", "b", "a", "a c", "c a"], "output": "c b"}
            """);
        using var said = new StringWriter();
        GerPaper.Train(plain with { Test = "" }, In("long"), said: said);
        Assert.Contains("1 lists are left out", said.ToString());
        Assert.Contains("list 2 has a prompt of", Assert.Throws<BadInputException>(() => GerPaper.Train(plain, In("longer"), said: said)).Message);
        var lists = corrector.Read(In("lists.jsonl")).Take(2).ToArray();
        Assert.Equal(scores, ListCorrector.Score(lists, corrector.Correct(lists)));
    }

    [Fact]
    public void Train_StoppedAndStartedAgain_EndsWithTheSameBits()
    {
        var longer = settings with { Epochs = 6, Test = "" };
        GerPaper.Train(longer, In("whole"));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        for (var i = 0; i < 3; i++)
        {
            // Stopped after the step at work, each time.
            Assert.ThrowsAny<OperationCanceledException>(() => GerPaper.Train(longer, In("stopped"), cancel: stop.Token));
            Assert.False(File.Exists(In("stopped/adapter.safetensors")));
        }
        GerPaper.Train(longer, In("stopped"));
        Assert.Equal(File.ReadAllBytes(In("whole/adapter.safetensors")), File.ReadAllBytes(In("stopped/adapter.safetensors")));
        var (weights, start) = (SafeTensors.Load(In("whole/adapter.safetensors")), new Llama(LlamaCheckpoint.ReadConfig(folder), settings.Adapter));
        start.Fill(longer.Seed, Llama.IsAdapter);
        Assert.True((weights["transformer.h.2.attn.gating_factor"] - start.state_dict()["transformer.h.2.attn.gating_factor"]).abs().max().item<float>() > 0);
    }

    // Both published stages of a round by hand: the network's AdamW step, then the adapter's, with the network of after or of before that step.
    private Dictionary<string, Tensor> ByHand(GerPaperSettings s, int rounds, bool newNetwork)
    {
        var lists = NBestList.ReadRobustHp(s.Data);
        using var llama = new Llama(LlamaCheckpoint.ReadConfig(folder), s.Adapter);
        LlamaCheckpoint.Load(llama, folder);
        llama.Fill(s.Seed, Llama.IsAdapter);
        using var mine = new MutualInformationNetwork(16, 3, 2);
        mine.Fill(s.Seed);
        using var first = optim.AdamW(mine.parameters(), 0.1 * s.LearningRate, weight_decay: 0.02);
        using var second = optim.AdamW(llama.named_parameters().Where(p => Llama.IsAdapter(p.name)).Select(p => p.parameter), s.LearningRate, weight_decay: 0.02);
        using var scope = NewDisposeScope();
        for (var round = 0; round < rounds; round++)
        {
            var draw = RandomStream.Of(s.Seed, "lists", "", round);
            int[] rows = [draw.Next(3), draw.Next(3)];
            rows[0] = round == 0 ? 0 : rows[0];
            var noise = tensor([.. rows.SelectMany(i => lists[i].Noise!)], [2, 20, 3]);
            var (noisy, clean) = (tensor([.. rows.SelectMany(i => lists[i].NoisyAudio!)], [2, 2]), tensor([.. rows.SelectMany(i => lists[i].CleanAudio!)], [2, 2]));
            if (newNetwork)
            {
                Network();
            }
            for (var i = 0; i < 2; i++)
            {
                long[] tokens = [.. lists[rows[i]].PromptTokens!.Concat(lists[rows[i]].AnswerTokens!).Select(t => (long)t)];
                long[] targets = [.. tokens.Skip(1).Select((t, at) => at + 1 >= lists[rows[i]].PromptTokens!.Length ? t : -1)];
                var taps = new List<Tensor>();
                var logits = llama.Logits(llama.Hidden(tensor(tokens[..^1], [1, tokens.Length - 1]), noise.narrow(0, i, 1), taps));
                var loss = TokenLoss.CrossEntropyOverAll(logits, tensor(targets, [1, targets.Length]))
                    - s.Lambda * stack([.. taps.Select(t => mine.call(-t, noisy.narrow(0, i, 1), true).mean())]).mean();
                (loss / 2).backward();
            }
            second.step();
            llama.zero_grad();
            mine.zero_grad();
            if (!newNetwork)
            {
                Network();
            }
            void Network()
            {
                (mine.call(-noise, clean, false).mean() - mine.call(-noise, noisy, false).mean()).backward();
                first.step();
                mine.zero_grad();
            }
        }
        return llama.state_dict().Where(p => Llama.IsAdapter(p.Key)).ToDictionary(p => p.Key, p => p.Value.clone().DetachFromDisposeScope());
    }

    [Fact]
    public void Train_WithDistillation_TakesTheNetworksStepFirstAndTheListsOwnTokens()
    {
        var distilled = settings with { Data = In("audio.pt"), Test = "", Lambda = 0.5, Template = "", LearningRate = 0.02, Epochs = 4 };
        using var said = new StringWriter();
        GerPaper.Train(distilled, In("kd"), said: said);
        Assert.Contains("3 of 3 lists by their own tokens", said.ToString());
        using var scope = NewDisposeScope();
        var found = SafeTensors.Load(In("kd/adapter.safetensors"));
        // 4 * 3 lists in micro-batches of one, two of them a round.
        double Farthest(Dictionary<string, Tensor> expected) => expected.Max(e => (e.Value - found[e.Key]).abs().max().item<float>());
        Assert.InRange(Farthest(ByHand(distilled, 6, newNetwork: true)), 0, 2e-5);
        Assert.True(Farthest(ByHand(distilled, 6, newNetwork: false)) > 2e-3);
        Assert.True(Farthest(ByHand(distilled with { Lambda = 0 }, 6, newNetwork: true)) > 2e-3);
    }

    [Fact]
    public void Train_WithDistillationStoppedAndStartedAgain_EndsWithTheSameBits()
    {
        var longer = settings with { Data = In("audio.pt"), Validation = In("audio.pt"), ValidateEvery = 4, Test = "", Lambda = 0.5, Epochs = 4 };
        GerPaper.Train(longer, In("whole"));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        for (var i = 0; i < 5; i++)
        {
            // Between the two stages of a round, too.
            Assert.ThrowsAny<OperationCanceledException>(() => GerPaper.Train(longer, In("stopped"), cancel: stop.Token));
        }
        GerPaper.Train(longer, In("stopped"));
        foreach (var file in new[] { "adapter.safetensors", "model.safetensors" })
        {
            Assert.Equal(File.ReadAllBytes(In("whole/" + file)), File.ReadAllBytes(In("stopped/" + file)));
        }
        Assert.Contains(SafeTensors.Load(In("whole/model.safetensors")).Keys, k => k.StartsWith("mine."));
        using var log = MetricsLog.Read(Directory.GetFiles(In("whole"), "metrics*").Single());
        Assert.All(new[] { "psi noisy", "psi clean", "psi tuned" }, name => Assert.All(log.Series(name).Values, psi => Assert.InRange(psi, 0, 1)));
        Assert.NotEmpty(log.Series("psi tuned").Values);
    }

    [Fact]
    public void Train_WithValidation_EndsWithTheWeightsOfTheLeastLoss()
    {
        // A rate at which it gets worse again.
        var wild = settings with { Data = In("audio.pt"), Validation = In("audio.pt"), ValidateEvery = 2, Test = "", LearningRate = 10, Epochs = 12 };
        GerPaper.Train(wild, In("run"));
        GerPaper.Train(wild with { Validation = "" }, In("last"));
        double Loss(string run)
        {
            using var scope = NewDisposeScope();
            using var none = no_grad();
            var lists = NBestList.ReadRobustHp(wild.Validation);
            using var llama = new Llama(LlamaCheckpoint.ReadConfig(folder), wild.Adapter);
            LlamaCheckpoint.Load(llama, folder);
            LlamaAdapters.Load(llama, In(run + "/adapter.safetensors"));
            var draw = RandomStream.Of(wild.Seed, "validation lists");
            return Enumerable.Range(0, 3).Average(_ =>
            {
                var list = lists[draw.Next(3)];
                long[] tokens = [.. list.PromptTokens!.Concat(list.AnswerTokens!).Select(t => (long)t)];
                var logits = llama.Logits(llama.Hidden(tensor(tokens[..^1], [1, tokens.Length - 1]), tensor(list.Noise!, [1, 20, 3])));
                return nn.functional.cross_entropy(logits[0][(list.PromptTokens!.Length - 1)..], tensor(tokens[list.PromptTokens!.Length..])).ToDouble();
            });
        }
        using var log = MetricsLog.Read(Directory.GetFiles(In("run"), "metrics*").Single());
        var logged = log.Series("validation loss").Values;
        Assert.Equal(18, logged.Length);
        Assert.Equal(logged.Min(), Loss("run"), 1e-5);
        Assert.Equal(logged[^1], Loss("last"), 1e-5);
        Assert.True(logged.Min() < logged[^1], string.Join(" ", logged));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Corrector_TrainedAdapter_CorrectsAsTheRecipeDid(bool eightBits)
    {
        var scores = GerPaper.Train(settings, In("run"));
        // The adapter's file tells its template.
        using var corrector = ListCorrector.Open(folder, In("run/adapter.safetensors"), new() { MaxAnswer = 5, BaseType = ScalarType.Float32, EightBits = eightBits });
        var lists = corrector.Read(settings.Test);
        var answers = corrector.Correct(lists);
        if (!eightBits)
        {
            Assert.Equal(File.ReadAllLines(In("run/corrections.txt")), answers);
            Assert.Equal(scores, ListCorrector.Score(lists, answers));
        }
        Assert.Equal(lists.Count, answers.Count);
        Assert.Empty(corrector.Correct([]));
        Assert.Contains("no noise input", Assert.Throws<ArgumentException>(() => corrector.Correct([lists[0] with { Noise = null }])).Message);
        var endless = string.Join(' ', Enumerable.Repeat("a", 600));
        NBestList[] some = [lists[0], lists[1] with { Id = "endless", Hypotheses = [endless, "a", "b", "c", "a b"] }, lists[1]];
        var refused = Assert.Throws<ArgumentException>(() => corrector.Correct(some)).Message;
        Assert.Contains("list endless has a prompt of", refused);
        Assert.Contains("context of 512", refused);
        using var patient = ListCorrector.Open(folder, In("run/adapter.safetensors"), new() { MaxAnswer = 5, BaseType = ScalarType.Float32, EightBits = eightBits, BestWhereTooLong = true });
        Assert.Equal([answers[0], endless, answers[1]], patient.Correct(some));
        Assert.Equal([endless], patient.Correct([some[1]]));
    }

    [Fact]
    public void Corrector_PublishedAdapterFile_TellsItsSettingsByItsShapes()
    {
        GerPaper.Train(settings, In("run"));
        using (NewDisposeScope())
        {
            SafeTensors.Save(In("bare.safetensors"), SafeTensors.Load(In("run/adapter.safetensors")).Select(p => (p.Key, p.Value)));
            SafeTensors.Save(In("other.safetensors"), [("weight", zeros(2))]);
        }
        Assert.Equal((settings.Adapter, false), LlamaAdapters.ReadSettings(In("bare.safetensors")));
        using var corrector = ListCorrector.Open(folder, In("bare.safetensors"), new() { MaxAnswer = 2 });
        // Its prompt is known of lists that bring tokens, and of no others.
        Assert.Contains("list utt-1 brings no tokens of its own", Assert.Throws<ArgumentException>(() => corrector.Correct([corrector.Read(In("train.pt"))[1]])).Message);
        var told = corrector.Read(In("audio.pt"));
        using var ours = ListCorrector.Open(folder, In("bare.safetensors"), new() { MaxAnswer = 2, Template = In("template.txt"), EncodeAnew = true });
        Assert.Equal(3, corrector.Correct(told).Count);
        Assert.Equal(ours.Correct([.. told.Select(t => t with { PromptTokens = null })]), ours.Correct(told));
        Assert.Contains("not the published one", ours.Prompt);
        Assert.Contains("holds no adapter", Assert.Throws<BadInputException>(() => ListCorrector.Open(folder, In("other.safetensors"))).Message);
    }

    [Fact]
    public void Corrector_FolderOfLora_CorrectsAsTheModelWithItsUpdates()
    {
        var update = new LoraSettings { Rank = 2, Dropout = 0.5, Targets = ["q_proj", "v_proj", "o_proj"] };
        using var model = new Llama(LlamaCheckpoint.ReadConfig(folder));
        LlamaCheckpoint.Load(model, folder);
        LlamaAdapters.AttachLora(model, update);
        using (no_grad())
        {
            foreach (var (name, parameter) in model.named_parameters().Where(p => p.name.Contains("lora_")))
            {
                parameter.copy_(tensor(FormulaWeights.Values(name, parameter.shape)!, parameter.shape));
            }
        }
        LlamaAdapters.SaveLora(model, In("lora"), update);
        File.WriteAllText(In("H2T.json"), """{"description": "a template", "prompt_h2t_nbest": "best: {best}\nothers: {others}\nresponse:\n"}""");
        using var corrector = ListCorrector.Open(folder, In("lora"), new() { MaxAnswer = 5, BaseType = ScalarType.Float32, Template = In("H2T.json") });
        File.WriteAllText(In("lists.jsonl"), """{"input1": "a b", "input2": "a. b. c. a c.", "output": "a b."}""");
        var lists = corrector.Read(In("lists.jsonl"));
        var tokenizer = SentencePieceTokenizer.Load(In("tokenizer.model"));
        model.eval();
        var expected = LlamaGeneration.Greedy(model, [[tokenizer.StartId, .. tokenizer.Encode("best: a b.\nothers: a. b. c. a c.\nresponse:\n")]], tokenizer.EndId, 5);
        Assert.Equal([tokenizer.Decode(expected[0]).Trim().Split('\n')[0].Trim()], corrector.Correct(lists));
        var scores = ListCorrector.Score(lists, ["A, b?"]);
        Assert.Equal((100, 0), (scores["corrected"], scores["corrected, normalised"]));
        Assert.Equal((50, 0), (scores["1-best"], scores["1-best, normalised"]));
        Assert.Contains("prompt", Assert.Throws<ArgumentException>(() => ListCorrector.Open(folder, In("lora"), new() { BaseType = ScalarType.Float32 }).Correct(lists)).Message);
    }

    [Fact]
    public void Corrector_FilesThatDoNotFit_AreNamed()
    {
        GerPaper.Train(settings with { Test = "" }, In("run"));
        var adapter = In("run/adapter.safetensors");
        string Says(Action<string> change)
        {
            var copy = Directory.CreateTempSubdirectory("retort-ger-bad-").FullName;
            try
            {
                foreach (var name in new[] { "config.json", "model.safetensors", "tokenizer.model" })
                {
                    File.Copy(In(name), Path.Combine(copy, name));
                }
                change(copy);
                return Assert.Throws<BadInputException>(() => ListCorrector.Open(copy, adapter)).Message;
            }
            finally
            {
                Directory.Delete(copy, recursive: true);
            }
        }
        void Config(string at, string what, string by) => File.WriteAllText(Path.Combine(at, "config.json"), File.ReadAllText(Path.Combine(at, "config.json")).Replace(what, by));
        Assert.Contains("and the model 200", Says(at => Config(at, "270", "200")));
        Assert.Contains("the weights", Says(at => Config(at, "\"hidden_size\": 16", "\"hidden_size\": 32")));
        Assert.Contains("tokenizer.model", Says(at => File.Delete(Path.Combine(at, "tokenizer.model"))));
        Assert.Contains("tokenizer_config.json", Says(at =>
        {
            File.Delete(Path.Combine(at, "tokenizer.model"));
            File.WriteAllText(Path.Combine(at, "tokenizer.json"), "{}");
        }));
        Assert.Contains("tokenizer.model", Says(at => File.WriteAllBytes(Path.Combine(at, "tokenizer.model"), Encoding.UTF8.GetBytes("no tokenizer"))));
        Assert.Contains("does not fit the model", Says(at => Config(at, "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2")));
    }
}
