using Retort.Audio;
using Retort.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

public sealed class AudioTransformerTest
{
    internal static readonly AudioTransformerSettings Toy = new()
    {
        Classes = 5,
        Width = 24,
        Depth = 2,
        Heads = 3,
        TargetFrames = 64,
        Pooling = Pooling.Logit,
    };

    internal static float[] Wave(int samples) => [.. Enumerable.Range(0, samples).Select(n =>
        (float)(0.5 * Math.Sin(2 * Math.PI * 440 * n / 16000) * Math.Sin(2 * Math.PI * 3 * n / 16000) + 0.1 * Math.Sin(2 * Math.PI * 2500 * n / 16000)))];

    private static AudioTransformerSettings Published(string size) => size switch
    {
        "tiny" => AudioTransformerSettings.Tiny,
        "mini" => AudioTransformerSettings.Mini,
        "small" => AudioTransformerSettings.Small,
        _ => AudioTransformerSettings.Base,
    };

    /// <summary>Weights by a formula of their names, as in the published model's reference run.</summary>
    private static AudioTransformer Sines(AudioTransformerSettings settings)
    {
        var model = new AudioTransformer(settings);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in model.named_parameters())
        {
            var one = name.EndsWith("norm1.weight") || name.EndsWith("norm2.weight") || name is "norm.weight" or "outputlayer.0.weight" or "init_bn.1.weight";
            var values = Enumerable.Range(0, (int)parameter.numel())
                .Select(i => (float)(0.02 * Math.Sin(0.37 * i + 0.11 * name.Length) + (one ? 1 : 0))).ToArray();
            parameter.copy_(tensor(values).view(parameter.shape));
        }
        var state = model.state_dict();
        state["init_bn.1.running_mean"].fill_(-20);
        state["init_bn.1.running_var"].fill_(400);
        model.eval();
        return model;
    }

    private static float[] Values(Tensor tensor) => tensor.contiguous().data<float>().ToArray();

    private static float[] Scores(AudioTransformer model, float[] wave)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return Values(model.call(tensor(wave).unsqueeze(0)));
    }

    private static void Near(float[] expected, float[] actual, float tolerance)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance);
        }
    }

    // Measured with the published model on torch 1.13.1 with the same weights and waves.
    [Fact]
    public void Forward_TinyWithFormulaWeights_GivesThePublishedModelsNumbers()
    {
        var wave = Wave(160000);
        using var model = Sines(AudioTransformerSettings.Tiny with { Pooling = Pooling.Logit, LongClips = LongClipRule.Upstream });
        using (var scope = NewDisposeScope())
        {
            var mel = model.FrontEnd.call(tensor(wave).unsqueeze(0));
            Assert.Equal([1, 64, 1001], mel.shape);
            Assert.Equal(-57.38122f, mel.mean().item<float>(), 2e-3f);
            Assert.Equal(6.59628f, mel[0, 10, 500].item<float>(), 1e-3f);
        }
        var logits = Scores(model, wave);
        Near([1.065168f, -0.172579f, -0.909062f, 0.824055f, 0.340123f, -1.075988f, 0.373693f, 0.772194f], logits, 1e-4f);
        Assert.Equal(263.80249, logits.Sum(z => 1 / (1 + Math.Exp(-z))), 5e-3);
        Assert.Equal(271, Array.IndexOf(logits, logits.Max()));
        Near([1.073703f, -0.175063f, -0.915873f, 0.831264f], Scores(model, wave[..16000]), 1e-4f);
        Near([1.055033f, -0.171018f, -0.900010f, 0.816216f], Scores(model, [.. wave, .. wave[..40000]]), 1e-4f);
    }

    [Theory]
    [InlineData("tiny", 5_503_183)]
    [InlineData("mini", 9_696_655)]
    [InlineData("small", 21_622_543)]
    [InlineData("base", 85_711_759)]
    public void Settings_Published_HaveThePublishedNumberOfParameters(string size, long count)
    {
        // One block tells what each costs, so that the large models need not be made.
        long Parameters(int depth)
        {
            using var model = new AudioTransformer(Published(size) with { Depth = depth });
            return model.parameters().Sum(p => p.numel());
        }
        var none = Parameters(0);
        Assert.Equal(count, none + 12 * (Parameters(1) - none));
    }

    [Theory]
    [InlineData("tiny")]
    [InlineData("mini")]
    [InlineData("small")]
    [InlineData("base")]
    public void State_Published_HasThePublishedKeysAndShapes(string size)
    {
        var expected = File.ReadLines(Golden.File("Models", $"ced/keys_ced_{size}.tsv")).Order(StringComparer.Ordinal).ToArray();
        using var model = new AudioTransformer(Published(size));
        Assert.Equal(expected, model.state_dict().Select(e => $"{e.Key}\t{string.Join('x', e.Value.shape)}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Weights_SameSeed_SameBits()
    {
        using var a = new AudioTransformer(Toy, 3);
        using var b = new AudioTransformer(Toy, 3);
        using var c = new AudioTransformer(Toy, 4);
        using var scope = NewDisposeScope();
        const string name = "blocks.1.mlp.fc1.weight";
        Assert.Equal(Values(a.get_parameter(name)), Values(b.get_parameter(name)));
        Assert.NotEqual(Values(a.get_parameter(name)), Values(c.get_parameter(name)));
        Assert.Equal(0.02, a.get_parameter(name).std().item<float>(), 1e-3);
        Assert.Equal(0f, a.get_parameter("blocks.1.mlp.fc1.bias").abs().max().item<float>());
        Assert.InRange(a.get_parameter("patch_embed.proj.weight").abs().max().item<float>(), 0.06f, 0.0625f);
    }

    [Fact]
    public void Forward_LongClip_WeightsWindowsByTheirLength()
    {
        using var model = new AudioTransformer(Toy, 1);
        model.eval();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var mel = model.FrontEnd.call(tensor(Wave(160 * 149)).unsqueeze(0));  // 150 frames: 64 + 64 + 22
        float[] At(long start, long length) => Values(model.ForwardMel(mel.narrow(2, start, length)));
        var (a, b, c) = (At(0, 64), At(64, 64), At(128, 22));
        var expected = a.Zip(b, (x, y) => 64 * x + 64 * y).Zip(c, (x, y) => (x + 22 * y) / 150).ToArray();
        Near(expected, Values(model.ForwardMel(mel)), 1e-5f);
        // A rest below one patch does not count.
        Near([.. a.Zip(b, (x, y) => (x + y) / 2)], Values(model.ForwardMel(mel.narrow(2, 0, 140))), 1e-5f);
    }

    [Fact]
    public void Forward_LongClipByTheUpstreamRule_LosesAFullLastWindow()
    {
        using var model = new AudioTransformer(Toy with { LongClips = LongClipRule.Upstream }, 1);
        model.eval();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var mel = model.FrontEnd.call(tensor(Wave(160 * 127)).unsqueeze(0));  // 128 frames: 64 + 64
        Near(Values(model.ForwardMel(mel.narrow(2, 0, 64))), Values(model.ForwardMel(mel)), 1e-6f);
    }

    [Fact]
    public void Forward_ManyWindowsOfABatch_IsEachClipAlone()
    {
        using var model = new AudioTransformer(Toy, 1);
        model.eval();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var mel = tensor(Enumerable.Range(0, 3 * 64 * 478).Select(i => (float)(40 * Math.Sin(0.7 * i * i) - 30)).ToArray()).view(3, 64, 478);
        var together = model.ForwardMel(mel);
        for (var b = 0; b < 3; b++)
        {
            Near(Values(model.ForwardMel(mel.narrow(0, b, 1))), Values(together[b]), 1e-4f);
        }
    }

    [Theory]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.Token)]
    [InlineData(Pooling.DecisionMean)]
    public void Forward_OtherPoolings_AreProbabilities(Pooling pooling)
    {
        using var model = new AudioTransformer(Toy with { Pooling = pooling }, 1);
        model.eval();
        Assert.All(Scores(model, Wave(16000)), p => Assert.InRange(p, 0f, 1f));
    }

    [Fact]
    public void Forward_ShorterThanAPatch_SaysHowMuchIsNeeded()
    {
        using var model = new AudioTransformer(Toy, 1);
        model.eval();
        Assert.Equal(5, Scores(model, Wave(2400)).Length);
        var error = Assert.Throws<ArgumentException>(() => Scores(model, Wave(2399)));
        Assert.Contains("2400", error.Message);
    }

    [Fact]
    public void Embeddings_OfALongClip_CoverEachStepOfEachWindow()
    {
        using var model = new AudioTransformer(Toy, 1);
        model.eval();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var mel = model.FrontEnd.call(tensor(Wave(160 * 149)).unsqueeze(0));
        var steps = model.StepEmbeddings(mel);
        Assert.Equal([1, 4 + 4 + 1, 24], steps.shape);
        Near(Values(model.StepEmbeddings(mel.narrow(2, 64, 64))), Values(steps.narrow(1, 4, 4)), 1e-5f);
        Near(Values(steps.mean([1])), Values(model.ClipEmbeddings(mel)), 1e-6f);
    }

    [Fact]
    public void Embeddings_OfAShortClipUnderPadShort_AreWhatItsScoresAreMadeOf()
    {
        using var model = new AudioTransformer(Toy with { PadShort = true, Patch = 8, Pooling = Pooling.Logit }, 1);
        using var plain = new AudioTransformer(Toy with { Patch = 8, Pooling = Pooling.Logit }, 1);
        model.eval();
        plain.eval();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var mel = model.FrontEnd.call(tensor(Wave(160 * 30)).unsqueeze(0));  // 31 frames of 64
        Assert.Equal([1, 64 / 8, 24], model.StepEmbeddings(mel).shape);
        Assert.Equal([1, 31 / 8, 24], plain.StepEmbeddings(mel).shape);
        foreach (var m in new[] { model, plain })
        {
            var state = m.state_dict();
            var head = nn.functional.layer_norm(m.ClipEmbeddings(mel), [24], state["outputlayer.0.weight"], state["outputlayer.0.bias"], 1e-5);
            Near(Values(m.ForwardMel(mel)), Values(nn.functional.linear(head, state["outputlayer.1.weight"], state["outputlayer.1.bias"])), 1e-5f);
        }
        Assert.NotEqual(Values(model.ClipEmbeddings(mel)), Values(plain.ClipEmbeddings(mel)));
    }

    [Fact]
    public void Settings_ThatDoNotFit_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new AudioTransformer(Toy with { Heads = 5 }, 0));
        Assert.Throws<ArgumentException>(() => new AudioTransformer(Toy with { TargetFrames = 15 }, 0));
        Assert.Throws<ArgumentException>(() => new AudioTransformer(Toy with { Classes = 0 }, 0));
    }
}
