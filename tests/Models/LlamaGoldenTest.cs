using System.Text.Json;
using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Against the published adapter model: key lists, logits, taps, losses, gradients, greedy continuation.</summary>
public sealed class LlamaGoldenTest
{
    internal static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Models", "Golden", "ger", name);

    private static float Distance(Tensor a, Tensor b) => (a - b).abs().max().item<float>();

    private static LlamaSettings Small(JsonElement config) => new()
    {
        Vocabulary = config.GetProperty("padded_vocab_size").GetInt32(),
        Width = config.GetProperty("n_embd").GetInt32(),
        Depth = config.GetProperty("n_layer").GetInt32(),
        Heads = config.GetProperty("n_head").GetInt32(),
        Groups = config.GetProperty("n_query_groups").GetInt32(),
        Hidden = config.GetProperty("intermediate_size").GetInt32(),
        Context = config.GetProperty("block_size").GetInt32(),
    };

    private static (Llama Model, JsonElement Config) Published(SafeTensorsFile file, string kind)
    {
        var all = JsonDocument.Parse(file.Metadata["config"]).RootElement;
        var config = all.GetProperty(kind);
        var model = new Llama(Small(config), new PromptAdapterSettings
        {
            Rows = config.GetProperty("adapter_prompt_length").GetInt32(),
            StartLayer = config.GetProperty("adapter_start_layer").GetInt32(),
            NoiseWidth = config.GetProperty("n_state").GetInt32(),
        });
        FormulaWeights.Fill(model);
        return (model, all.GetProperty($"{kind}_grad_norms"));
    }

    [Theory]
    [InlineData("encoder.weight", new long[] { 4, 6 }, 0, -0.5917126536369324, -0.6776225566864014)]
    [InlineData("layers.0.norm.weight", new long[] { 5 }, 1, 0.9573769569396973, 0.9721364974975586)]
    [InlineData("encoder.bias", new long[] { 5 }, 0, -0.02886997163295746, -0.006703782826662064)]
    public void FormulaWeights_StatedKeys_GiveStatedValues(string key, long[] shape, uint variant, double first, double second)
    {
        var values = FormulaWeights.Values(key, shape, variant: variant)!;
        Assert.Equal([(float)first, (float)second], values[..2]);
    }

    [Theory]
    [InlineData("small_mha", 8)]
    [InlineData("small_gqa", 2)]
    [InlineData("small_mqa", 1)]
    [InlineData("llama2_7b_adapter", 32)]
    public void StateDict_PublishedKeyList_IsTheSame(string list, int groups)
    {
        using var scope = NewDisposeScope();
        var full = list.Contains("7b");
        using var model = full
            ? new Llama(LlamaSettings.Llama2Of7b, new PromptAdapterSettings(), device: new Device(DeviceType.META))
            : new Llama(new LlamaSettings { Vocabulary = 96, Width = 64, Depth = 6, Heads = 8, Groups = groups, Hidden = 172, Context = 64 }, new PromptAdapterSettings { NoiseWidth = 24 });
        Assert.Equal(Lines(list), model.state_dict().Select(p => $"{p.Key}\t{string.Join(',', p.Value.shape)}").Order());
        if (full)
        {
            Assert.Equal(102_114_240, model.named_parameters().Where(p => p.parameter.requires_grad).Sum(p => p.parameter.numel()));
        }
    }

    [Fact]
    public void MineStateDict_PublishedKeyList_IsTheSame()
    {
        using var network = new MutualInformationNetwork(4096, 384, 1280);
        Assert.Equal(Lines("mine"), network.state_dict().Select(p => $"{p.Key}\t{string.Join(',', p.Value.shape)}").Order());
        Assert.Equal(7_340_288, network.parameters().Sum(p => p.numel()));
    }

    private static IEnumerable<string> Lines(string list) =>
        File.ReadLines(Golden($"keys_{list}.tsv")).Where(l => l.Length > 0).Select(l => string.Join('\t', l.Split('\t')[..2])).Order();

