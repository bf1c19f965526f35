using Retort.Decoding;
using Retort.Losses;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static Retort.Tests.FormulaWeights;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Against KDTalker's published denoiser: small with stored weights, full size with weights by formula.</summary>
public sealed class MotionDenoiserTest
{
    private static readonly MotionDenoiserSettings small = new() { Width = 128, Depth = 2, HeadSize = 32, Audio = 24, TimeWidth = 16 };

    [Fact]
    public void Formula_KnownKeys_GivesTheWrittenValues()
    {
        Assert.Equal([-0.5917126536369324f, -0.6776225566864014f, -0.6393390893936157f, 0.662198543548584f], Values("encoder.weight", [4, 6])!.Take(4));
        Assert.Equal([0.9573769569396973f, 0.9721364974975586f], Values("layers.0.norm.weight", [5], variant: 1)!.Take(2));
    }

    [SkippableFact]
    public void Forward_SmallGolden_MatchesOutputsLossAndGradients()
    {
        using var file = SafeTensorsFile.Open(Shared.File("golden/talker/denoiser.safetensors"));
        using var scope = NewDisposeScope();
        using var model = new MotionDenoiser(new MotionDenoiserSettings { Width = 256, Depth = 1 });
        Assert.Equal(model.state_dict().Count, Put(file, model));
        var y = model.call(file.Read("in.x"), file.Read("in.t"), file.Read("in.audio"));
        Assert.InRange(Distance(file.Read("out.y"), y), 0, 1e-4f);
        var loss = MotionLosses.MeanSquared(y.narrow(1, 2, 16), file.Read("in.noise"));
        Assert.Equal(file.Read("out.loss").item<float>(), loss.item<float>(), 1e-5f);
        loss.backward();
        foreach (var name in new[] { "input_projection.weight", "output_projection.weight" })
        {
            var expected = file.Read("grad." + name);
            Assert.InRange(Distance(expected, model.get_parameter(name).grad!), 0, 1e-3f * expected.abs().max().item<float>());
        }
    }

