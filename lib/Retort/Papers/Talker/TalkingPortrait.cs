using Retort.Audio;
using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Models;
using Retort.Models.LivePortrait;
using Retort.Randomness;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>
/// A portrait and a sound to a video, by the published pipeline with the user's published weights: motion extractor, audio encoder,
/// denoiser, warping, decoder, ffmpeg. Use by one thread at a time.
/// </summary>
public sealed class TalkingPortrait : IDisposable
{
    private const int Window = 64, Side = 256;
    private readonly AppearanceExtractor appearance = new();
    private readonly MotionExtractor extractor = new();
    private readonly WarpingNetwork warping = new();
    private readonly SpadeDecoder decoder = new();
    private readonly Wav2LipAudioEncoder encoder = new();
    private readonly MotionDenoiser denoiser = new();
    private readonly StitchingNetwork? stitching;
    private readonly MotionNormalisation normalisation;
    private readonly Device device;

    private TalkingPortrait(IReadOnlyDictionary<string, string> files, Device device)
    {
        this.device = device;
        var problems = new List<string>();
        Fill(appearance, files["appearance_feature_extractor"], problems);
        Fill(extractor, files["motion_extractor"], problems);
        Fill(warping, files["warping_module"], problems);
        Fill(decoder, files["spade_generator"], problems);
        Fill(encoder, files["wav2lip"], problems, n => n.StartsWith("audio_encoder.", StringComparison.Ordinal) ? n : null);
        Fill(denoiser, files["KDTalker"], problems, n => n.StartsWith("point_model.model.", StringComparison.Ordinal) ? n["point_model.model.".Length..] : n);
        if (files.TryGetValue("stitching_retargeting_module", out var stitch))
        {
            stitching = StitchingNetwork.Stitching();
            Fill(stitching, stitch, problems, part: "retarget_shoulder");
        }
        try
        {
            normalisation = MotionNormalisation.Load(files["norm"]);
        }
        catch (BadInputException e)
        {
            problems.Add(e.Message);
            normalisation = null!;
        }
        if (problems.Count > 0)
        {
            Dispose();
            throw new BadInputException(Path.GetDirectoryName(files["KDTalker"]) ?? "", "", string.Join(" | ", problems));
        }
        foreach (var network in Networks)
        {
            network.eval();
            network.to(device);
        }
    }

    private IEnumerable<nn.Module> Networks => new nn.Module?[] { appearance, extractor, warping, decoder, encoder, denoiser, stitching }.OfType<nn.Module>();

    /// <summary>The side of the face that the networks see; 256 as published.</summary>
    internal int FaceSide { get; set; } = Side;

    /// <summary>
    /// Loads the published files from a folder or folders below it, by name: KDTalker, wav2lip, appearance_feature_extractor,
    /// motion_extractor, warping_module, spade_generator (.pth, .pt or .safetensors), norm.npz, and, for stitching, stitching_retargeting_module.
    /// </summary>
    /// <param name="weightsFolder">the folder</param>
    /// <param name="device">null for CUDA where there is one, else the CPU</param>
    /// <param name="trained">
    /// a run folder of <see cref="TalkerPaper.Train"/>, from which KDTalker and norm are taken in place of the published; null for those of <paramref name="weightsFolder"/>
    /// </param>
    /// <exception cref="BadInputException">Files are missing, damaged or do not fit: all named at once.</exception>
    public static TalkingPortrait Open(string weightsFolder, Device? device = null, string? trained = null)
    {
        foreach (var folder in new[] { weightsFolder, trained ?? weightsFolder })
        {
            if (!Directory.Exists(folder))
            {
                throw new BadInputException(folder, "", "there is no such folder; expected the published weights" + (folder == trained ? " or a training run's" : ""));
            }
        }
        var found = new Dictionary<string, string>();
        var missing = new List<string>();
        foreach (var (name, needed) in new[] { ("KDTalker", true), ("wav2lip", true), ("appearance_feature_extractor", true), ("motion_extractor", true), ("warping_module", true),
            ("spade_generator", true), ("norm", true), ("stitching_retargeting_module", false) })
        {
            string[] endings = name == "norm" ? [".npz"] : [".pth", ".pt", ".safetensors"];
            var own = trained is not null && (name is "KDTalker" or "norm");
            var file = Directory.EnumerateFiles(own ? trained! : weightsFolder, name + ".*", SearchOption.AllDirectories).Where(f => endings.Contains(Path.GetExtension(f))).Order(StringComparer.Ordinal).FirstOrDefault();
            if (file is not null)
            {
                found[name] = file;
            }
            else if (needed)
            {
                missing.Add(name + endings[0]);
            }
        }
        if (missing.Count > 0)
        {
            throw new BadInputException(weightsFolder, "", $"{missing.Count} files are missing in it and below{(trained is null ? "" : $" (KDTalker and norm: in {trained})")}: {string.Join(", ", missing)}");
        }
        using var scope = NewDisposeScope();
        return new TalkingPortrait(found, device ?? (cuda.is_available() ? CUDA : CPU));
    }