    [Theory]
    [InlineData("mha")]
    [InlineData("gqa")]
    [InlineData("mqa")]
    public void ForwardAndBackward_Golden_MatchLogitsTapsLossAndGradients(string kind)
    {
        using var file = SafeTensorsFile.Open(Golden("adapter_gqa.safetensors"));
        using var scope = NewDisposeScope();
        var (model, norms) = Published(file, kind);
        var taps = new List<Tensor>();
        var logits = model.Logits(model.Hidden(file.Read($"in.{kind}.idx"), file.Read($"in.{kind}.emb_diff"), taps));
        Assert.InRange(Distance(file.Read($"out.{kind}.logits"), logits), 0, 1e-4f);
        Assert.Equal(8, taps.Count);
        Assert.InRange(Distance(file.Read($"out.{kind}.tap_first"), taps[0]), 0, 1e-4f);
        Assert.InRange(Distance(file.Read($"out.{kind}.tap_last"), taps[^1]), 0, 1e-4f);
        var loss = TokenLoss.CrossEntropy(logits, file.Read($"in.{kind}.targets"));
        Assert.InRange(Math.Abs(loss.item<float>() - file.Read($"out.{kind}.ce").item<float>()), 0, 1e-4);
        loss.backward();
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var compared = 0;
        foreach (var norm in norms.EnumerateObject())
        {
            Assert.InRange(parameters[norm.Name].grad!.norm().item<float>() / norm.Value.GetDouble(), 0.999, 1.001);
        }
        foreach (var name in file.Names.Where(n => n.StartsWith($"grad.{kind}.")))
        {
            var expected = file.Read(name);
            var ours = parameters[name[$"grad.{kind}.".Length..]].grad!.reshape(-1)[..(int)expected.numel()];
            Assert.InRange(Distance(expected.reshape(-1), ours) / expected.abs().max().item<float>(), 0, 1e-3f);
            compared++;
        }
        Assert.Equal(6, compared);
        Assert.All(parameters.Where(p => !Llama.IsAdapter(p.Key)), p => Assert.Null(p.Value.grad));
    }

    [Theory]
    [InlineData("mha")]
    [InlineData("gqa")]
    [InlineData("mqa")]
    public void Step_Golden_ContinuesGreedilyAsPublished(string kind)
    {
        using var file = SafeTensorsFile.Open(Golden("adapter_gqa.safetensors"));
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (model, _) = Published(file, kind);
        var noise = file.Read($"in.{kind}.emb_diff");
        var zero = model.call(file.Read($"in.{kind}.idx"), zeros_like(noise));
        Assert.InRange(Distance(file.Read($"out.{kind}.logits_zero_emb"), zero), 0, 1e-4f);
        var expected = file.Read($"out.{kind}.greedy").data<long>().ToArray();
        using var cache = model.NewCache([0], 20);
        var tokens = expected[..8].ToList();
        var logits = model.Step(tensor(tokens.ToArray()).unsqueeze(0), cache, noise[..1]);
        while (tokens.Count < expected.Length)
        {
            tokens.Add(logits.argmax(-1).item<long>());
            logits = model.Step(tensor([tokens[^1]], [1, 1]), cache);
        }
        Assert.Equal(expected, tokens);
    }

    [Fact]
    public void Step_RowsOfOtherLengths_GiveTheLogitsOfAFullPass()
    {
        using var file = SafeTensorsFile.Open(Golden("adapter_gqa.safetensors"));
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (model, _) = Published(file, "gqa");
        var (idx, noise) = (file.Read("in.gqa.idx"), file.Read("in.gqa.emb_diff"));
        var full = model.call(idx, noise);  // (2, 19, V)
        // Row 0 gives 5 tokens, row 1 gives 9: the first has 4 of padding.
        var first = stack([cat([zeros([4], ScalarType.Int64), idx[0][..5]]), idx[1][..9]]);
        using var cache = model.NewCache([4, 0], 12);
        var logits = model.Step(first, cache, noise);
        Assert.InRange(Distance(full[0][4], logits[0]), 0, 1e-5f);
        Assert.InRange(Distance(full[1][8], logits[1]), 0, 1e-5f);
        logits = model.Step(stack([idx[0][5..7], idx[1][9..11]]), cache);
        Assert.InRange(Distance(full[0][6], logits[0]), 0, 1e-5f);
        cache.SelectRows([1]);
        logits = model.Step(idx[1][11..12].unsqueeze(0), cache);
        Assert.InRange(Distance(full[1][11], logits[0]), 0, 1e-5f);
    }