    [Fact]
    public void Forward_FullSizeGolden_MatchesThreeStepsLossAndEveryGradientsNorm()
    {
        using var file = SafeTensorsFile.Open(Golden("denoiser_full.safetensors"));
        using var scope = NewDisposeScope();
        using var model = new MotionDenoiser();
        SameKeys(Golden("keys_denoiser_768.tsv"), model);
        // 18,432 of the published count are the norms that are never applied.
        Assert.Equal(42_926_278, model.parameters().Sum(p => p.numel()));
        Assert.Equal(18_432, model.parameters().Where(p => !p.requires_grad).Sum(p => p.numel()));
        Fill(model);
        var tokens = file.Read("in.tokens");
        var audio = cat([zeros(1, 2, 512), Input("full.audio", 1, 0, 1, 66, 512).abs().narrow(1, 2, 64)], 1);
        Assert.Equal(0, Distance(file.Read("in.audio_first8"), audio.narrow(2, 0, 8)));
        foreach (var t in new[] { 0, 980 })
        {
            using var noGrad = no_grad();
            Assert.InRange(Distance(file.Read($"out.t{t}"), model.call(tokens, tensor(new long[] { t }), audio)), 0, 1e-4f);
        }
        var y = model.call(tokens, tensor(new long[] { 500 }), audio);
        Assert.InRange(Distance(file.Read("out.t500"), y), 0, 1e-4f);
        var loss = MotionLosses.MeanSquared(y.narrow(1, 2, 64), Input("full.target", 1.7, 0, 1, 64, 70));
        Assert.Equal(file.Read("out.loss_t500").item<float>(), loss.item<float>(), 1e-4f);
        loss.backward();
        var norms = Config(file).GetProperty("grad_norms").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDouble());
        Assert.Equal(norms.Keys.Order(), model.named_parameters().Where(p => p.parameter.grad is not null).Select(p => p.name).Order());
        foreach (var (name, parameter) in model.named_parameters().Where(p => norms.ContainsKey(p.name)))
        {
            Assert.InRange(parameter.grad!.norm().item<float>() / norms[name], 1 - 1e-3, 1 + 1e-3);
            if (file.Contains("grad." + name))
            {
                var expected = file.Read("grad." + name);
                var ours = parameter.grad!.flatten();
                Assert.InRange(Distance(expected, ours.narrow(0, 0, expected.numel())), 0, 1e-3f * ours.abs().max().item<float>());
            }
        }
    }

    [Fact]
    public void Predict_PreparedAndSwitches_AgreeWithTheTokensByHand()
    {
        using var scope = NewDisposeScope();
        foreach (var settings in new[]
        {
            small, small with { Attention = false }, small with { Rotary = false }, small with { CanonicalToken = false },
            small with { ReferenceToken = false }, small with { RelativeBias = false, RotaryChannels = 32 },
        })
        {
            using var model = new MotionDenoiser(settings);
            Fill(model);
            Tensor noisy = Input("x", 2, 0, 2, 9, 70), canonical = Input("c", 2, 0, 2, 70), reference = Input("r", 2, 0, 2, 70), audio = Input("a", 2, 0, 2, 9, 24);
            var condition = new MotionCondition(canonical, reference, audio);
            var predicted = model.Predict(noisy, tensor(new long[] { 30, 30 }), condition);
            Assert.Equal([2, 9, 70], predicted.shape);
            using (var prepared = model.Prepare(condition))
            {
                Assert.InRange(Distance(predicted, prepared.Predict(noisy, 30)), 0, 1e-5f);
            }
            // What is switched off has no influence, and what is on has.
            float Change(MotionCondition other) => Distance(predicted, model.Predict(noisy, tensor(new long[] { 30, 30 }), other));
            Assert.Equal(settings.CanonicalToken && settings.Attention, Change(condition with { Canonical = canonical + 1 }) > 1e-4);
            Assert.Equal(settings.ReferenceToken && settings.Attention, Change(condition with { Reference = reference + 1 }) > 1e-4);
            Assert.True(Change(condition with { Audio = audio + 1 }) > 1e-4);
            // Attention alone carries one frame's numbers to another's.
            var shifted = noisy.clone();
            shifted.select(1, 8).add_(1);
            Assert.Equal(settings.Attention, Distance(predicted.select(1, 0), model.Predict(shifted, tensor(new long[] { 30, 30 }), condition).select(1, 0)) > 1e-5);
        }
    }

    [Fact]
    public void Forward_RotaryOff_LeavesOnlyTheBiasToTellPlaces()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new MotionDenoiser(small with { Rotary = false, RelativeBias = false, CanonicalToken = false, ReferenceToken = false });
        Fill(model);
        var order = tensor(new long[] { 2, 0, 3, 1 });
        Tensor x = Input("x", 2, 0, 1, 4, 70), audio = Input("a", 2, 0, 1, 4, 24), t = tensor(new long[] { 4 });
        // Without places a permutation of frames permutes the output.
        Assert.InRange(Distance(model.call(x, t, audio).index_select(1, order), model.call(x.index_select(1, order), t, audio.index_select(1, order))), 0, 1e-5f);
        using var placed = new MotionDenoiser(small with { CanonicalToken = false, ReferenceToken = false });
        Fill(placed);
        Assert.True(Distance(placed.call(x, t, audio).index_select(1, order), placed.call(x.index_select(1, order), t, audio.index_select(1, order))) > 1e-4);
    }

    [SkippableFact]
    public void Predict_InBfloat16_IsCloseToFloat32()
    {
        Skip.IfNot(Autocast.CpuHasBFloat16, "this processor has no bfloat16");
        using var scope = NewDisposeScope();
        using var model = new MotionDenoiser(small);
        Fill(model);
        Tensor noisy = Input("x", 2, 0, 2, 9, 70), t = tensor(new long[] { 30, 30 });
        var condition = new MotionCondition(Input("c", 2, 0, 2, 70), Input("r", 2, 0, 2, 70), Input("a", 2, 0, 2, 9, 24));
        var expected = model.Predict(noisy, t, condition);
        using var precision = Autocast.Cpu(ScalarType.BFloat16);
        var ours = model.Predict(noisy, t, condition);
        Assert.InRange((expected - ours.to(float32)).abs().mean().item<float>(), 0, 0.03f * expected.abs().mean().item<float>());
        ours.to(float32).square().mean().backward();
        Assert.NotNull(model.get_parameter("input_projection.weight").grad);
        using var prepared = model.Prepare(condition);
        Assert.InRange((expected - prepared.Predict(noisy, 30).to(float32)).abs().mean().item<float>(), 0, 0.03f * expected.abs().mean().item<float>());
    }

    [Fact]
    public void Constructor_SameSeed_SameWeightsThatSurviveTheScope()
    {
        MotionDenoiser model;
        using (NewDisposeScope())
        {
            model = new MotionDenoiser(small, seed: 3);
        }
        using (model)
        using (var other = new MotionDenoiser(small, seed: 3))
        using (var third = new MotionDenoiser(small, seed: 4))
        using (NewDisposeScope())
        {
            var name = "layers.1.0.block1.proj.weight";
            Assert.Equal(0, Distance(model.get_parameter(name), other.get_parameter(name)));
            Assert.NotEqual(0, Distance(model.get_parameter(name), third.get_parameter(name)));
            Assert.InRange(model.get_parameter("output_projection.weight").abs().max().item<float>(), 1e-9f, 1e-5f);
        }
        Assert.Throws<ArgumentException>(() => new MotionDenoiser(small with { Width = 100 }));
        Assert.Throws<ArgumentException>(() => new MotionDenoiser(small with { RotaryChannels = 64 }));
    }
}
