using Retort.Data;
using Retort.Decoding;
using Retort.Losses;
using Retort.Metrics;
using Retort.Models;
using Retort.Torch;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>One row of the ablation: how a denoiser is trained, and how motion is made with it.</summary>
/// <param name="Name">in tables</param>
/// <param name="Loss">a model and a batch to a scalar loss</param>
/// <param name="Sample">a model, a window's condition and noise (B, T, 70) to its motion (B, T, 70)</param>
public sealed record TalkerArm(string Name, Func<MotionDenoiser, TalkerBatch, Tensor> Loss, Func<MotionDenoiser, MotionCondition, Tensor, Tensor> Sample) : IArm
{
    /// <summary>The denoiser, where it is not the experiment's.</summary>
    public MotionDenoiserSettings? Model { get; init; }

    /// <summary>Frames of a window, where they are not the experiment's; the batch changes so that a step sees as many frames.</summary>
    public int Window { get; init; }

    /// <summary>Frames that windows share when a track is made; 0 as published.</summary>
    public int Overlap { get; init; }

    /// <summary>The run whose weights the arm begins with, where it has one: results of other weights are not taken for its own.</summary>
    public string From { get; init; } = "";
}

/// <summary>Trains arms and measures what they generate for the test clips.</summary>
public static class TalkerTraining
{
    /// <summary>The published default: the error of the predicted noise (what an arm's own function replaces).</summary>
    public static Tensor NoiseLoss(MotionDenoiser model, TalkerBatch batch) => MotionLosses.MeanSquared(model.Predict(batch.Noised, batch.Steps, batch.Condition), batch.Noise);

    /// <summary>DDIM of a number of steps with the audio's part computed once a window.</summary>
    /// <param name="model">the denoiser</param>
    /// <param name="condition">the window's condition</param>
    /// <param name="noise">(B, T, 70)</param>
    /// <param name="steps">denoiser passes</param>
    /// <param name="target">what the denoiser was trained to say</param>
    /// <param name="fromTheLast">whether the first step is the schedule's last (<see cref="DdimSampler.Timesteps"/>); published: no</param>
    public static Tensor Ddim(MotionDenoiser model, MotionCondition condition, Tensor noise, int steps, DiffusionTarget target = DiffusionTarget.Noise, bool fromTheLast = false)
    {
        using var prepared = model.Prepare(condition);
        return DdimSampler.Sample(prepared.Predict, noise, DdimSampler.Timesteps(steps, fromTheLast: fromTheLast), target: target);
    }

    /// <summary>Trains an arm for a seed, or reads the weights of a run that has ended, and measures it on the test clips.</summary>
    /// <param name="arm">the arm</param>
    /// <param name="data">the data</param>
    /// <param name="judge">of lip sync</param>
    /// <param name="run">seed, folder and progress</param>
    /// <param name="start">weights to begin with; null for fresh ones</param>
    /// <param name="steps">steps of training; null for the settings'</param>
    public static ArmOutcome Run(TalkerArm arm, TalkerData data, MotionSync judge, ArmContext run, Action<MotionDenoiser>? start = null, int? steps = null)
    {
        using var model = Train(arm, data, run, start, steps, out var seconds);
        return Measure(arm, model, data, judge, run.Seed, seconds);
    }

    /// <summary>The model of an arm.</summary>
    public static MotionDenoiser Model(TalkerArm arm, TalkerSettings settings, long seed) => new(arm.Model ?? settings.Denoiser, seed);

