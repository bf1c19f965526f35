using System.Text.Json.Serialization;
using Retort.Data;
using Retort.Decoding;
using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>The published training recipe. The defaults are the paper's.</summary>
public sealed record TalkerPaperSettings
{
    /// <summary>The denoiser.</summary>
    public MotionDenoiserSettings Denoiser { get; init; } = new();

    /// <summary>Frames of a window.</summary>
    public int Window { get; init; } = 64;

    /// <summary>Windows of a step.</summary>
    public int Batch { get; init; } = 256;

    /// <summary>Steps.</summary>
    public long Steps { get; init; } = 500_000;

    /// <summary>Highest learning rate: 2e-6 a window of the batch.</summary>
    public double LearningRate { get; init; } = 5.12e-4;

    /// <summary>Steps of linear warm-up, then half a cosine to 0.</summary>
    public long WarmUp { get; init; } = 2_000;

    /// <summary>Probability that a batch's audio gets noise of the mean and deviation of the whole batch, zero tokens included.</summary>
    public double AudioNoise { get; init; } = 0.7;

    /// <summary>Share of a batch's windows that hear nothing (zeros), which guidance needs (<see cref="RenderOptions.Guidance"/>); an option of ours, published: 0.</summary>
    public double AudioDropout { get; init; }

    /// <summary>Share of the clips on which the loss is validated.</summary>
    public double Validation { get; init; } = 0.02;

    /// <summary>Steps between validations.</summary>
    public long EvaluateEvery { get; init; } = 5_000;

    /// <summary>Steps between checkpoints; does not change the run's numbers.</summary>
    [JsonIgnore]
    public long CheckpointEvery { get; init; } = 10_000;

    /// <summary>The seed.</summary>
    public long Seed { get; init; } = 42;
}

/// <summary>
/// The paper's size on the user's videos: extract motion once, then train the published denoiser, on a GPU where there is one. Both stages go on
/// where they were stopped.
/// </summary>
public static class TalkerPaper
{
    /// <summary>Extracts the motion of every video of a folder into one file each; what is there already is left alone.</summary>
    /// <param name="videoFolder">videos (.mp4, .mov, .mkv, .avi, .webm) whose frames are square crops of a face, or any with a box</param>
    /// <param name="weightsFolder">the published weights (<see cref="TalkingPortrait.Open"/>)</param>
    /// <param name="clipFolder">where the files go</param>
    /// <param name="box">the face in each video's first frame, a square; null for whole frames, which must be square: nothing is stretched</param>
    /// <returns>videos that could not be used, and why</returns>
    /// <exception cref="BadInputException">A folder is missing, or the weights do not fit.</exception>
    public static IReadOnlyList<(string Video, string Problem)> Extract(string videoFolder, string weightsFolder, string clipFolder, Func<string, (int, int, int, int)?>? box = null)
    {
        using var networks = TalkingPortrait.Open(weightsFolder);
        return Extract(videoFolder, networks, clipFolder, box);
    }

    internal static IReadOnlyList<(string Video, string Problem)> Extract(string videoFolder, TalkingPortrait networks, string clipFolder, Func<string, (int, int, int, int)?>? box)
    {
        if (!Directory.Exists(videoFolder))
        {
            throw new BadInputException(videoFolder, "", "there is no such folder of videos");
        }
        Directory.CreateDirectory(clipFolder);
        var problems = new List<(string, string)>();
        string[] endings = [".mp4", ".mov", ".mkv", ".avi", ".webm"];
        foreach (var video in Directory.EnumerateFiles(videoFolder, "*.*", SearchOption.AllDirectories).Where(f => endings.Contains(Path.GetExtension(f).ToLowerInvariant())).Order(StringComparer.Ordinal))
        {
            var file = Path.Combine(clipFolder, Path.GetRelativePath(videoFolder, video).Replace(Path.DirectorySeparatorChar, '_') + ".safetensors");
            if (File.Exists(file))
            {
                continue;
            }
            try
            {
                using var scope = NewDisposeScope();
                var (motion, canonical, audio) = networks.Extract(video, box?.Invoke(video));
                SafeTensors.Save(file, [("motion", motion), ("kp", canonical), ("audio", audio)]);
            }
            catch (BadInputException e)
            {
                problems.Add((video, e.Message));
            }
        }
        return problems;
    }

