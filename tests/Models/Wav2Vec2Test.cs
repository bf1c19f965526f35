using System.Text.Json;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Against torchaudio's wav2vec 2.0: the reference file where it is present, and small numbers of environment/reference/wav2vec2.py.</summary>
public sealed class Wav2Vec2Test
{
    private static Wav2Vec2Settings Settings(JsonElement config) => new()
    {
        ExtractorNorm = config.GetProperty("extractor_mode").GetString() == "group_norm" ? ExtractorNorm.GroupNorm : ExtractorNorm.LayerNorm,
        Convolutions = [.. config.GetProperty("conv").EnumerateArray().Select(c => (c[0].GetInt32(), c[1].GetInt32(), c[2].GetInt32()))],
        ConvolutionBias = config.GetProperty("conv_bias").GetBoolean(),
        Width = config.GetProperty("dim").GetInt32(),
        PositionKernel = config.GetProperty("pos_conv_kernel").GetInt32(),
        PositionGroups = config.GetProperty("pos_conv_groups").GetInt32(),
        Depth = config.GetProperty("layers").GetInt32(),
        Heads = config.GetProperty("heads").GetInt32(),
        Hidden = config.GetProperty("ff").GetInt32(),
        LayerNormFirst = config.GetProperty("layer_norm_first").GetBoolean(),
        NormOverPadding = true,
    };

    private static float Distance(Tensor a, Tensor b)
    {
        Assert.Equal(a.shape, b.shape);
        return (a - b).abs().max().item<float>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Forward_Golden_MatchesFeaturesEachLayerAndBothOutputs(bool huggingFace)
    {
        using var file = SafeTensorsFile.Open(Golden.File("Models", "slu/wav2vec2.safetensors"));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new Wav2Vec2(Settings(JsonDocument.Parse(file.Metadata["config"]).RootElement));
        var report = Wav2Vec2Checkpoint.Load(model, file.Names.Where(n => n.StartsWith("w.")).ToDictionary(n => huggingFace ? HuggingFace(n[2..]) : n[2..], n => file.Read(n)));
        Assert.True(report.IsComplete);
        model.eval();
        var x = file.Read("in.x");
        var features = model.Features(x, null);
        Assert.InRange(Distance(file.Read("out.conv_features"), features), 0, 1e-4f);
        var layers = model.EachLayer(features, null);
        for (var i = 0; i < layers.Count; i++)
        {
            Assert.InRange(Distance(file.Read($"out.layer{i}"), layers[i]), 0, 1e-4f);
        }
        Assert.InRange(Distance(file.Read("out.unmasked"), model.call(x, null)), 0, 1e-4f);
        var lengths = file.Read("in.lengths").data<long>().ToArray();
        var frames = file.Read("out.lengths").data<long>().ToArray();
        Assert.Equal(frames, model.Frames(lengths));
        // At once, and from features that were kept.
        foreach (var masked in new[] { model.call(x, lengths), model.FromFeatures(model.Features(x, lengths).clone(), frames) })
        {
            for (var b = 0; b < frames.Length; b++)
            {
                Assert.InRange(Distance(file.Read("out.masked").select(0, b).narrow(0, 0, frames[b]), masked.select(0, b).narrow(0, 0, frames[b])), 0, 1e-4f);
            }
        }
    }

    [Theory]
    [InlineData("group_norm")]
    [InlineData("layer_norm")]
    public void Forward_SmallReference_MatchesTorchaudio(string name)
    {
        var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Models", "Golden", "wav2vec2.json"))).RootElement.GetProperty(name);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new Wav2Vec2(Settings(golden.GetProperty("config")));
        // Hugging Face's names here, torchaudio's in the other test.
        var weights = golden.GetProperty("weights").EnumerateObject().ToDictionary(w => HuggingFace(w.Name), w => Read(w.Value));
        weights["wav2vec2.masked_spec_embed"] = zeros(4);
        var report = Wav2Vec2Checkpoint.Load(model, weights);
        Assert.Equal(["wav2vec2.masked_spec_embed"], report.Unexpected);
        model.eval();
        var x = Read(golden.GetProperty("x"));
        Assert.InRange(Distance(Read(golden.GetProperty("unmasked")), model.call(x, null)), 0, 1e-4f);
        long[] lengths = [.. golden.GetProperty("lengths").EnumerateArray().Select(n => n.GetInt64())];
        var masked = model.call(x, lengths);
        var expected = Read(golden.GetProperty("masked"));
        var frames = model.Frames(lengths)!;
        for (var b = 0; b < frames.Length; b++)
        {
            Assert.InRange(Distance(expected.select(0, b).narrow(0, 0, frames[b]), masked.select(0, b).narrow(0, 0, frames[b])), 0, 1e-4f);
        }
    }

    [Fact]
    public void Forward_PaddedRowWithLength_IsTheClipAlone()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new Wav2Vec2(Small with { NormaliseWaves = true }, seed: 3);
        model.eval();
        var waves = tensor(Enumerable.Range(0, 2 * 3000).Select(i => (float)Math.Sin(0.05 * i + 1e-5 * i * i)).ToArray(), [2, 3000]);
        var together = model.call(waves, [3000, 2003]);
        var alone = model.call(waves.narrow(0, 1, 1).narrow(1, 0, 2003), [2003]);
        Assert.Equal(model.Frames(2003), alone.shape[1]);
        Assert.InRange(Distance(alone.select(0, 0), together.select(0, 1).narrow(0, 0, alone.shape[1])), 0, 2e-5f);
    }