    /// <summary>Makes a video of the portrait speaking the sound, 25 frames a second; whole or not at all.</summary>
    /// <param name="portrait">a picture: a square crop of a face, or any with <see cref="RenderOptions.Box"/> or <see cref="RenderOptions.Landmarks"/></param>
    /// <param name="speech">a sound file of any format and rate, 40 ms or longer; silence is a sound like any other</param>
    /// <param name="video">where to, ending in .mp4</param>
    /// <param name="options">null for the defaults</param>
    /// <returns>frames of the video</returns>
    /// <exception cref="BadInputException">Picture, sound, box or options cannot be used, the video cannot be written, or ffmpeg is missing.</exception>
    public int Render(string portrait, string speech, string video, RenderOptions? options = null)
    {
        options ??= new RenderOptions();
        options.Check(Window);
        VideoFile.CheckPath(video);
        if (options.Stitch && stitching is null)
        {
            throw new BadInputException("stitching_retargeting_module.pth", "", "is not in the weights' folder, and stitching needs it");
        }
        var picture = PictureFile.Load(portrait);
        var box = Box(picture, portrait, options);
        var sound = AudioFile.Load(speech, Wav2LipMel.SampleRate);
        var frames = Wav2LipMel.Frames(sound.Frames);
        if (frames < 1)
        {
            throw new BadInputException(speech, "", $"{sound.Seconds:0.###} seconds of sound are less than one frame; expected 0.04 or more");
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var face = picture.Part(box).ToTensor(FaceSide).to(device);
        var source = extractor.call(face);
        var features = appearance.call(face);
        var audio = encoder.call(Wav2LipMel.Windows(Wav2LipMel.Spectrogram(sound.Samples), frames).to(device)).to(float32).unsqueeze(0);
        var motion = KalmanSmoother.Smoothed(Motion(source, audio, options), options.Smoothing);
        var keypoints = Driving(source, motion, options);
        var (width, height) = options.PasteBack ? (picture.Width / 2 * 2, picture.Height / 2 * 2) : (2 * FaceSide, 2 * FaceSide);
        VideoFile.Write(video, width, height, Pictures(features, source.Keypoints(), keypoints, options, picture, box), sound, quality: options.Quality);
        return frames;
    }

    /// <summary>The motion, the canonical keypoints and the audio features of a video of a face, frame by frame: what the denoiser is trained on.</summary>
    /// <param name="video">a video with sound whose frames are square crops of a face, or with a box</param>
    /// <param name="box">the face in the first frame's pixels, a square; null for the whole frame, which must be one</param>
    /// <param name="batch">frames at once</param>
    /// <returns>motion (T, 70) in degrees and keypoint units, canonical keypoints (T, 63), audio (T, 512); T = min(frames - 1, audio frames - 2), as published</returns>
    /// <exception cref="BadInputException">The video cannot be read, has no sound, is too short, or is not square and has no box.</exception>
    public (Tensor Motion, Tensor Canonical, Tensor Audio) Extract(string video, (int Left, int Top, int Width, int Height)? box = null, int batch = 32)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var frames = PictureFile.VideoFrames(video, FaceSide, box);
        var sound = AudioFile.Load(video, Wav2LipMel.SampleRate);
        var count = Math.Min(frames.Count - 1, Wav2LipMel.Frames(sound.Frames) - 2);
        if (count < 1)
        {
            throw new BadInputException(video, "", $"{frames.Count} frames and {sound.Seconds:0.##} s of sound are too short for motion; expected three frames or more");
        }
        var (motion, canonical) = (new List<Tensor>(), new List<Tensor>());
        for (var first = 0; first < count; first += batch)
        {
            using var part = NewDisposeScope();
            var faces = cat([.. frames.Skip(first).Take(Math.Min(batch, count - first)).Select(f => f.ToTensor(FaceSide))], 0).to(device);
            var read = extractor.call(faces);
            motion.Add(read.Vector().cpu().MoveToOuterDisposeScope());
            canonical.Add(read.Canonical.flatten(1).cpu().MoveToOuterDisposeScope());
        }
        var windows = Wav2LipMel.Windows(Wav2LipMel.Spectrogram(sound.Samples), count);
        var audio = encoder.call(windows.to(device)).cpu();
        return (cat(motion, 0).MoveToOuterDisposeScope(), cat(canonical, 0).MoveToOuterDisposeScope(), audio.MoveToOuterDisposeScope());
    }

    /// <summary>Frees the networks.</summary>
    public void Dispose()
    {
        foreach (var network in Networks)
        {
            network.Dispose();
        }
    }

    private IDisposable? Precision(RenderOptions options) => !options.Mixed ? null
        : device.type == DeviceType.CUDA ? Autocast.Cuda(ScalarType.BFloat16) : Autocast.CpuHasBFloat16 ? Autocast.Cpu(ScalarType.BFloat16) : null;