    [Fact]
    public void TwoStages_Golden_MatchLossesAndGradients()
    {
        using var file = SafeTensorsFile.Open(Golden("robust_ger.safetensors"));
        using var scope = NewDisposeScope();
        var model = new Llama(new LlamaSettings { Vocabulary = 64, Width = 32, Depth = 4, Heads = 4, Groups = 4, Hidden = 88, Context = 64 },
            new PromptAdapterSettings { Rows = 10, StartLayer = 2, NoiseWidth = 24 });
        var mine = new MutualInformationNetwork(32, 24, 40);
        var weights = file.Names.Where(n => n.StartsWith("w.")).ToDictionary(n => n[2..], file.Read);
        Retort.Torch.Weights.Load(mine, weights.Where(w => w.Key.StartsWith("mine.")).ToDictionary(w => w.Key[5..], w => w.Value));
        Retort.Torch.Weights.Load(model, weights.Where(w => !w.Key.StartsWith("mine.")).ToDictionary(w => w.Key, w => w.Value));
        var (noise, noisy, clean) = (file.Read("in.emb_diff"), file.Read("in.audio_noisy"), file.Read("in.audio_clean"));
        var taps = new List<Tensor>();
        var logits = model.Logits(model.Hidden(file.Read("in.idx"), noise, taps));
        Assert.InRange(Distance(file.Read("out.logits"), logits), 0, 1e-4f);
        Assert.Equal(4, taps.Count);
        for (var i = 0; i < 4; i++)
        {
            Assert.InRange(Distance(file.Read($"out.mid{i}"), taps[i]), 0, 1e-5f);
        }
        var ce = TokenLoss.CrossEntropy(logits.narrow(1, 0, 16), file.Read("in.targets").narrow(1, 1, 16));  // labels as they stand in the files: not shifted
        Assert.InRange(Distance(file.Read("out.ce"), ce), 0, 1e-4f);
        var stage1 = MutualInformation.Difference(mine.call(-noise, noisy, false), mine.call(-noise, clean, false));
        Assert.InRange(Distance(file.Read("out.mine_stage1_loss"), stage1), 0, 1e-5f);
        var stage2 = MutualInformation.Tapped([.. taps.Select(t => mine.call(-t, noisy.mean([1L]), true))]);
        Assert.InRange(Distance(file.Read("out.mine_stage2_loss"), stage2), 0, 1e-5f);
        var total = ce + 0.5 * stage2;
        Assert.InRange(Distance(file.Read("out.total"), total), 0, 1e-4f);
        total.backward();
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var name in file.Names.Where(n => n.StartsWith("grad.")))
        {
            var expected = file.Read(name);
            Assert.InRange(Distance(expected, parameters[name[5..]].grad!) / expected.abs().max().item<float>(), 0, 1e-3f);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, 64)]
    [InlineData(ScalarType.Float32, 48)]
    [InlineData(ScalarType.BFloat16, 64)]
    public void ToEightBits_ModelWithAdapter_StaysNearItself(ScalarType dtype, int width)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var model = new Llama(new LlamaSettings { Vocabulary = 60, Width = width, Depth = 3, Heads = 4, Groups = 2, Hidden = 2 * width, Context = 32 },
            new PromptAdapterSettings { Rows = 6, StartLayer = 1, NoiseWidth = 8 }, dtype);
        model.Fill(3);
        var (tokens, noise) = (arange(1, 13, ScalarType.Int64).view(1, 12), ones(1, 6, 8));
        Tensor Full() => model.call(tokens, noise)[0][11].to(ScalarType.Float32);
        var before = Full();
        model.ToEightBits();
        var after = Full();
        Assert.InRange(Distance(before, after) / before.abs().max().item<float>(), 1e-6f, 0.05f);
        using var cache = model.NewCache([0], 12);
        model.Step(tokens.narrow(1, 0, 11), cache, noise);
        var step = model.Step(tokens.narrow(1, 11, 1), cache).to(ScalarType.Float32);
        // One row goes by the kernel of few rows, twelve by the weight made again.
        Assert.InRange(Distance(after, step[0]) / after.abs().max().item<float>(), 0, dtype == ScalarType.Float32 ? 2e-4f : 0.05f);
        Assert.Equal(0, model.state_dict()["transformer.h.1.mlp.proj.weight"].numel());
        Assert.Throws<InvalidOperationException>(model.ToEightBits);
    }
}
