using Retort.Audio;
using Retort.Data;
using Retort.Decoding;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>What a loss is given: windows of motion with what they are denoised under.</summary>
/// <param name="Clean">x0 (B, T, 70), normalised motion</param>
/// <param name="Condition">canonical keypoints, the frame before the window, audio</param>
/// <param name="Noise">(B, T, 70), standard normal</param>
/// <param name="Steps">(B), int64: the diffusion step of each window, uniform</param>
/// <param name="Noised">x_t (B, T, 70) under the published schedule</param>
public sealed record TalkerBatch(Tensor Clean, MotionCondition Condition, Tensor Noise, Tensor Steps, Tensor Noised)
{
    /// <summary>(B), uniform in 0..1, for what a loss of one's own draws by window: which of them hear no audio, say.</summary>
    public Tensor? Draws { get; init; }

    /// <summary>(B, 1, 1), of mean 1 or so: how much the error of each window's clean sample counts, where the batch knows.</summary>
    public Tensor? Weights { get; init; }
}

/// <summary>Clips as tensors (C, F, ...), normalised by the training clips.</summary>
/// <param name="Clips">the clips</param>
/// <param name="Motion">(C, F, 70)</param>
/// <param name="Canonical">(C, 70): seven zeros, then 63 coordinates</param>
/// <param name="Audio">(C, F, A)</param>
public sealed record TalkerClips(IReadOnlyList<FaceClip> Clips, Tensor Motion, Tensor Canonical, Tensor Audio);

/// <summary>The synthetic faces of an experiment, ready for training: motion and canonical keypoints normalised, audio whitened.</summary>
public sealed class TalkerData : ITalkerBatches, IResultKey, IDisposable
{
    private readonly Tensor mean, deviation, audioMean, audioBasis;

    /// <summary>Makes the data, or reads them from the cache.</summary>
    /// <param name="settings">the experiment's settings</param>
    /// <exception cref="BadInputException">libespeak-ng is missing or fails.</exception>
    public TalkerData(TalkerSettings settings)
    {
        Settings = settings;
        var splits = new[] { Split.Train, Split.Validation, Split.Test }.Select(split => SyntheticFaces.Of(settings.Faces, split)).ToArray();
        ResultKey = Hashing.Of(["talker data 1", .. splits.Select(s => s.Hash), $"{settings.Denoiser.Audio}"]);
        Normalisation = MotionNormalisation.Of(splits[0].Clips);
        using var alone = Threads.RunWith(1);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        mean = tensor(Normalisation.Mean).DetachFromDisposeScope();
        deviation = tensor(Normalisation.Deviation).DetachFromDisposeScope();
        var windows = splits.Select(s => stack([.. s.Clips.Select(AudioWindows)])).ToArray();
        var flat = windows[0].flatten(0, 1);
        audioMean = flat.mean([0]).DetachFromDisposeScope();
        // Whitened principal components of the mel windows; the published features are a frozen network's.
        var centred = flat - audioMean;
        var (values, vectors) = linalg.eigh((matmul(centred.t(), centred) / (flat.shape[0] - 1)).to(float64));
        var kept = settings.Denoiser.Audio;
        audioBasis = (vectors.narrow(1, vectors.shape[1] - kept, kept) / values.narrow(0, values.shape[0] - kept, kept).clamp_min(1e-6).sqrt()).to(float32).DetachFromDisposeScope();
        var made = splits.Zip(windows).Select(p => Tensors(p.First.Clips, p.Second)).ToArray();
        (Train, Validation, Test) = (made[0], made[1], made[2]);
    }

    /// <summary>The settings.</summary>
    public TalkerSettings Settings { get; }

    /// <summary>Means and deviations of the training clips.</summary>
    public MotionNormalisation Normalisation { get; }

    /// <summary>The training clips.</summary>
    public TalkerClips Train { get; }

    /// <summary>Clips on which settings are chosen.</summary>
    public TalkerClips Validation { get; }

    /// <summary>Clips on which arms are measured.</summary>
    public TalkerClips Test { get; }

    /// <inheritdoc/>
    public string ResultKey { get; }

    /// <summary>Number of training clips.</summary>
    public int Count => Train.Clips.Count;