    /// <summary>An arm's model with the weights of a run's folder.</summary>
    public static MotionDenoiser Load(TalkerArm arm, TalkerSettings settings, string folder)
    {
        var model = Model(arm, settings, 0);
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder, RunFolder.ModelName);
        Weights.Load(model, Weights.Read(path), source: path);
        model.eval();
        return model;
    }

    private static MotionDenoiser Train(TalkerArm arm, TalkerData data, ArmContext run, Action<MotionDenoiser>? start, int? length, out double seconds)
    {
        var settings = data.Settings;
        var window = arm.Window == 0 ? settings.Window : arm.Window;
        var batch = Math.Max(1, settings.Batch * settings.Window / window);
        var steps = length ?? settings.Steps;
        var model = Model(arm, settings, run.Seed);
        start?.Invoke(model);
        var order = new SampleOrder(data.Train.Clips.Count, run.Seed);
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => order.Batch(step, batch).Samples,
            Rate = Schedule.WarmUp(settings.WarmUp, settings.LearningRate, Schedule.Cosine(settings.LearningRate, Math.Max(1, steps - settings.WarmUp))),
            Step = context => arm.Loss(model, data.Batch(context.Batch, purpose => context.Random(purpose), window)),
            Settings = new { Denoiser = model.Settings, arm.Name, window, batch, Data = data.ResultKey },
        }, new TrainSettings
        {
            Seed = run.Seed,
            Steps = steps,
            Adam = new() { Beta1 = 0.95, WeightDecay = 1e-6, Decoupled = true, SpareVectors = true },
            ClipNorm = 50,
            Final = FinalWeights.Last,
            LogEvery = Math.Max(1, steps / 50),
        }, run.Folder, run.Progress, run.Cancel);
        seconds = result.Seconds;
        return model;
    }

    /// <summary>What an arm's model generates for the test clips, measured clip by clip.</summary>
    public static ArmOutcome Measure(TalkerArm arm, MotionDenoiser model, TalkerData data, MotionSync judge, long seed, double trainSeconds = 0)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (test, samples) = (data.Test, data.Settings.Samples);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var made = data.Generate(test, (condition, noise) => arm.Sample(model, condition, noise), samples, seed, arm.Window, arm.Overlap);
        var seconds = clock.Elapsed.TotalSeconds;
        var clips = test.Clips.Count;
        Tensor motion = data.Denormalise(made), truth = data.Denormalise(test.Motion).repeat([samples, 1, 1]);
        // One number a clip: the mean of its samples.
        float[] ByClip(IReadOnlyList<double> rows) => [.. Enumerable.Range(0, clips).Select(c => (float)Enumerable.Range(0, samples).Average(s => rows[s * clips + c]))];
        var sync = judge.Judge(made, test.Audio.repeat([samples, 1, 1]));
        var outputs = new Dictionary<string, float[]>
        {
            ["lip r"] = ByClip(MotionMetrics.LipCorrelation(motion, truth)),
            ["lip r shifted"] = ByClip(MotionMetrics.LipCorrelation(motion, truth, 17)),
            ["pose deviation"] = ByClip(MotionMetrics.PoseDeviation(motion)),
            ["pose deviation of truth"] = ByClip(MotionMetrics.PoseDeviation(truth)),
            ["acceleration"] = ByClip(MotionMetrics.Acceleration(motion)),
            ["acceleration of truth"] = ByClip(MotionMetrics.Acceleration(truth)),
            ["spread"] = [.. MotionMetrics.Spread(motion.view(samples, clips, -1, FaceClip.Width)).Select(v => (float)v)],
            ["LSE-D"] = ByClip([.. sync.Select(s => s.Distance)]),
            ["LSE-C"] = ByClip([.. sync.Select(s => s.Confidence)]),
            ["distances"] = [.. Enumerable.Range(0, sync[0].Distances.Count).Select(i => (float)sync.Average(s => s.Distances[i]))],
            ["speed"] = [.. MotionMetrics.SpeedByFrame(motion).Select(v => (float)v)],
            ["motion"] = motion.contiguous().data<float>().ToArray(),
        };
        var values = new Dictionary<string, double>
        {
            ["seconds of training"] = trainSeconds,
            ["frames a second"] = samples * clips * (data.Settings.Faces.Frames - 1) / seconds,
        };
        if (samples * clips >= 13 && clips >= 13)
        {
            values["Fréchet"] = MotionMetrics.Frechet(data.Denormalise(test.Motion), motion);
        }
        return new ArmOutcome(values, null, outputs);
    }

    /// <summary>The measures of a report, lip correlation first; speakers are clusters.</summary>
    public static IReadOnlyList<Measure> Measures(TalkerData data)
    {
        var clips = data.Test.Clips;
        Measure Of(string name, string unit, string format, Func<RunOutputs, double[]> numbers, bool lower = false) => new(name, clips.Count, (outputs, weights) =>
        {
            var rows = numbers(outputs);
            return Enumerable.Range(0, rows.Length).Sum(i => rows[i] * (weights?[i] ?? 1)) / (weights?.Sum() ?? rows.Length);
        })
        { Unit = unit, Format = format, LowerIsBetter = lower, Clusters = [.. clips.Select(c => c.Speaker)] };
        static double[] Plain(RunOutputs o, string name) => [.. o[name].Select(v => (double)v)];
        static double[] Ratio(RunOutputs o, string name) => [.. o[name].Zip(o[name + " of truth"], (a, b) => (double)a / b)];
        return
        [
            Of("lip r", "", "F2", o => Plain(o, "lip r")),
            Of("lip r shifted", "", "F2", o => Plain(o, "lip r shifted")),
            Of("LSE-D", "", "F3", o => Plain(o, "LSE-D"), lower: true),
            Of("LSE-C", "", "F3", o => Plain(o, "LSE-C")),
            Of("pose deviation", "degrees", "F2", o => Plain(o, "pose deviation")),
            Of("pose ratio", "of truth", "F2", o => Ratio(o, "pose deviation")),
            Of("acceleration ratio", "of truth", "F2", o => Ratio(o, "acceleration"), lower: true),
            Of("spread", "degrees", "F2", o => Plain(o, "spread")),
        ];
    }
}