    [Fact]
    public void Training_FrozenConvolutions_GetNoGradientAndTheRestDoes()
    {
        using var scope = NewDisposeScope();
        using var model = new Wav2Vec2(Small with { LayerDrop = 0 }, seed: 3);
        model.train();
        var waves = tensor(Enumerable.Range(0, 2000).Select(i => (float)Math.Sin(0.05 * i)).ToArray(), [1, 2000]);
        Assert.False(model.Features(waves, null).requires_grad);
        model.call(waves, [2000]).square().sum().backward();
        foreach (var (name, parameter) in model.named_parameters())
        {
            Assert.Equal(name.StartsWith("encoder."), parameter.grad is not null);
        }
    }

    [Fact]
    public void Training_GeneratorSeededAgain_GivesTheSameBits()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new Wav2Vec2(Small with { LayerDrop = 0.5 }, seed: 3);
        model.train();
        var waves = tensor(Enumerable.Range(0, 2000).Select(i => (float)Math.Sin(0.05 * i)).ToArray(), [1, 2000]);
        model.Generator.manual_seed(7);
        var first = model.call(waves, null);
        var second = model.call(waves, null);
        model.Generator.manual_seed(7);
        Assert.Equal(0, Distance(first, model.call(waves, null)));
        Assert.NotEqual(0, Distance(first, second));
    }

    [Fact]
    public void Base_ParametersAndFrames_AreThePublishedOnes()
    {
        using var scope = NewDisposeScope();
        using var model = new Wav2Vec2(new Wav2Vec2Settings { Depth = 1 });
        // 12 layers have 94,370,944 parameters in all, 4,200,448 of them in the convolutions; one layer has 7,087,872.
        Assert.Equal(94_370_944 - 11 * 7_087_872, model.parameters().Sum(p => p.numel()));
        Assert.Equal(4_200_448, model.parameters().Where(p => !p.requires_grad).Sum(p => p.numel()));
        Assert.Equal([49, 199, 349], model.Frames([16000, 64000, 112000])!);
    }

    [Fact]
    public void Load_MissingWeight_NamesItAndLeavesTheModel()
    {
        using var scope = NewDisposeScope();
        using var model = new Wav2Vec2(Small, seed: 3);
        var weights = model.state_dict().ToDictionary(w => w.Key, w => w.Value.clone());
        weights.Remove("encoder.transformer.layer_norm.bias");
        var error = Assert.Throws<BadInputException>(() => Wav2Vec2Checkpoint.Load(model, weights, "base.pt"));
        Assert.Contains("encoder.transformer.layer_norm.bias", error.Message);
        Assert.Contains("base.pt", error.Message);
    }

    [Fact]
    public void Forward_WaveShorterThanAFrame_SaysSo()
    {
        using var scope = NewDisposeScope();
        using var model = new Wav2Vec2(Small, seed: 3);
        var error = Assert.Throws<ArgumentException>(() => model.call(zeros(1, 2000), [50]));
        Assert.Contains("50 samples", error.Message);
    }

    private static readonly Wav2Vec2Settings Small = new()
    {
        Convolutions = [(8, 10, 5), (8, 3, 2), (8, 3, 2), (8, 2, 2)],
        Width = 12,
        Depth = 2,
        Heads = 3,
        Hidden = 16,
        PositionKernel = 6,
        PositionGroups = 2,
    };

    private static string HuggingFace(string torchaudio) => "wav2vec2." + torchaudio
        .Replace("encoder.transformer.pos_conv_embed.conv.weight_g", "encoder.pos_conv_embed.conv.parametrizations.weight.original0")
        .Replace("encoder.transformer.pos_conv_embed.conv.weight_v", "encoder.pos_conv_embed.conv.parametrizations.weight.original1")
        .Replace("encoder.transformer.", "encoder.").Replace("encoder.feature_projection.", "feature_projection.");

    private static Tensor Read(JsonElement e) =>
        tensor(e.GetProperty("values").EnumerateArray().Select(v => v.GetSingle()).ToArray(), [.. e.GetProperty("shape").EnumerateArray().Select(v => v.GetInt64())]);
}
