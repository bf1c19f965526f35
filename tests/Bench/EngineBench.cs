using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Bench;

/// <summary>The engine and CED-Tiny against the same written plainly in PyTorch, one thread each.</summary>
internal static class EngineBench
{
    private static Peer Start()
    {
        set_num_threads(1);
        Threads.SetBlasThreads(1);
        return new Peer(Path.Combine(Root(), "environment", "reference", "bench.py"));
    }

    public static IEnumerable<Row> Overhead()
    {
        using var peer = Start();
        using Tensor a = rand(4, 4), b = rand(4, 4);
        var pair = Pair.Measure("overhead", "products of two 4 x 4 tensors/s", 100_000, () =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                mul(a, b).Dispose();
            }
        }, peer, runs: 1, turns: 9);
        yield return Row.Of(pair, 1, FormattableString.Invariant($", {1e6 / pair.OurRate:F2} µs each"));
    }

    public static IEnumerable<Row> Ced()
    {
        using var peer = Start();
        using var model = new AudioTransformer(AudioTransformerSettings.Tiny with { Pooling = Pooling.Logit }, seed: 0);
        var draw = RandomStream.Of(0, "bench");
        using var waves = tensor(Enumerable.Range(0, 8 * 160_000).Select(_ => 2 * draw.NextSingle() - 1).ToArray(), [8, 160_000]);
        using var targets = tensor(Enumerable.Range(0, 8 * 527).Select(_ => draw.NextSingle()).ToArray(), [8, 527]);
        using var adam = new AdamOptimizer(model.named_parameters().Select(p => (p.Item1, p.Item2)), new AdamSettings(), null);

        void Infer(bool mixed)
        {
            model.eval();
            using var scope = NewDisposeScope();
            using var none = inference_mode();
            using var cast = mixed ? Autocast.Cpu(ScalarType.BFloat16) : null;
            model.call(waves);
        }
        void Train(bool mixed)
        {
            model.train();
            using var scope = NewDisposeScope();
            Tensor loss;
            using (mixed ? Autocast.Cpu(ScalarType.BFloat16) : null)
            {
                loss = SoftTargets.Bce(model.call(waves), targets);
            }
            loss.backward();
            adam.Step(1e-3, 1);
            adam.ZeroGradients();
        }
        yield return Row.Of(Pair.Measure("infer-float32", "clips/s", 8, () => Infer(false), peer), 1.15);
        yield return Row.Of(Pair.Measure("infer-bfloat16", "clips/s", 8, () => Infer(true), peer), 1.1);
        yield return Row.Of(Pair.Measure("train-float32", "clips/s", 8, () => Train(false), peer, runs: 1), 1.1);
        yield return Row.Of(Pair.Measure("train-bfloat16", "clips/s", 8, () => Train(true), peer, runs: 1), 1.1);
        var (ours, theirs) = (PeakMiB(), peer.Ask("peak"));
        yield return new Row("peak memory, all four", FormattableString.Invariant($"{ours:F0} MiB against {theirs:F0} MiB"), "at most PyTorch's", ours <= theirs);
    }

    private static double PeakMiB() =>
        double.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;

    internal static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Research.sln")))
            {
                return folder.FullName;
            }
        }
        throw new DirectoryNotFoundException($"no Research.sln above {AppContext.BaseDirectory}");
    }
}
