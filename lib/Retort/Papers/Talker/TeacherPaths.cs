using Retort.Data;
using Retort.Decoding;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>Where training windows come from.</summary>
public interface ITalkerBatches
{
    /// <summary>Number of samples that rows are drawn from.</summary>
    int Count { get; }

    /// <summary>A batch of these samples.</summary>
    /// <param name="rows">their numbers</param>
    /// <param name="random">a stream of random numbers for a purpose</param>
    /// <param name="window">frames of a window; 0 for the settings'</param>
    TalkerBatch Batch(IReadOnlyList<int> rows, Func<string, RandomStream> random, int window = 0);
}

/// <summary>
/// Ours, not the paper's: step distillation by the teacher's stored DDIM paths. At eta 0 a path is a function of its first noise and its
/// condition, so it is walked once, a few of its points are kept, and a student of n steps learns to go from one kept point to the next in one
/// step. That is progressive distillation (Salimans and Ho, 2022) in one stage: the target is the clean sample that leads there (their
/// algorithm 2), on the points where a sampler meets the student instead of on noised data.
/// </summary>
public sealed class TeacherPaths : ITalkerBatches, IDisposable
{
    private readonly Tensor points;
    private readonly MotionCondition condition;
    private readonly int students;

    private TeacherPaths(Tensor points, MotionCondition condition, IReadOnlyList<long> pointTimes, int students) =>
        (this.points, this.condition, PointTimes, this.students) = (points, condition, pointTimes, students);

    /// <summary>The diffusion step of each kept point, falling; the path's end has none.</summary>
    public IReadOnlyList<long> PointTimes { get; }

    /// <summary>The steps at which a student of this many is asked.</summary>
    public IReadOnlyList<long> Times => [.. Enumerable.Range(0, students).Select(i => PointTimes[i * PointTimes.Count / students])];

    /// <inheritdoc/>
    public int Count => (int)points.shape[1];

