using Retort.Audio;
using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Losses;
using Retort.Metrics;
using Retort.Models;
using Retort.Statistics;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
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

/// <summary>An arm of another family of generators (Table 4): a variational autoencoder, with a critic where its loss asks for one.</summary>
/// <param name="Name">in tables</param>
/// <param name="Loss">a model and a batch to a scalar loss</param>
/// <param name="Sample">a model, a window's condition and noise (B, T, 70) to its motion (B, T, 70)</param>
public sealed record VaeArm(string Name, Func<MotionVae, TalkerBatch, Tensor> Loss, Func<MotionVae, MotionCondition, Tensor, Tensor> Sample) : IArm;

/// <summary>What a run that goes on from another run's weights does differently.</summary>
/// <param name="Weights">fills the model before the first step</param>
/// <param name="Batches">what it learns from</param>
/// <param name="Steps">steps of the optimizer</param>
/// <param name="LearningRate">highest</param>
public sealed record TalkerStart(Action<MotionDenoiser> Weights, ITalkerBatches Batches, int Steps, double LearningRate);

/// <summary>Trains arms and measures what they generate for the test clips.</summary>
public static class TalkerTraining
{
    /// <summary>Trains and measures an arm of either family.</summary>
    public static ArmOutcome Run(IArm arm, TalkerData data, MotionSync judge, ArmContext run) => arm is VaeArm vae ? Run(vae, data, judge, run) : Run((TalkerArm)arm, data, judge, run);

    /// <summary>Trains an arm for a seed, or reads the weights of a run that has ended, and measures it on the test clips.</summary>
    /// <param name="arm">the arm</param>
    /// <param name="data">the data</param>
    /// <param name="judge">of lip sync</param>
    /// <param name="run">seed, folder and progress</param>
    /// <param name="from">where it goes on from other weights; null for fresh ones and the settings' training</param>
    public static ArmOutcome Run(TalkerArm arm, TalkerData data, MotionSync judge, ArmContext run, TalkerStart? from = null)
    {
        var window = arm.Window == 0 ? data.Settings.Window : arm.Window;
        using var model = Model(arm, data.Settings, run.Seed);
        from?.Weights(model);
        var seconds = Fit(model, from?.Batches ?? data, batch => arm.Loss(model, batch), run, data, window, new { Denoiser = model.Settings, arm.Name, window },
            from?.Steps ?? data.Settings.Steps, from?.LearningRate ?? data.Settings.LearningRate);
        return Measure(arm, model, data, judge, run.Seed, seconds);
    }

