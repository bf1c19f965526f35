using System.Diagnostics;
using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Bench;

/// <summary>Arms on all cores against the same arms on one, in turns.</summary>
internal static class AblationBench
{
    private const int Steps = 150;

    public static IEnumerable<Row> All() => new Func<Row>[] { Step, Arms }.Select(row => row());

    // Of processor time, in turns; the plain operators are what other processors and devices take.
    private static Row Step()
    {
        using var one = Threads.RunWith(1);
        Threads.SetBlasThreads(1);
        var (plain, fused) = (new List<double>(), new List<double>());
        for (var turn = -1; turn < 5; turn++)
        {
            var start = Environment.CpuUsage.TotalTime;
            using (Fused.Off())
            {
                Student(turn);
            }
            var middle = Environment.CpuUsage.TotalTime;
            Student(turn);
            if (turn >= 0)
            {
                plain.Add((middle - start).TotalMilliseconds / Steps);
                fused.Add((Environment.CpuUsage.TotalTime - middle).TotalMilliseconds / Steps);
            }
        }
        return new Row("student, training step", FormattableString.Invariant($"{Pair.Median([.. fused]):F2} ms, {Pair.Median([.. plain]):F2} ms by plain operators"), "", null);
    }

    private static Row Arms()
    {
        var cores = Environment.ProcessorCount;
        var arms = Enumerable.Range(0, 2 * cores).Select(i => new Arm($"arm {i}", new { i }, context => Student(i))).ToArray();
        var ratios = new List<double>();
        for (var turn = -1; turn < 3; turn++)
        {
            var one = Seconds(arms, 1);
            var all = Seconds(arms, cores);
            if (turn >= 0)
            {
                ratios.Add(one / all);
            }
        }
        var ratio = Pair.Median([.. ratios]);
        return new Row($"ablation, {cores} arms at once", FormattableString.Invariant($"{ratio:F2} times one at a time ({ratios.Min():F2} to {ratios.Max():F2})"),
            FormattableString.Invariant($"{0.85 * cores:F2}"), ratio >= 0.85 * cores);
    }

    private static double Seconds(Arm[] arms, int threads)
    {
        var watch = Stopwatch.StartNew();
        Ablation.Run(arms, [1], new AblationSettings { Threads = threads });
        return watch.Elapsed.TotalSeconds;
    }

    // A student of the made world's size: 12 tokens a clip, 4 blocks of width 64.
    private static ArmOutcome Student(int seed)
    {
        using var model = new AudioTransformer(new AudioTransformerSettings { Width = 64, Depth = 4, Heads = 2, TargetFrames = 64, Classes = 28, Pooling = Pooling.Logit }, seed);
        var draw = RandomStream.Of(seed, "bench");
        using var mel = tensor(Enumerable.Range(0, 32 * 64 * 51).Select(_ => 40 * draw.NextSingle() - 60).ToArray(), [32, 64, 51]);
        using var targets = tensor(Enumerable.Range(0, 32 * 28).Select(_ => draw.NextSingle()).ToArray(), [32, 28]);
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = _ => [],
            Rate = Schedule.Constant(1e-3),
            Step = _ => SoftTargets.Bce(model.ForwardMel(mel), targets),
        }, new TrainSettings { Seed = seed, Steps = Steps, LogEvery = Steps });
        return new ArmOutcome(new Dictionary<string, double> { ["steps"] = result.Steps });
    }
}