    // The generated frames (F, 70) in degrees and keypoint units.
    private Tensor Motion(FaceMotion source, Tensor audio, RenderOptions options)
    {
        Tensor On(float[] values) => tensor(values).to(device);
        Tensor mean = On(normalisation.Mean), deviation = On(normalisation.Deviation);
        var canonical = nn.functional.pad((source.Canonical.flatten(1).to(float32) - On(normalisation.CanonicalMean)) / On(normalisation.CanonicalDeviation), [7, 0]);
        var reference = (source.Vector().to(float32) - mean) / deviation;
        var track = WindowChain.Run(audio, reference, Window, (number, heard, before) =>
        {
            var condition = new MotionCondition(canonical, before, heard);
            var noise = TalkerData.Normal(RandomStream.Of(options.Seed, "portrait", epoch: number), [1, Window, FaceClip.Width]).to(device);
            using var precision = Precision(options);
            return denoiser.Sample(condition, noise, DdimSampler.Timesteps(options.Steps), guidance: options.Guidance);
        }, options.Overlap, options.Tail);
        return track[0] * deviation + mean;
    }

    // Keypoints (F, 21, 3) of each frame. Published: angles, expression and shift are the model's, the scale is the portrait's.
    private Tensor Driving(FaceMotion source, Tensor motion, RenderOptions options)
    {
        var frames = motion.shape[0];
        Tensor Column(int m) => motion.select(1, m);
        var rotation = KeypointTransform.Rotation(Column(2), Column(1), Column(3));
        var expression = motion.narrow(1, 7, 63).view(frames, 21, 3);
        var translation = motion.narrow(1, 4, 3);
        var scale = source.Scale.expand(frames);
        if (options.Relative)
        {
            var own = KeypointTransform.Rotation(source.Pitch, source.Yaw, source.Roll);
            rotation = matmul(matmul(rotation, rotation.narrow(0, 0, 1).transpose(1, 2)), own);
            expression = source.Expression + (expression - expression.narrow(0, 0, 1));
            translation = source.Translation + (translation - translation.narrow(0, 0, 1));
            scale = scale * Column(0) / Column(0)[0];
        }
        var driving = KeypointTransform.Apply(source.Canonical, rotation, expression, scale, translation);
        return options.Stitch ? stitching!.Stitch(source.Keypoints(), driving) : driving;
    }

    private IEnumerable<Picture> Pictures(Tensor features, Tensor source, Tensor driving, RenderOptions options, Picture whole, (int Left, int Top, int Width, int Height) box)
    {
        using var face = warping.Prepare(features, source);
        using var painter = decoder.Prepare(options.Mixed && (device.type == DeviceType.CUDA || Autocast.CpuHasBFloat16));
        for (long first = 0; first < driving.shape[0]; first += options.Batch)
        {
            var count = Math.Min(options.Batch, driving.shape[0] - first);
            byte[] bytes;
            int side;
            using (NewDisposeScope())
            {
                var warped = face.Warp(driving.narrow(0, first, count)).Features;
                var drawn = painter.Draw(warped);
                if (options.PasteBack)
                {
                    drawn = nn.functional.interpolate(drawn, [box.Height, box.Width], mode: InterpolationMode.Bilinear, align_corners: false);
                }
                side = (int)drawn.shape[3];
                bytes = (drawn.clamp(0, 1) * 255).to(uint8).permute(0, 2, 3, 1).contiguous().cpu().data<byte>().ToArray();
            }
            var size = bytes.Length / (int)count;
            for (var i = 0; i < count; i++)
            {
                var picture = new Picture(side, size / 3 / side, bytes.AsSpan(i * size, size).ToArray());
                yield return options.PasteBack ? whole.With(picture, box) : picture;
            }
        }
    }

    private static (int Left, int Top, int Width, int Height) Box(Picture picture, string path, RenderOptions options)
    {
        if ((options.Box ?? (options.Landmarks is { } found ? FaceLandmarks.Box(found, picture.Width, picture.Height, path) : null)) is not { } box)
        {
            return options.PasteBack ? throw new BadInputException(path, "", "pasting back needs the face's box or landmarks (RenderOptions.Box, RenderOptions.Landmarks)")
                : picture.Width == picture.Height ? (0, 0, picture.Width, picture.Height)
                : throw new BadInputException(path, "", $"is {picture.Width} x {picture.Height}; expected a square crop of a face, or a box or landmarks of the face (RenderOptions.Box, RenderOptions.Landmarks): faces are not searched for");
        }
        PictureFile.RequireSquare(box, picture.Width, picture.Height, path);
        return box;
    }

    // The prefix "module." of parallel training is dropped; a null name is of a part that is not used here.
    private static void Fill(nn.Module network, string file, List<string> problems, Func<string, string?>? name = null, string? part = null)
    {
        try
        {
            using var scope = NewDisposeScope();
            var read = part is null || Path.GetExtension(file) == ".safetensors" ? Weights.Read(file) : PyTorchFile.LoadStateDict(file, part);
            var named = read.Select(w => (Name: w.Key.StartsWith("module.", StringComparison.Ordinal) ? w.Key["module.".Length..] : w.Key, w.Value));
            Weights.Load(network, named.Select(w => (Name: name is null ? w.Name : name(w.Name), w.Value)).Where(w => w.Name is not null).ToDictionary(w => w.Name!, w => w.Value), source: file);
        }
        catch (BadInputException e)
        {
            problems.Add(e.Message);
        }
    }
}
