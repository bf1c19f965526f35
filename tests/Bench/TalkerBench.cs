using Retort.Decoding;
using Retort.Losses;
using Retort.Models;
using Retort.Models.LivePortrait;
using Retort.Papers.Talker;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Bench;

/// <summary>KDTalker's denoiser at full size (66 tokens), its sampler and training step, and LivePortrait's warping network and decoder at 256 pixels, against the same in PyTorch; one thread each.</summary>
internal static class TalkerBench
{
    public static IEnumerable<Row> All() => Denoising().Concat(Rendering());

    private static Peer Other()
    {
        set_num_threads(1);
        Threads.SetBlasThreads(1);
        var peer = new Peer(Path.Combine(EngineBench.Root(), "environment", "reference", "bench_talker.py"));
        peer.Ask("threads 1");
        return peer;
    }

    private static IEnumerable<Row> Denoising()
    {
        using var scope = NewDisposeScope();
        using var peer = Other();
        using var model = new MotionDenoiser();
        Tensor Normal(string purpose, params long[] shape) => TalkerData.Normal(RandomStream.Of(0, purpose), shape);
        Tensor tokens = Normal("x", 1, 66, 70), audio = Normal("a", 1, 66, 512), t = tensor(new long[] { 500 });
        void Pass(bool mixed)
        {
            using var noGrad = no_grad();
            using var step = NewDisposeScope();
            using var precision = mixed ? Autocast.Cpu(ScalarType.BFloat16) : null;
            model.call(tokens, t, audio);
        }
        yield return Row.Of(Pair.Measure("denoiser-float32", "passes/s", 1, () => Pass(false), peer, runs: 4), 1.3) with { Figure = "KDTalker's denoiser, one pass, float32" };
        if (Autocast.CpuHasBFloat16)
        {
            yield return Row.Of(Pair.Measure("denoiser-bfloat16", "passes/s", 1, () => Pass(true), peer, runs: 4), 1.1) with { Figure = "KDTalker's denoiser, one pass, bfloat16" };
        }
        var condition = new MotionCondition(Normal("c", 1, 70), Normal("r", 1, 70), Normal("a", 1, 64, 512));
        var noise = Normal("n", 1, 64, 70);
        void Sample(int steps)
        {
            using var step = NewDisposeScope();
            using var prepared = model.Prepare(condition);
            DdimSampler.Sample(prepared.Predict, noise, DdimSampler.Timesteps(steps));
        }
        var ddim = Pair.Measure("ddim-50", "windows of 2.56 s/s", 1, () => Sample(50), peer, runs: 1, turns: 3);
        // One thread here; the figure is asked of two.
        yield return new Row("DDIM 50 of 64 frames", FormattableString.Invariant($"{1 / ddim.OurRate:F2} s on one thread, {ddim.Ratio:F2} of PyTorch's speed"), "under 2.56 s on two cores", 1 / ddim.OurRate < 2.56 ? true : null);
        yield return Few(Sample);
        using var trained = new MotionDenoiser();
        using var adam = new AdamOptimizer(trained.named_parameters().Select(p => (p.Item1, p.Item2)), new AdamSettings { Beta1 = 0.95, WeightDecay = 1e-6, Decoupled = true });
        Tensor many = Normal("m", 4, 66, 70), manyAudio = Normal("b", 4, 66, 512), target = Normal("t", 4, 64, 70), times = tensor(new long[] { 1, 200, 500, 900 });
        void Train()
        {
            using var step = NewDisposeScope();
            MotionLosses.MeanSquared(trained.call(many, times, manyAudio).narrow(1, 2, 64), target).backward();
            adam.Step(1e-4, Math.Min(1, 50 / (adam.GradientNorm() + 1e-6)));
            adam.ZeroGradients();
        }
        yield return Row.Of(Pair.Measure("denoiser-train", "windows/s", 4, Train, peer, runs: 1, turns: 5), 1.1) with { Figure = "KDTalker's denoiser, training step, float32" };
    }

    /// <summary>The warping network and the decoder alone.</summary>
    public static IEnumerable<Row> Rendering()
    {
        using var scope = NewDisposeScope();
        using var peer = Other();
        using var warping = new WarpingNetwork();
        warping.eval();
        Tensor volume = rand([1, 32, 16, 32, 32]), source = rand(1, 21, 3) - 0.5;
        using var face = warping.Prepare(volume, source);
        foreach (var count in new[] { 1, 4 })
        {
            var driving = source + 0.05 * rand(count, 21, 3);
            void Warp()
            {
                using var step = NewDisposeScope();
                face.Warp(driving);
            }
            yield return Row.Of(Pair.Measure($"warping-256-{count}", "frames/s", count, Warp, peer, runs: 1, turns: 3), 1.2) with
            {
                Figure = $"LivePortrait's warping network, {count} frame{(count == 1 ? "" : "s at once")} of 256 pixels, float32",
            };
        }
        using var decoder = new SpadeDecoder();
        decoder.eval();
        foreach (var parameter in decoder.parameters())
        {
            using var none = no_grad();
            parameter.normal_(0, 0.02);
        }
        foreach (var half in new[] { false, true })
        {
            if (half && !Autocast.CpuHasBFloat16)
            {
                continue;
            }
            using var ready = decoder.Prepare(half);
            foreach (var (side, batch) in new[] { (32, 1), (64, 1), (32, 4) })
            {
                var features = rand(batch, 256, side, side);
                void Draw()
                {
                    using var step = NewDisposeScope();
                    ready.Draw(features);
                }
                var type = half ? "bfloat16" : "float32";
                yield return Row.Of(Pair.Measure($"decoder-{8 * side}-{batch}-{type}", "frames/s", batch, Draw, peer, runs: 1, turns: 3), 1.2) with
                {
                    Figure = $"LivePortrait's decoder, {batch} frame{(batch == 1 ? "" : "s at once")} of {8 * side} pixels, {type}",
                };
            }
        }
    }

    // A student of four steps against the teacher's fifty: passes are the same, what is prepared once a window counts in both.
    private static Row Few(Action<int> sample)
    {
        double Seconds(int steps)
        {
            sample(steps);
            return Pair.Median([.. Enumerable.Range(0, 3).Select(_ =>
            {
                var start = Environment.CpuUsage.TotalTime.TotalSeconds;
                sample(steps);
                return Environment.CpuUsage.TotalTime.TotalSeconds - start;
            })]);
        }
        var (four, fifty) = (Seconds(4), Seconds(50));
        return new Row("four steps of a student against DDIM 50", FormattableString.Invariant($"{1000 * four:F0} against {1000 * fifty:F0} ms of one core: {fifty / four:F1}x"), "8x", fifty / four >= 8);
    }
}