    /// <summary>Walks the teacher's paths for windows of the training clips, or reads them where these have been walked before: kept by the hash of weights, data and settings.</summary>
    /// <param name="teacher">predicts the clean sample</param>
    /// <param name="data">the clips</param>
    /// <param name="windows">paths, of random windows and noises</param>
    /// <param name="seed">of both</param>
    /// <param name="steps">DDIM steps of the teacher, spaced as published</param>
    /// <param name="kept">points to keep of each path beside its end, evenly spaced: the most steps that a student can have</param>
    public static TeacherPaths Store(MotionDenoiser teacher, TalkerData data, int windows, long seed, int steps = 50, int kept = 4)
    {
        var grid = DdimSampler.Timesteps(steps);
        if (kept < 1 || kept > steps || windows < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(kept), kept, $"expected 1 to {steps} points of a path of {steps} steps, and one window or more");
        }
        int[] at = [.. Enumerable.Range(0, kept).Select(i => i * steps / kept), steps];
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var hash = Hashing.Of(["teacher paths 1", data.ResultKey, $"{data.Settings.Window} {windows} {seed} {steps} {kept}", StateDict.Hash(teacher)]);
        var file = Path.Combine(Cache.Entry("talker-paths", hash, folder =>
        {
            using var part = NewDisposeScope();
            var (made, of) = Walk(teacher, data, windows, seed, grid, at);
            SafeTensors.Save(Path.Combine(folder, "paths.safetensors"), [("points", made), ("canonical", of.Canonical), ("reference", of.Reference), ("audio", of.Audio)]);
        }), "paths.safetensors");
        var read = SafeTensors.Load(file);
        Tensor Own(string name) => read[name].DetachFromDisposeScope();
        return new TeacherPaths(Own("points"), new MotionCondition(Own("canonical"), Own("reference"), Own("audio")), [.. at[..^1].Select(i => grid[i])], kept);
    }

    /// <summary>The same paths for a student of fewer steps; it shares the tensors.</summary>
    /// <param name="steps">a divisor of the kept points' number</param>
    public TeacherPaths For(int steps) => steps >= 1 && PointTimes.Count % steps == 0 ? new(points, condition, PointTimes, steps)
        : throw new ArgumentOutOfRangeException(nameof(steps), steps, $"expected a divisor of {PointTimes.Count}");

    /// <summary>
    /// A batch for the student: <see cref="TalkerBatch.Noised"/> is a kept point, <see cref="TalkerBatch.Steps"/> its step, and
    /// <see cref="TalkerBatch.Clean"/> the sample from which one DDIM step lands on the next kept point. <see cref="TalkerBatch.Weights"/> make an
    /// error of that sample count as the error of the landing. The segments of a path come in equal shares.
    /// </summary>
    /// <param name="rows">numbers of paths</param>
    /// <param name="random">a stream of random numbers for a purpose</param>
    /// <param name="window">must be 0 or the paths' own</param>
    public TalkerBatch Batch(IReadOnlyList<int> rows, Func<string, RandomStream> random, int window = 0)
    {
        if (window != 0 && window != points.shape[2])
        {
            throw new ArgumentOutOfRangeException(nameof(window), window, $"the stored paths have windows of {points.shape[2]} frames");
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (first, stride) = (random("segment").Next(students), PointTimes.Count / students);
        int[] segments = [.. Enumerable.Range(0, rows.Count).Select(i => (first + i) % students)];
        var flat = points.flatten(0, 1);
        Tensor At(Func<int, int> point) => flat.index_select(0, tensor(rows.Zip(segments).Select(p => (long)point(p.Second) * Count + p.First).ToArray()));
        Tensor here = At(s => s * stride), next = At(s => (s + 1) * stride), noise = At(_ => 0);
        var times = Times;
        Tensor Factor(Func<double, double> of, int later) => tensor(segments.Select(s => (float)of(s + later < students ? NoiseSchedule.Published.Kept[(int)times[s + later]] : 1)).ToArray()).view(-1, 1, 1);
        Tensor signal = Factor(Math.Sqrt, 0), signalNext = Factor(Math.Sqrt, 1);
        var share = Factor(a => Math.Sqrt(1 - a), 1) / Factor(a => Math.Sqrt(1 - a), 0);
        // x' = s' x0 + share (x - s x0), solved for x0; an error of x0 moves x' by this lever.
        var lever = signalNext - share * signal;
        var clean = (next - share * here) / lever;
        var weights = lever.square();
        var index = tensor(rows.Select(r => (long)r).ToArray());
        Tensor Out(Tensor t) => t.MoveToOuterDisposeScope();
        var of = new MotionCondition(Out(condition.Canonical.index_select(0, index)), Out(condition.Reference.index_select(0, index)), Out(condition.Audio.index_select(0, index)));
        return new TalkerBatch(Out(clean), of, Out(noise), Out(tensor(segments.Select(s => times[s]).ToArray())), Out(here))
        {
            Weights = Out(weights / weights.mean()),
        };
    }

    /// <summary>Frees the tensors, of what <see cref="For"/> gave, too.</summary>
    public void Dispose()
    {
        foreach (var t in new[] { points, condition.Canonical, condition.Reference, condition.Audio })
        {
            t.Dispose();
        }
    }

    private static (Tensor Points, MotionCondition Condition) Walk(MotionDenoiser teacher, TalkerData data, int windows, long seed, long[] grid, int[] at)
    {
        var order = new SampleOrder(data.Train.Clips.Count, seed);
        var batches = new List<int[]>();
        for (var done = 0; done < windows; done += batches[^1].Length)
        {
            var clips = order.Batch(batches.Count, data.Settings.Batch).Samples;
            batches.Add(clips[..Math.Min(clips.Length, windows - done)]);
        }
        // Batches beside one another, each on one core: an operator on two gains nothing here.
        var parts = new (Tensor[] Points, MotionCondition Condition)[batches.Count];
        var workers = Math.Min(Environment.ProcessorCount, batches.Count);
        AllCores.Beside([.. Enumerable.Range(0, workers).Select(worker => (Action)(() =>
        {
            for (var number = worker; number < batches.Count; number += workers)
            {
                parts[number] = Walk(teacher, data, batches[number], purpose => RandomStream.Of(seed, "path " + purpose, epoch: number), grid, at);
            }
        }))]);
        Tensor Join(Func<(Tensor[] Points, MotionCondition Condition), Tensor> of)
        {
            var all = parts.Select(of).ToArray();
            var joined = cat(all, 0);
            Array.ForEach(all, t => t.Dispose());
            return joined;
        }
        return (stack([.. Enumerable.Range(0, at.Length).Select(k => Join(p => p.Points[k]))]), new(Join(p => p.Condition.Canonical), Join(p => p.Condition.Reference), Join(p => p.Condition.Audio)));
    }

    // A batch's paths; the caller frees them.
    private static (Tensor[] Points, MotionCondition Condition) Walk(MotionDenoiser teacher, TalkerData data, int[] clips, Func<string, RandomStream> random, long[] grid, int[] at)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var batch = data.Batch(clips, random);
        using var prepared = teacher.Prepare(batch.Condition);
        var points = new List<Tensor> { batch.Noise.DetachFromDisposeScope() };
        DdimSampler.Sample(prepared.Predict, batch.Noise, grid, target: DiffusionTarget.Sample, watch: (i, x, _) =>
        {
            if (at.Contains(i + 1))
            {
                points.Add(x.clone().DetachFromDisposeScope());
            }
        });
        return ([.. points], new(batch.Condition.Canonical.DetachFromDisposeScope(), batch.Condition.Reference.DetachFromDisposeScope(), batch.Condition.Audio.DetachFromDisposeScope()));
    }
}