    /// <summary>Trains and measures an autoencoder's arm; its encoder and decoder have the experiment's denoiser's layers each.</summary>
    public static ArmOutcome Run(VaeArm arm, TalkerData data, MotionSync judge, ArmContext run)
    {
        using var model = new MotionVae(data.Settings.Denoiser, data.Settings.Latent, run.Seed);
        var seconds = Fit(model, data, batch => arm.Loss(model, batch), run, data, data.Settings.Window, new { Denoiser = data.Settings.Denoiser, data.Settings.Latent, arm.Name },
            data.Settings.Steps, data.Settings.LearningRate);
        model.eval();
        return Measure((condition, noise) => arm.Sample(model, condition, noise), data, judge, run.Seed, seconds);
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

    // Windows a step: as many frames as the settings' batch has.
    private static double Fit(nn.Module model, ITalkerBatches batches, Func<TalkerBatch, Tensor> loss, ArmContext run, TalkerData data, int window, object decides, int steps, double rate)
    {
        var settings = data.Settings;
        var batch = Math.Max(1, settings.Batch * settings.Window / window);
        var order = new SampleOrder(batches.Count, run.Seed);
        return TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => order.Batch(step, batch).Samples,
            Rate = Schedule.WarmUp(Math.Min(settings.WarmUp, steps), rate, Schedule.Cosine(rate, Math.Max(1, steps - settings.WarmUp))),
            Step = context => loss(batches.Batch(context.Batch, purpose => context.Random(purpose), window)),
            Settings = new { decides, batch, steps, rate, Data = data.ResultKey },
        }, new TrainSettings
        {
            Seed = run.Seed,
            Steps = steps,
            Adam = new() { Beta1 = 0.95, WeightDecay = 1e-6, Decoupled = true, SpareVectors = true },
            ClipNorm = 50,
            Final = FinalWeights.Last,
            LogEvery = Math.Max(1, steps / 50),
        }, run.Folder, run.Progress, run.Cancel).Seconds;
    }

    /// <summary>What an arm's model generates for the test clips, measured clip by clip.</summary>
    public static ArmOutcome Measure(TalkerArm arm, MotionDenoiser model, TalkerData data, MotionSync judge, long seed, double trainSeconds = 0) =>
        Measure((condition, noise) => arm.Sample(model, condition, noise), data, judge, seed, trainSeconds, arm.Window, arm.Overlap);

    private static ArmOutcome Measure(Func<MotionCondition, Tensor, Tensor> generate, TalkerData data, MotionSync judge, long seed, double trainSeconds, int window = 0, int overlap = 0)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (test, samples) = (data.Test, data.Settings.Samples);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var made = data.Generate(test, generate, samples, seed, window, overlap);
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
            ["beat alignment"] = ByClip(Beats(test.Clips, motion)),
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

    /// <summary>The published Beat Align Score of each track: how near the heads' beats, minima of the keypoints' speed, are to the sound's (<see cref="BeatAlignment"/>).</summary>
    /// <param name="clips">whose sound and face</param>
    /// <param name="motion">(S N, F, 70) in degrees and keypoint units: S rounds of the clips</param>
    public static double[] Beats(IReadOnlyList<FaceClip> clips, Tensor motion)
    {
        using var scope = NewDisposeScope();
        var heard = clips.Select(c => BeatAlignment.AudioBeats(c.Samples, Wav2LipMel.SampleRate)).ToArray();
        return [.. Enumerable.Range(0, (int)motion.shape[0]).Select(i =>
        {
            var points = KeypointTransform.OfMotion(tensor(clips[i % clips.Count].Canonical).view(1, 21, 3), motion[i]);
            return BeatAlignment.Score(heard[i % heard.Length], BeatAlignment.MotionBeats(points.contiguous().data<float>().ToArray(), 63));
        })];
    }

    /// <summary>How far the yaw of one arm's samples is from that of another's with the same noises, in degrees: one number a test clip, mean over frames and samples.</summary>
    /// <param name="report">both arms</param>
    /// <param name="data">the test clips</param>
    /// <param name="arm">an arm</param>
    /// <param name="other">the other: the same network in more steps, say</param>
    /// <param name="seed">a seed of the report</param>
    public static double[] Apart(AblationReport report, TalkerData data, string arm, string other, long seed)
    {
        float[] made = report.Outputs(arm, seed)["motion"], to = report.Outputs(other, seed)["motion"];
        var (clips, frames) = (data.Test.Clips.Count, data.Settings.Faces.Frames);
        var samples = made.Length / FaceClip.Width / frames / clips;
        // Samples stand a round of clips apart; number 1 of a frame is the yaw.
        double Track(int track) => Enumerable.Range(track * frames, frames).Average(f => (double)Math.Abs(made[f * FaceClip.Width + 1] - to[f * FaceClip.Width + 1]));
        return [.. Enumerable.Range(0, clips).Select(c => Enumerable.Range(0, samples).Average(s => Track(s * clips + c)))];
    }

    /// <summary>By how many degrees of yaw one arm is nearer to a third's sample of the same noise than another is, paired by seed and clip; speakers are clusters.</summary>
    /// <param name="report">all three arms</param>
    /// <param name="data">the test clips</param>
    /// <param name="arm">the arm</param>
    /// <param name="than">what it is compared with</param>
    /// <param name="to">whose samples they are to come near to</param>
    public static Effect Nearer(AblationReport report, TalkerData data, string arm, string than, string to)
    {
        var gain = report.Seeds.Select(s => Apart(report, data, than, to, s).Zip(Apart(report, data, arm, to, s), (p, q) => p - q).ToArray()).ToArray();
        return PairedEffect.Of(gain.Length, gain[0].Length, (s, drawn) => gain[s].Select((g, i) => g * (drawn?[i] ?? 1)).Sum() / (drawn?.Sum() ?? gain[s].Length),
            [.. data.Test.Clips.Select(c => c.Speaker)]);
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
            Of("beat alignment", "", "F2", o => Plain(o, "beat alignment")),
            Of("pose deviation", "degrees", "F2", o => Plain(o, "pose deviation")),
            Of("pose ratio", "of truth", "F2", o => Ratio(o, "pose deviation")),
            Of("acceleration ratio", "of truth", "F2", o => Ratio(o, "acceleration"), lower: true),
            Of("spread", "degrees", "F2", o => Plain(o, "spread")),
        ];
    }
}
