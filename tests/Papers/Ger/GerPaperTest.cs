using System.Text;
using Retort.Data;
using Retort.Layers;
using Retort.Models;
using Retort.Papers.Ger;
using Retort.Tests.Text;
using Retort.Torch;
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
        File.WriteAllBytes(In("train.pt"), Convert.FromBase64String(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "Golden", "robust_hp.pt.base64.txt"))));
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

    private string In(string name) => Path.Combine(folder, name);

    [Fact]
    public void Train_TinyModelOnRobustHp_TrainsScoresAndIsFoundAgain()
    {
        Assert.Contains("adapter", GerPaper.Plan(settings));
        Assert.Contains("no audio features", Assert.Throws<BadInputException>(() => GerPaper.Train(settings with { Lambda = 0.5 }, In("kd"))).Message);
        var scores = GerPaper.Train(settings, In("run"));
        Assert.InRange(scores["o_cp"], 0, scores["o_nb"]);
        Assert.InRange(scores["o_nb"], scores["o_cp"], scores["1-best"]);
        Assert.Equal(2, File.ReadAllLines(In("run/corrections.txt")).Length);
        Assert.Equal(scores, GerPaper.Train(settings, In("run")));
        // Without noise inputs and without an encoder there is one clear error.
        File.WriteAllText(In("lists.json"), """[{"input": ["a","b","c","a b","b c"], "output": "a b"}]""");
        Assert.Contains("sentence encoder", Assert.Throws<BadInputException>(() => GerPaper.Train(settings with { Data = In("lists.json") }, In("json"))).Message);
        Assert.Contains("{best} and {others}", Assert.Throws<BadInputException>(() => GerPaper.Train(settings with { Template = In("config.json") }, In("template"))).Message);
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Corrector_TrainedAdapter_CorrectsAsTheRecipeDid(bool eightBits)
    {
        var scores = GerPaper.Train(settings, In("run"));
        using var corrector = ListCorrector.Open(folder, In("run/adapter.safetensors"), new() { Template = settings.Template, MaxAnswer = 5, BaseType = ScalarType.Float32, EightBits = eightBits });
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
        Assert.Contains("context of 512", Assert.Throws<ArgumentException>(() => corrector.Correct([lists[0] with { Hypotheses = [endless, "a", "b", "c", "a b"] }])).Message);
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
        Assert.Contains("holds no adapter", Assert.Throws<BadInputException>(() => ListCorrector.Open(folder, In("other.safetensors"))).Message);
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
