using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Bench;

/// <summary>
/// The engine and CED-Tiny, one thread each, against the same written plainly in PyTorch and run in the strongest form there is on this machine
/// (its fused attention, torch.compile, frozen, fused Adam), and against the core's own matrix products in the same run.
/// </summary>
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
        yield return Surroundings(peer);
        foreach (var (name, least, run) in new (string, double, Action)[]
        {
            ("infer-float32", 1.4, () => Infer(false)), ("infer-bfloat16", 1.4, () => Infer(true)),
            ("train-float32", 1.3, () => Train(false)), ("train-bfloat16", 1.5, () => Train(true)),
        })
        {
            var remark = UseStrongest(peer, name);
            yield return Row.Of(Pair.Measure(name, "clips/s", 8, run, peer, runs: 1), least, remark);
        }
        yield return Share("float32", 0.8, () => Infer(false), float32);
        yield return Share("bfloat16", 0.5, () => Infer(true), bfloat16);
        // A process that ran nothing but the plain form of each: compilers need memory, too.
        using var plain = Start();
        foreach (var name in new[] { "infer-float32", "infer-bfloat16", "train-float32", "train-bfloat16" })
        {
            plain.Ask($"{name} 1");
        }
        var (ours, theirs) = (PeakMiB(), plain.Ask("peak"));
        yield return new Row("peak memory, all four", FormattableString.Invariant($"{ours:F0} MiB against {theirs:F0} MiB"), "at most PyTorch's", ours <= theirs);
    }

    private static Row Surroundings(Peer peer)
    {
        var processor = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name"))?.Split(':')[^1].Trim() : null;
        var core = Environment.GetEnvironmentVariable("OPENBLAS_CORETYPE") is { Length: > 0 } type ? $"OPENBLAS_CORETYPE={type}" : "OPENBLAS_CORETYPE not set";
        var kernels = Environment.GetEnvironmentVariable("RETORT_KERNELS") is { Length: > 0 } wish ? $", RETORT_KERNELS={wish}" : "";
        return new Row("measured with", $"{LibTorch.Version} against {string.Join(' ', peer.Version.Split(' ').Take(2))}, {processor ?? "unknown processor"}, {core}{kernels}, "
            + (Pair.OfProcessor ? "processor time" : "wall-clock time"), "", null);
    }

    /// <summary>Tries each of PyTorch's forms, has the fastest measured from here on, and tells what they took.</summary>
    private static string UseStrongest(Peer peer, string name)
    {
        var seconds = peer.Version.Split(' ').Skip(2).Select(form => (Form: form, Seconds: peer.Ask($"try {name} {form}"))).Where(one => !double.IsNaN(one.Seconds)).ToArray();
        var best = seconds.MinBy(one => one.Seconds);
        peer.Ask($"use {name} {best.Form}");
        return $"; PyTorch: {best.Form}" + (seconds.Length == 1 ? "" : FormattableString.Invariant($" ({string.Join(", ", seconds.Select(one => FormattableString.Invariant($"{one.Form} {1e3 * one.Seconds:F0} ms")))})"));
    }

    /// <summary>What inference reaches of this core's matrix products: the better of libtorch's and ours, in turns with it.</summary>
    private static Row Share(string precision, double least, Action infer, ScalarType type)
    {
        const int Side = 1024, Times = 8, Turns = 7;
        using var scope = NewDisposeScope();
        using var none = inference_mode();
        Tensor left = rand(Side, Side).to(type), right = rand(Side, Side), turned = right.to(type);
        double[] shares = new double[Turns], ceilings = new double[Turns];
        for (var turn = -1; turn < Turns; turn++)
        {
            var own = Fused.Linear(left, right, null) is null ? double.PositiveInfinity : Seconds(() => Fused.Linear(left, right, null)!.Dispose(), Times);
            var ceiling = 2.0 * Side * Side * Side / Math.Min(own, Seconds(() => left.mm(turned).Dispose(), Times));
            var reached = 8 * OperationsOfAClip(AudioTransformerSettings.Tiny) / Seconds(infer, 2);
            if (turn >= 0) (ceilings[turn], shares[turn]) = (ceiling, reached / ceiling);
        }
        var share = Pair.Median(shares);
        return new Row($"infer-{precision}, share of the matrix ceiling",
            FormattableString.Invariant($"{share:P0} ({shares.Min():P0} to {shares.Max():P0}) of {Pair.Median(ceilings) / 1e9:F0} GFLOP/s"),
            FormattableString.Invariant($"{least:P0}"), share >= least);

        static double Seconds(Action run, int times)
        {
            run();
            var start = Pair.Now();
            for (var i = 0; i < times; i++) run();
            return (Pair.Now() - start) / times;
        }
    }

    /// <summary>Additions and multiplications in the matrix products of a clip of 10 s.</summary>
    private static double OperationsOfAClip(AudioTransformerSettings s)
    {
        double tokens = s.Rows * ((1 + 160_000 / s.Mel.Hop) / s.Patch), width = s.Width;
        var block = tokens * width * width * (4 + 2 * s.HiddenRatio) + 2 * tokens * tokens * width;
        return 2 * (s.Depth * block + tokens * s.Patch * s.Patch * width + width * s.Classes);
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