    /// <summary>
    /// Trains the denoiser on extracted clips. When it ends, the run's folder holds KDTalker.safetensors (the published names) and norm.npz, with which
    /// <see cref="TalkingPortrait.Open"/> renders (its <c>trained</c>).
    /// </summary>
    /// <param name="clipFolder">what the extraction wrote</param>
    /// <param name="runFolder">weights, normalisation, checkpoints, metrics; a stopped run goes on here</param>
    /// <param name="settings">null for the paper's</param>
    /// <param name="device">null for CUDA where there is one, else the CPU</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops with a checkpoint</param>
    /// <returns>the denoiser, how the run ended, the clips' normalisation, and the number of clips too short for a window</returns>
    /// <exception cref="BadInputException">There are fewer than two clips of a window and a frame, or one is damaged.</exception>
    public static (MotionDenoiser Model, TrainResult Result, MotionNormalisation Normalisation, int TooShort) Train(string clipFolder, string runFolder,
        TalkerPaperSettings? settings = null, Device? device = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        settings ??= new TalkerPaperSettings();
        device ??= cuda.is_available() ? CUDA : CPU;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var files = Directory.Exists(clipFolder) ? Directory.GetFiles(clipFolder, "*.safetensors").Order(StringComparer.Ordinal).ToArray() : [];
        var clips = files.Select(Read).ToArray();
        var tooShort = clips.Count(c => c.Motion.shape[0] < settings.Window + 1);
        clips = [.. clips.Where(c => c.Motion.shape[0] >= settings.Window + 1)];
        if (clips.Length < 2)
        {
            throw new BadInputException(clipFolder, "", $"holds {clips.Length} clips of {settings.Window + 1} frames or more and {tooShort} shorter ones; expected two or more");
        }
        var held = Math.Max(1, (int)(clips.Length * settings.Validation));
        // Held-out clips are drawn, not the first of a sorted folder.
        var order = RandomStream.Of(settings.Seed, "held out").Permutation(clips.Length);
        var (validation, train) = (order[..held], order[held..]);
        IEnumerable<float[]> Rows(Func<(Tensor Motion, Tensor Canonical, Tensor Audio), Tensor> of) => train.SelectMany(i => of(clips[i]).data<float>().ToArray().Chunk((int)of(clips[i]).shape[1]));
        var normalisation = MotionNormalisation.Of(Rows(c => c.Motion), Rows(c => c.Canonical));
        Tensor mean = tensor(normalisation.Mean), deviation = tensor(normalisation.Deviation), kpMean = tensor(normalisation.CanonicalMean), kpDeviation = tensor(normalisation.CanonicalDeviation);
        var model = new MotionDenoiser(settings.Denoiser, settings.Seed);
        model.to(device);

        Tensor Loss(IReadOnlyList<int> chosen, Func<string, RandomStream> random, bool augment)
        {
            var start = random("start");
            var cuts = chosen.Select(i => (Clip: clips[i], At: start.Next((int)clips[i].Motion.shape[0] - settings.Window))).ToArray();
            Tensor Of(Func<(Tensor Motion, Tensor Canonical, Tensor Audio), Tensor> part, int skip, int frames) => stack([.. cuts.Select(c => part(c.Clip).narrow(0, c.At + skip, frames))]);
            var clean = (Of(c => c.Motion, 1, settings.Window) - mean) / deviation;
            var reference = ((Of(c => c.Motion, 0, 1) - mean) / deviation).select(1, 0);
            var canonical = nn.functional.pad(((Of(c => c.Canonical, 0, 1) - kpMean) / kpDeviation).select(1, 0), [7, 0]);
            var audio = Of(c => c.Audio, 1, settings.Window);
            if (augment && random("audio noise?").Chance(settings.AudioNoise))
            {
                // Published: mean and deviation of the whole batch's audio, its two zero tokens included.
                var whole = nn.functional.pad(audio, [0, 0, settings.Denoiser.PrefixTokens, 0]);
                audio = audio + TalkerData.Normal(random("audio noise"), audio.shape) * whole.std() + whole.mean();
            }
            if (augment && settings.AudioDropout > 0)
            {
                var deaf = random("deaf");
                audio = audio * tensor(chosen.Select(_ => deaf.Chance(settings.AudioDropout) ? 0f : 1f).ToArray()).view(-1, 1, 1);
            }
            var noise = TalkerData.Normal(random("noise"), clean.shape);
            var draws = random("step");
            var t = tensor(chosen.Select(_ => (long)draws.Next(NoiseSchedule.Published.Steps)).ToArray());
            var noised = NoiseSchedule.Published.Noised(clean, noise, t);
            var predicted = model.Predict(noised.to(device), t.to(device), new MotionCondition(canonical.to(device), reference.to(device), audio.to(device)));
            return MotionLosses.MeanSquared(predicted, noise.to(device));
        }

        var samples = new SampleOrder(train.Length, settings.Seed);
        var batch = Math.Min(settings.Batch, train.Length);
        using var grad = enable_grad();
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            // Published: the last batch of an epoch is dropped where it would be smaller.
            Order = step => [.. samples.Batch(step, batch, dropLast: true).Samples.Select(i => train[i])],
            Rate = Schedule.WarmUp(settings.WarmUp, settings.LearningRate, Schedule.Cosine(settings.LearningRate, Math.Max(1, settings.Steps - settings.WarmUp))),
            Step = context => Loss(context.Batch, purpose => context.Random(purpose), augment: true),
            Evaluate = () => new Dictionary<string, double> { ["validation loss"] = Loss(validation, purpose => RandomStream.Of(settings.Seed, "validation " + purpose), augment: false).item<float>() },
            Settings = new { settings, Clips = clips.Length },
        }, new TrainSettings
        {
            Seed = settings.Seed,
            Steps = settings.Steps,
            // Published: whatever is called a bias is spared, the table of relative positions (relative_attention_bias) too; norms are not.
            Adam = new() { Beta1 = 0.95, WeightDecay = 1e-6, Decoupled = true, SpareNamed = "bias" },
            ClipNorm = 50,
            EvaluateEvery = settings.EvaluateEvery,
            BestBy = "validation loss",
            LowerIsBetter = true,
            Patience = 0,
            Final = FinalWeights.Last,
            LogEvery = Math.Max(1, settings.Steps / 5_000),
            CheckpointEvery = settings.CheckpointEvery,
        }, runFolder, progress, cancel);
        SafeTensors.Save(Path.Combine(runFolder, "KDTalker.safetensors"), model.state_dict().Select(w => ("point_model.model." + w.Key, w.Value)));
        normalisation.Save(Path.Combine(runFolder, "norm.npz"));
        return (model, result, normalisation, tooShort);
    }

    private static (Tensor Motion, Tensor Canonical, Tensor Audio) Read(string file)
    {
        var read = SafeTensors.Load(file);
        var wrong = new[] { ("motion", 70L), ("kp", 63L), ("audio", 512L) }.Where(p => !read.TryGetValue(p.Item1, out var t) || t.dim() != 2 || t.shape[1] != p.Item2 || t.shape[0] != read.Values.First().shape[0]).ToArray();
        return wrong.Length == 0 ? (read["motion"], read["kp"], read["audio"])
            : throw new BadInputException(file, "", $"expected motion (T, 70), kp (T, 63) and audio (T, 512); wrong or missing: {string.Join(", ", wrong.Select(w => w.Item1))}");
    }
}
