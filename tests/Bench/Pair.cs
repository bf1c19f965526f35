using System.Diagnostics;

namespace Retort.Bench;

/// <summary>
/// Two sides that take turns, A B A B ..., so that a machine whose speed drifts slows both. What counts is the ratio of
/// each turn to its neighbour; its median is quoted with its range.
/// </summary>
internal sealed record Pair(string Name, string Unit, double Work, double[] Ours, double[] Theirs)
{
    /// <summary>Seconds of theirs over seconds of ours: above 1, ours is faster.</summary>
    public double Ratio => Median([.. Ours.Zip(Theirs, (a, b) => b / a)]);

    public (double Low, double High) Range => (Ours.Zip(Theirs, (a, b) => b / a).Min(), Ours.Zip(Theirs, (a, b) => b / a).Max());

    public double OurRate => Work / Median(Ours);

    public double TheirRate => Work / Median(Theirs);

    /// <param name="name">what is timed; also the name the PyTorch side knows it by</param>
    /// <param name="unit">what one run does, such as clips/s</param>
    /// <param name="work">how many of those one run does</param>
    /// <param name="ours">one run of ours</param>
    /// <param name="peer">the PyTorch side</param>
    /// <param name="runs">runs a turn</param>
    /// <param name="turns">turns of each side that count; one more comes first and does not</param>
    public static Pair Measure(string name, string unit, double work, Action ours, Peer peer, int runs = 2, int turns = 7)
    {
        var a = new double[turns];
        var b = new double[turns];
        for (var turn = -1; turn < turns; turn++)
        {
            var start = Now();
            for (var run = 0; run < runs; run++)
            {
                ours();
            }
            var mine = Now() - start;
            var theirs = peer.Ask($"{name} {runs}");
            if (turn >= 0)
            {
                (a[turn], b[turn]) = (mine / runs, theirs / runs);
            }
        }
        return new Pair(name, unit, work, a, b);
    }

    /// <summary>On a busy machine RETORT_BENCH_CLOCK=processor measures both sides in their own processor time.</summary>
    internal static bool OfProcessor { get; } = Environment.GetEnvironmentVariable("RETORT_BENCH_CLOCK") == "processor";

    internal static double Now() => OfProcessor ? Environment.CpuUsage.TotalTime.TotalSeconds : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    internal static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
