using System.Text.Json;
using Retort.Models;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

public sealed class MaskedAutoencoderTest
{
    private static readonly AudioTransformerSettings encoder = new()
    {
        Classes = 5,
        Width = 16,
        Depth = 1,
        Heads = 2,
        TargetFrames = 64,
        Pooling = Pooling.Logit,
    };

    private static readonly MaskedAutoencoderSettings decoder = new() { Width = 12, Depth = 1, Heads = 3 };

    private static MaskedAutoencoder Fresh(long seed = 1) => new(new AudioTransformer(encoder, seed), decoder, seed);

    private static Tensor Mel(int batch, int frames) => tensor(
        Enumerable.Range(0, batch * 64 * frames).Select(n => (float)(-30 + 25 * Math.Sin(0.05 * n) * Math.Cos(0.0131 * n) + 5 * Math.Sin(2.3 * n))).ToArray(),
        [batch, 64, frames]);

    private static float[] Values(Tensor tensor) => tensor.contiguous().data<float>().ToArray();

    private static void Near(double[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])), $"value {i}: {expected[i]} expected, {actual[i]} found");
        }
    }

    [Fact]
    public void Published_Defaults_AreSatsTinyDecoder()
    {
        var settings = new MaskedAutoencoderSettings();
        Assert.Equal((512, 4, 8, 0.75), (settings.Width, settings.Depth, settings.Heads, settings.MaskRatio));
        using var model = new MaskedAutoencoder(new AudioTransformer(AudioTransformerSettings.Tiny with { Depth = 1 }, 1), settings with { Depth = 1 }, 1);
        // 10 s: 62 columns of 4 patches, of which a quarter is seen.
        Assert.Equal((248, 62), (model.Patches(1001), model.Visible(248)));
    }

    [Fact]
    public void Shapes_FollowFramesAndRatio()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var model = Fresh();
        model.eval();
        foreach (var (frames, patches) in new[] { (64, 16), (51, 12), (17, 4) })
        {
            var visible = Math.Max(patches / 4, 1);
            var order = MaskedAutoencoder.Orders(1, ["a", "b", "c"], 0, patches);
            Assert.Equal(new long[] { 3, patches }, order.shape);
            Assert.Equal(new long[] { 3, visible, 16 }, model.Encoder.EncodeVisible(Mel(3, frames), order.narrow(1, 0, visible)).shape);
            Assert.Equal(new long[] { 3, patches - visible, 256 }, model.Predict(Mel(3, frames), order).shape);
            Assert.Equal(new long[] { 3, patches, 256 }, model.Targets(Mel(3, frames)).shape);
            Assert.Empty(model.call(Mel(3, frames), order).shape);
        }
    }

    [Fact]
    public void Construction_ClassTokenOrWrongSettings_IsRefused()
    {
        using var token = new AudioTransformer(encoder with { Pooling = Pooling.Token }, 1);
        Assert.Throws<ArgumentException>(() => new MaskedAutoencoder(token, decoder, 1));
        using var plain = new AudioTransformer(encoder, 1);
        Assert.Throws<ArgumentException>(() => new MaskedAutoencoder(plain, decoder with { Heads = 5 }, 1));
        Assert.Throws<ArgumentException>(() => new MaskedAutoencoder(plain, decoder with { MaskRatio = 1 }, 1));
    }

    [Fact]
    public void Predict_OrderOfOtherLengthOrTooManyFrames_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var model = Fresh();
        Assert.Throws<ArgumentException>(() => model.call(Mel(2, 48), MaskedAutoencoder.Orders(1, ["a", "b"], 0, 16)));
        Assert.Throws<ArgumentException>(() => model.call(Mel(2, 80), MaskedAutoencoder.Orders(1, ["a", "b"], 0, 20)));
    }

    [Fact]
    public void Orders_OfAClip_DependOnSeedClipAndStepAlone()
    {
        using var scope = NewDisposeScope();
        static long[] Row(Tensor order, long b) => order.select(0, b).contiguous().data<long>().ToArray();
        var order = MaskedAutoencoder.Orders(7, ["a", "b", "c"], 3, 12);
        Assert.Equal(Row(order, 1), Row(MaskedAutoencoder.Orders(7, ["b"], 3, 12), 0));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => (long)i), Row(order, 2).Order());
        Assert.NotEqual(Row(order, 1), Row(order, 0));
        Assert.NotEqual(Row(order, 1), Row(MaskedAutoencoder.Orders(8, ["b"], 3, 12), 0));
        Assert.NotEqual(Row(order, 1), Row(MaskedAutoencoder.Orders(7, ["b"], 4, 12), 0));
        // Each patch is seen about a quarter of the time.
        var seen = new int[12];
        foreach (var step in Enumerable.Range(0, 2000))
        {
            foreach (var patch in Row(MaskedAutoencoder.Orders(7, ["a"], step, 12), 0).Take(3))
            {
                seen[patch]++;
            }
        }
        Assert.All(seen, count => Assert.InRange(count, 400, 600));
    }

    [Fact]
    public void Loss_TargetsOfVisiblePatchesChange_StaysTheSame()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var model = Fresh();
        model.eval();
        var mel = Mel(2, 48);
        var order = MaskedAutoencoder.Orders(1, ["a", "b"], 0, 12);
        var (predicted, targets) = (model.Predict(mel, order), model.Targets(mel));
        var loss = model.Loss(predicted, targets, order).ToDouble();
        Assert.Equal(loss, model.call(mel, order).ToDouble());
        for (var place = 0; place < 12; place++)
        {
            var changed = targets.clone();
            changed[1, order[1, place].ToInt64()].add_(1);
            var then = model.Loss(predicted, changed, order).ToDouble();
            Assert.Equal(place < 3, then == loss);
        }
    }

    [Fact]
    public void Predict_MaskedPatchesOfTheInputChange_PredictionStaysTheSame()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var model = Fresh();
        model.eval();
        var mel = Mel(1, 48);
        var order = MaskedAutoencoder.Orders(1, ["a"], 0, 12);
        var before = Values(model.Predict(mel, order));
        for (var place = 0; place < 12; place++)
        {
            var patch = order[0, place].ToInt64();
            var changed = mel.clone();
            changed.narrow(1, patch / 3 * 16, 16).narrow(2, patch % 3 * 16, 16).add_(3);
            Assert.Equal(place >= 3, before.SequenceEqual(Values(model.Predict(changed, order))));
        }
    }

    [Fact]
    public void Targets_EachPatch_HasMeanZeroAndUnbiasedVarianceOneWhateverTheLevel()
    {
        using var scope = NewDisposeScope();
        using var model = Fresh();
        var targets = model.Targets(Mel(2, 48));
        Assert.All(Values(targets.mean([-1])), m => Assert.InRange(m, -1e-5f, 1e-5f));
        Assert.All(Values(targets.var(-1, unbiased: true)), v => Assert.InRange(v, 0.9999f, 1.0001f));
        Near([.. Values(targets).Select(v => (double)v)], Values(model.Targets(Mel(2, 48) + 20)), 1e-4);
        // Silence has no shape: its target is 0.
        Assert.All(Values(model.Targets(full([1, 64, 48], -100.0f))), v => Assert.Equal(0, v));
    }

    [Fact]
    public void Forward_SameWeights_GivesPyTorchsNumbers()
    {
        using var scope = NewDisposeScope();
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Models", "Golden", "masked_autoencoder.json")));
        using var model = Sines();
        var mel = Mel(2, golden.RootElement.GetProperty("frames").GetInt32());
        var rows = golden.RootElement.GetProperty("orders").EnumerateArray().SelectMany(r => r.EnumerateArray().Select(v => v.GetInt64())).ToArray();
        var order = tensor(rows, [2, 12]);
        Near(Numbers(golden.RootElement, "targets_every_61"), Every61(model.Targets(mel)), 1e-5);
        foreach (var mode in new[] { "eval", "train" })
        {
            model.train(mode == "train");
            var expected = golden.RootElement.GetProperty(mode);
            Near(Numbers(expected, "predictions_every_61"), Every61(model.Predict(mel, order)), 1e-5);
            Near([expected.GetProperty("loss").GetDouble()], [model.call(mel, order).ToSingle()], 1e-5);
        }
        model.call(mel, order).backward();
        var norms = golden.RootElement.GetProperty("train").GetProperty("gradient_norms").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDouble());
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (name.StartsWith("encoder.outputlayer."))
            {
                Assert.Null(parameter.grad);
                continue;
            }
            Near([norms[name]], [parameter.grad!.norm().ToSingle()], 1e-5);
            norms.Remove(name);
        }
        Assert.Empty(norms);

        static double[] Numbers(JsonElement there, string name) => [.. there.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

        static float[] Every61(Tensor values) => [.. Values(values.detach()).Where((_, i) => i % 61 == 0)];
    }

    [Fact]
    public void Training_SixtySteps_LossFalls()
    {
        using var scope = NewDisposeScope();
        using var model = Fresh();
        var clips = Mel(8, 48);
        string[] ids = [.. Enumerable.Range(0, 8).Select(i => $"clip {i}")];
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = _ => [.. Enumerable.Range(0, 8)],
            Rate = _ => 3e-3,
            Step = context => model.call(clips, MaskedAutoencoder.Orders(1, ids, context.Step, 12)),
        }, new TrainSettings { Steps = 60 });
        var loss = result.Curve("loss").Y;
        Assert.InRange(loss[0], 0.8, 1.3);  // knowing nothing costs the targets' variance
        Assert.True(loss[^5..].Average() < 0.8 * loss[..5].Average(), $"{loss[0]} at first, {loss[^1]} at last");
    }

    /// <summary>Weights by a formula of their names, as in environment/reference/masked_autoencoder.py.</summary>
    private static MaskedAutoencoder Sines()
    {
        var model = Fresh();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in model.named_parameters())
        {
            var one = (name.Contains("norm") && name.EndsWith(".weight")) || name == "encoder.init_bn.1.weight" ? 1 : 0;
            var values = Enumerable.Range(0, (int)parameter.numel()).Select(i => (float)(0.2 * Math.Sin(0.37 * i + 0.11 * name.Length) + one)).ToArray();
            parameter.copy_(tensor(values).view(parameter.shape));
        }
        var state = model.state_dict();
        state["encoder.init_bn.1.running_mean"].fill_(-20);
        state["encoder.init_bn.1.running_var"].fill_(400);
        return model;
    }
}