    /// <summary>A training batch: one random stretch of each clip.</summary>
    /// <param name="clips">numbers of training clips</param>
    /// <param name="random">a stream of random numbers for a purpose</param>
    /// <param name="window">frames of a window; 0 for the settings'</param>
    public TalkerBatch Batch(IReadOnlyList<int> clips, Func<string, RandomStream> random, int window = 0)
    {
        window = window == 0 ? Settings.Window : window;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (starts, count) = (random("start"), clips.Count);
        var parts = clips.Select(c => (Clip: c, Start: starts.Next(Settings.Faces.Frames - window))).ToArray();
        Tensor Cut(Tensor all, int skip, int frames) => stack([.. parts.Select(p => all[p.Clip].narrow(0, p.Start + skip, frames))]);
        var clean = Cut(Train.Motion, 1, window);
        var audio = Cut(Train.Audio, 1, window);
        if (Settings.AudioNoise > 0 && random("audio noise?").Chance(Settings.AudioNoise))
        {
            audio = audio + Normal(random("audio noise"), audio.shape) * audio.std() + audio.mean();
        }
        var noise = Normal(random("noise"), clean.shape);
        var draws = random("step");
        var steps = tensor(Enumerable.Range(0, count).Select(_ => (long)draws.Next(NoiseSchedule.Published.Steps)).ToArray());
        Tensor Out(Tensor t) => t.MoveToOuterDisposeScope();
        var condition = new MotionCondition(Out(Train.Canonical.index_select(0, tensor(clips.Select(c => (long)c).ToArray()))), Out(Cut(Train.Motion, 0, 1).select(1, 0).clone()), Out(audio));
        return new TalkerBatch(Out(clean), condition, Out(noise), Out(steps), Out(NoiseSchedule.Published.Noised(clean, noise, steps)))
        {
            Draws = Out(Uniform(random("draw"), count)),
        };

        static Tensor Uniform(RandomStream random, int count) => tensor(Enumerable.Range(0, count).Select(_ => (float)random.NextDouble()).ToArray());
    }

    /// <summary>Motion in degrees and keypoint units of normalised motion (..., 70).</summary>
    public Tensor Denormalise(Tensor motion) => motion * deviation + mean;

    /// <summary>
    /// Motion (S N, F, 70), normalised, of clips of one length: S samples of each, window after window from the clip's first frame; the
    /// frames after it are made.
    /// </summary>
    /// <param name="clips">what is spoken, by whose face</param>
    /// <param name="generate">condition of a window and its noise (S N, window, 70) to its motion</param>
    /// <param name="samples">S</param>
    /// <param name="seed">of the noise</param>
    /// <param name="window">frames of a window; 0 for the settings'</param>
    /// <param name="overlap">frames that windows share; 0 as published</param>
    public Tensor Generate(TalkerClips clips, Func<MotionCondition, Tensor, Tensor> generate, int samples, long seed, int window = 0, int overlap = 0)
    {
        window = window == 0 ? Settings.Window : window;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor Many(Tensor t) => t.repeat([samples, .. Enumerable.Repeat(1L, (int)t.dim() - 1)]);
        Tensor motion = Many(clips.Motion), canonical = Many(clips.Canonical), audio = Many(clips.Audio);
        var frames = motion.shape[1];
        var track = WindowChain.Run(audio.narrow(1, 1, frames - 1), motion.select(1, 0), window, (number, heard, reference) =>
        {
            var noise = Normal(RandomStream.Of(seed, "sample", epoch: number), [motion.shape[0], window, FaceClip.Width]);
            return generate(new MotionCondition(canonical, reference, heard), noise);
        }, overlap);
        return cat([motion.narrow(1, 0, 1), track], 1).MoveToOuterDisposeScope();
    }

    /// <summary>Standard normal numbers of this shape.</summary>
    public static Tensor Normal(RandomStream random, params ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var n in shape)
        {
            count *= n;
        }
        var values = new float[count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)random.Normal();
        }
        return tensor(values, shape.ToArray());
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var t in new[] { Train, Validation, Test }.SelectMany(c => new[] { c.Motion, c.Canonical, c.Audio }).Concat([mean, deviation, audioMean, audioBasis]))
        {
            t.Dispose();
        }
    }

    // The mel windows (F, 320) of a clip's frames, four neighbouring values averaged: 40 bands by 8 columns.
    private static Tensor AudioWindows(FaceClip clip)
    {
        using var scope = NewDisposeScope();
        var windows = Wav2LipMel.Windows(Wav2LipMel.Spectrogram(clip.Samples), clip.Frames);
        return nn.functional.avg_pool2d(windows, 2).flatten(1).MoveToOuterDisposeScope();
    }

    private TalkerClips Tensors(IReadOnlyList<FaceClip> clips, Tensor windows)
    {
        var motion = stack([.. clips.Select(c => tensor(c.Motion, [c.Frames, FaceClip.Width]))]);
        var canonical = stack([.. clips.Select(c => tensor(c.Canonical))]);
        canonical = nn.functional.pad((canonical - tensor(Normalisation.CanonicalMean)) / tensor(Normalisation.CanonicalDeviation), [7, 0]);
        return new TalkerClips(clips, ((motion - mean) / deviation).DetachFromDisposeScope(), canonical.DetachFromDisposeScope(),
            matmul(windows - audioMean, audioBasis).DetachFromDisposeScope());
    }
}
