using Retort.Layers;
using Retort.Models.LivePortrait;
using Retort.Torch;
using TorchSharp;
using static Retort.Tests.FormulaWeights;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>LivePortrait's networks at full size against the published code, weights by formula.</summary>
public sealed class LivePortraitTest
{
    private static TensorIndex Each(int step) => TensorIndex.Slice(step: step);

    private static TensorIndex All => TensorIndex.Colon;

    [Fact]
    public void AppearanceExtractorWarpAndDecoder_Golden_MatchSlicesAndStatistics()
    {
        using var file = SafeTensorsFile.Open(Golden("liveportrait.safetensors"));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var image = Image(256, 256);
        Assert.InRange(Distance(file.Read("in.image_first"), image[0].narrow(1, 0, 4).narrow(2, 0, 8)), 0, 1e-6f);

        using var extractor = Filled(new AppearanceExtractor(), "appearance_feature_extractor", file, "F.", 836_224);
        var features = extractor.call(image);
        Assert.Equal([1, 32, 16, 64, 64], features.shape);
        Assert.InRange(Distance(file.Read("out.F.slice"), features[All, Each(4), Each(4), Each(8), Each(8)]), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.F.row"), features[0, 3, 5, 10]), 0, 1e-4f);
        Statistics(file, "F.stat", features);

        using var warping = Filled(new WarpingNetwork(), "warping_module", file, "W.", 45_529_829, ("dense_motion_network.mask", 10));
        var warped = warping.call(features, file.Read("in.kp_source"), file.Read("in.kp_driving"));
        Assert.InRange(Distance(file.Read("out.W.occlusion_map"), warped.Occlusion), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.W.deformation_slice"), warped.Deformation[All, Each(3), Each(8), Each(8)]), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.W.mask_slice"), warped.Mask[All, All, Each(5), Each(16), Each(16)]), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.W.out_slice"), warped.Features[All, Each(8), Each(8), Each(8)]), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.W.out_row"), warped.Features[0, 7, 20]), 0, 1e-4f);
        Statistics(file, "W.out_stat", warped.Features);
        Statistics(file, "W.deformation_stat", warped.Deformation);

        using (var face = warping.Prepare(features, file.Read("in.kp_source")))
        {
            Same(warped, face.Warp(file.Read("in.kp_driving")));
        }

        using var decoder = Filled(new SpadeDecoder(), "spade_generator", file, "G.", 55_365_388);
        var picture = decoder.call(warped.Features);
        Assert.Equal([1, 3, 512, 512], picture.shape);
        Assert.InRange(Distance(file.Read("out.G.slice"), picture[All, All, Each(16), Each(16)]), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.G.patch"), picture.narrow(2, 200, 16).narrow(3, 300, 16)), 0, 1e-4f);
        Statistics(file, "G.stat", picture);

        using var prepared = decoder.Prepare();
        Assert.InRange(Distance(picture, prepared.Draw(warped.Features)), 0, 2e-5f);
        // A batch of different frames, of another size: each as alone.
        var some = stack([warped.Features[0].narrow(1, 0, 24), warped.Features[0].narrow(1, 30, 24)]).narrow(3, 8, 40);
        Assert.InRange(Distance(decoder.call(some), prepared.Draw(some)), 0, 2e-5f);
        if (Autocast.CpuHasBFloat16)
        {
            using var half = decoder.Prepare(half: true);
            Assert.InRange((half.Draw(some) - decoder.call(some)).abs().mean().item<float>(), 0, 5e-3f);
        }
    }

    [Fact]
    public void MotionExtractor_Golden_MatchesEveryHead()
    {
        using var file = SafeTensorsFile.Open(Golden("liveportrait.safetensors"));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Filled(new MotionExtractor(), "motion_extractor", file, "M.", 28_118_728);
        // Both pictures as a batch: rows are independent.
        var both = cat([Image(256, 256), Image(256, 256, 1)], 0);
        var outputs = model.Outputs(both);
        foreach (var name in new[] { "pitch", "yaw", "roll", "t", "exp", "scale", "kp" })
        {
            Assert.InRange(Distance(cat([file.Read("out.M." + name), file.Read("out.M2." + name)], 0), outputs[name]), 0, 1e-4f);
        }
        var motion = model.call(both);
        Assert.Equal(file.Read("out.M.pitch_deg").item<float>(), motion.Pitch[0].item<float>(), 1e-3f);
        Assert.Equal(file.Read("out.M.yaw_deg").item<float>(), motion.Yaw[0].item<float>(), 1e-3f);
        Assert.Equal(file.Read("out.M.roll_deg").item<float>(), motion.Roll[0].item<float>(), 1e-3f);
        // The vector of 70 numbers leads to the same keypoints.
        Assert.InRange(Distance(motion.Keypoints(), KeypointTransform.OfMotion(motion.Canonical, motion.Vector())), 0, 1e-6f);
    }

    [Fact]
    public void WarpingNetwork_BatchOfPoses_IsEachPoseAlone()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new WarpingNetwork();
        Fill(model);
        model.eval();
        Tensor features = Input("f", 1, 0, 1, 32, 16, 32, 32), source = Input("s", 0.4, 0, 1, 21, 3), driving = Input("d", 0.4, 0, 2, 21, 3);
        var both = model.call(features, source, driving);
        for (var b = 0; b < 2; b++)
        {
            Assert.InRange(Distance(both.Features.narrow(0, b, 1), model.call(features, source, driving.narrow(0, b, 1)).Features), 0, 1e-4f);
        }
    }

    [Fact]
    public void PreparedWarping_SeveralPosesOnSmallMaps_AreTheNetworks()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new WarpingNetwork();
        // Masks that choose, and norms that are not the identity.
        Fill(model, 0, ("dense_motion_network.mask", 10));
        model.eval();
        foreach (var (name, buffer) in model.named_buffers().Where(b => b.name.Contains("running")))
        {
            buffer.copy_(name.EndsWith("var", StringComparison.Ordinal) ? 1 + Input(name, 0.5, 0, buffer.shape) : Input(name, 0.2, 0, buffer.shape));
        }
        // 32 x 64: the last maps are of 1 x 2 features, and tiles of the mask lie beside one another in one direction more than in the other.
        Tensor features = Input("f", 1, 0, 1, 32, 16, 32, 64), source = Input("s", 0.4, 0, 1, 21, 3), driving = Input("d", 0.4, 0, 3, 21, 3);
        using var face = model.Prepare(features, source);
        Same(model.call(features, source, driving), face.Warp(driving));
        Assert.Throws<ArgumentException>(() => model.Prepare(features.expand(2, -1, -1, -1, -1), source));
    }

    private static void Same(Warped expected, Warped actual)
    {
        Assert.Equal(expected.Features.shape, actual.Features.shape);
        Assert.InRange(expected.Mask.max().item<float>(), 0.2f, 1);
        Assert.InRange(Distance(expected.Features, actual.Features), 0, 1e-4f);
        Assert.InRange(Distance(expected.Occlusion, actual.Occlusion), 0, 1e-4f);
        Assert.InRange(Distance(expected.Deformation, actual.Deformation), 0, 1e-4f);
        Assert.InRange(Distance(expected.Mask, actual.Mask), 0, 1e-4f);
    }

    [SkippableFact]
    public void SpadeDecoder_InBfloat16_IsCloseToFloat32()
    {
        Skip.IfNot(Autocast.CpuHasBFloat16, "this processor has no bfloat16");
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new SpadeDecoder();
        Fill(model);
        model.eval();
        var features = Input("f", 1, 0, 1, 256, 16, 16);
        var expected = model.call(features);
        using var precision = Autocast.Cpu(ScalarType.BFloat16);
        Assert.InRange((expected - model.call(features).to(float32)).abs().mean().item<float>(), 0, 0.02f);
    }

    [Fact]
    public void Stitching_Parameters_ArePublishedAndShiftsGoWhereTheyBelong()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var stitching = StitchingNetwork.Stitching();
        using var lips = StitchingNetwork.Lips();
        using var eyes = StitchingNetwork.Eyes();
        Assert.Equal([45_249L, 37_311, 144_703], new[] { stitching, lips, eyes }.Select(m => m.parameters().Sum(p => p.numel())));
        foreach (var parameter in stitching.parameters())
        {
            parameter.fill_(0);
        }
        // Outputs 63 and 64 are the shift of all keypoints in x and y; output 2 is the first keypoint's z.
        var last = stitching.get_parameter("mlp.6.bias");
        last[63] = 0.5f;
        last[2] = 0.25f;
        Tensor source = Input("s", 0.4, 0, 1, 21, 3), driving = Input("d", 0.4, 0, 2, 21, 3);
        var moved = stitching.Stitch(source, driving) - driving;
        Assert.Equal(0.5f, moved[1, 20, 0].item<float>(), 1e-6f);
        Assert.Equal(0.25f, moved[0, 0, 2].item<float>(), 1e-6f);
        Assert.Equal(0, moved[0, 1, 2].item<float>(), 1e-6f);
        Assert.Equal(0, moved[0, 5, 1].item<float>(), 1e-6f);
    }

    private static T Filled<T>(T model, string keys, SafeTensorsFile file, string part, long parameters, params (string, double)[] gains) where T : nn.Module
    {
        SameKeys(Golden($"keys_{keys}.tsv"), model);
        Assert.Equal(parameters, model.parameters().Sum(p => p.numel()));
        Fill(model, 0, gains);
        Put(file, model, part);
        model.eval();
        return model;
    }

    private static void Statistics(SafeTensorsFile file, string name, Tensor ours)
    {
        var expected = file.Read("out." + name).data<double>().ToArray();
        Assert.Equal(expected[0], ours.mean().item<float>(), 1e-4);
        Assert.Equal(expected[1], ours.std().item<float>(), 1e-4);
        Assert.Equal(expected[2], ours.min().item<float>(), 2e-4);
        Assert.Equal(expected[3], ours.max().item<float>(), 2e-4);
    }
}
