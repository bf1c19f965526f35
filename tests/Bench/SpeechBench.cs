using System.Diagnostics;
using Retort.Audio;
using Retort.Data;
using Retort.Metrics;
using Retort.Randomness;
using Retort.Text;

namespace Retort.Bench;

/// <summary>Made speech against real time, resampling, and the scores of SLURP's and AudioSet's whole test sets.</summary>
internal static class SpeechBench
{
    private const int Utterances = 400, Predictions = 13_078;

    public static IEnumerable<Row> All() => new Func<Row>[] { Making, Scoring, Tagging, Resampling }.Select(row => row());

    private static Row Making()
    {
        var cache = Environment.GetEnvironmentVariable("RETORT_CACHE");
        var folder = Directory.CreateTempSubdirectory("retort-bench-").FullName;
        try
        {
            Environment.SetEnvironmentVariable("RETORT_CACHE", folder);
            var (watch, start) = (Stopwatch.StartNew(), ProcessorSeconds());
            var data = SyntheticSpeech.Of(new SyntheticSpeechSettings { TrainUtterances = Utterances }, Split.Train);
            // Of the processor's time two cores are asked for; espeak-ng's processes count.
            var seconds = Pair.OfProcessor ? (ProcessorSeconds() - start) / 2 : watch.Elapsed.TotalSeconds;
            var spoken = Enumerable.Range(0, data.Count).Sum(data.Length) / 16_000.0;
            return new Row("made speech", FormattableString.Invariant($"{spoken / seconds:F0} times real time ({spoken:F0} s in {Utterances} utterances)"), "200", spoken / seconds >= 200);
        }
        finally
        {
            Environment.SetEnvironmentVariable("RETORT_CACHE", cache);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Row Scoring()
    {
        var draw = RandomStream.Of(0, "bench");
        string Words(int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ => $"word{draw.Next(2000)}"));
        Meaning Of() => new($"scenario{draw.Next(18)}", $"action{draw.Next(46)}", [.. Enumerable.Range(0, draw.Next(4)).Select(_ => new Entity($"type{draw.Next(55)}", Words(1 + draw.Next(4))))]);
        var gold = Enumerable.Range(0, Predictions).ToDictionary(i => $"audio-{i}.flac", _ => Of());
        // Three of four are right but for a filler.
        var predictions = gold.ToDictionary(g => g.Key, g => draw.Next(4) == 0 ? Of() : g.Value with { Entities = [.. g.Value.Entities.Select(e => draw.Next(4) == 0 ? e with { Filler = Words(2) } : e)] });
        var (scores, seconds) = Timed(() => SlurpScorer.Score(gold, predictions));
        return new Row("SLURP's scores", FormattableString.Invariant($"{seconds:F2} s for {scores.Scored:N0} predictions"), "2 s", seconds < 2);
    }

    private static Row Tagging()
    {
        const int items = 20_000, classes = 527;
        var draw = RandomStream.Of(1, "scores");
        var scores = new float[items * classes];
        var targets = new bool[scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = draw.NextSingle();
            targets[i] = (i * 2654435761L & 255) == 0;
        }
        var (_, seconds) = Timed(() => AveragePrecision.Macro(new ScoredItems(scores, targets, classes)));
        return new Row("AudioSet's mAP", FormattableString.Invariant($"{seconds:F2} s for {items:N0} clips and {classes} classes"), "5 s", seconds < 5);
    }

    private static Row Resampling()
    {
        var draw = RandomStream.Of(2, "wave");
        float[] wave = [.. Enumerable.Range(0, 441_000).Select(_ => draw.NextSingle() - 0.5f)];
        var milliseconds = Enumerable.Range(0, 5).Min(_ => Timed(() => Resampler.Resample(wave, 44100, 16000)).Seconds) * 1000;
        return new Row("resampling", FormattableString.Invariant($"{milliseconds:F1} ms for 10 s from 44.1 to 16 kHz"), "100 ms", milliseconds < 100);
    }

    private static (T Result, double Seconds) Timed<T>(Func<T> work)
    {
        var (watch, start) = (Stopwatch.StartNew(), ProcessorSeconds());
        var result = work();
        return (result, Pair.OfProcessor ? ProcessorSeconds() - start : watch.Elapsed.TotalSeconds);
    }

    // Of this process and of its children that have ended.
    private static double ProcessorSeconds()
    {
        var fields = File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ');
        return Environment.CpuUsage.TotalTime.TotalSeconds + (long.Parse(fields[13]) + long.Parse(fields[14])) / 100.0;
    }
}
