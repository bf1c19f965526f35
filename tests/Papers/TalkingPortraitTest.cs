using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Models.LivePortrait;
using Retort.Papers.Talker;
using Retort.Torch;
using TorchSharp;
using static Retort.Tests.FormulaWeights;
using static TorchSharp.torch;

namespace Retort.Tests.Papers;

/// <summary>The whole published pipeline at full size with made weights in the published layout, on a face of half the side.</summary>
[Collection(Alone.Name)]
public sealed class TalkingPortraitTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-portrait").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string In(string name) => Path.Combine(folder, name);

    private void Save(nn.Module module, string name, string prefix)
    {
        using (module)
        using (NewDisposeScope())
        {
            Fill(module);
            SafeTensors.Save(In($"weights/{name}.safetensors"), module.state_dict().Select(s => (prefix + s.Key, s.Value)));
        }
    }

    private void Norm()
    {
        Directory.CreateDirectory(In("weights"));
        using var zip = ZipFile.Open(In("weights/norm.npz"), ZipArchiveMode.Create);
        foreach (var (name, count) in new[] { ("yaw", 1), ("pitch", 1), ("roll", 1), ("scale", 1), ("t", 3), ("exp", 63), ("kp", 63) })
        {
            foreach (var (what, value) in new[] { ("mean", 0f), ("std", name is "yaw" or "pitch" or "roll" ? 5f : 0.02f) })
            {
                var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count},), }}".PadRight(117) + "\n";
                using var stream = zip.CreateEntry($"{name}_{what}.npy").Open();
                stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. Enumerable.Repeat(value, count).SelectMany(BitConverter.GetBytes)]);
            }
        }
    }

    private void Everything()
    {
        Norm();
        Save(new MotionDenoiser(), "KDTalker", "point_model.model.");
        Save(new Wav2LipAudioEncoder(), "wav2lip", "module.");
        Save(new AppearanceExtractor(), "appearance_feature_extractor", "");
        Save(new MotionExtractor(), "motion_extractor", "");
        Save(new WarpingNetwork(), "warping_module", "");
        Save(new SpadeDecoder(), "spade_generator", "");
        Save(StitchingNetwork.Stitching(), "stitching_retargeting_module", "module.");
    }

    private static void Ffmpeg(string arguments, string to)
    {
        using var made = Process.Start("ffmpeg", [.. $"-nostdin -v error -y {arguments}".Split(' '), to]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }

    private void Portrait(string name, int width, int height) =>
        File.WriteAllBytes(In(name), new Picture(width, height, [.. Enumerable.Range(0, 3 * width * height).Select(i => (byte)(i * 7 % 251))]).ToPng());

    private void Sound(string name, int samples, int rate = 16000, int channels = 1) =>
        WavFile.Write(In(name), new Wave([.. Enumerable.Range(0, samples * channels).Select(i => 0.4f * MathF.Sin(0.02f * i))], rate, channels));

    [Fact]
    public void OpenAndRender_PublishedLayout_MakesAVideoWithSoundAndFailsCleanly()
    {
        Everything();
        Portrait("face.png", 128, 128);
        Portrait("wide.png", 150, 100);
        // 0.2 s of stereo at 44.1 kHz: shorter than half a window, which upstream cannot do.
        Sound("speech.wav", 8820, 44100, 2);
        Sound("tiny.wav", 300);
        using var talker = TalkingPortrait.Open(In("weights"), CPU);
        talker.FaceSide = 128;
        var options = new RenderOptions { Steps = 2, Batch = 3, Seed = 4 };
        Assert.Equal(5, talker.Render(In("face.png"), In("speech.wav"), In("talk.mp4"), options));
        var frames = PictureFile.VideoFrames(In("talk.mp4"), 256);
        Assert.Equal(5, frames.Count);
        Assert.True(AudioFile.Load(In("talk.mp4")).Seconds > 0.1);
        // The same seed gives the same file, another seed another; pasted back, the picture's rim stays.
        talker.Render(In("face.png"), In("speech.wav"), In("again.mp4"), options);
        Assert.Equal(PictureFile.VideoFrames(In("talk.mp4"), 256)[4].Rgb, PictureFile.VideoFrames(In("again.mp4"), 256)[4].Rgb);
        talker.Render(In("wide.png"), In("speech.wav"), In("wide.mp4"), options with { Box = (40, 10, 64, 64), PasteBack = true, Stitch = true, Relative = true });
        var wide = PictureFile.Load(In("wide.mp4"));
        Assert.Equal((150, 100), (wide.Width, wide.Height));

        // Landmarks give the box that the published crop would be.
        (double, double)[] five = [(60, 30), (80, 30), (70, 38), (63, 48), (77, 48)];
        var box = FaceLandmarks.Box(five, 150, 100);
        talker.Render(In("wide.png"), In("speech.wav"), In("box.mp4"), options with { Box = box });
        talker.Render(In("wide.png"), In("speech.wav"), In("five.mp4"), options with { Landmarks = five });
        Assert.Equal(PictureFile.VideoFrames(In("box.mp4"), 256)[4].Rgb, PictureFile.VideoFrames(In("five.mp4"), 256)[4].Rgb);

        // Silence is a sound; in bfloat16 and with guidance.
        WavFile.Write(In("silence.wav"), new Wave(new float[1600], 16000, 1));
        Assert.Equal(2, talker.Render(In("face.png"), In("silence.wav"), In("silence.mp4"), options with { Mixed = true, Guidance = 1.5 }));
        Assert.Equal(2, PictureFile.VideoFrames(In("silence.mp4"), 256).Count);

        string Error(string portrait, string sound, RenderOptions o, string video = "bad.mp4") =>
            Assert.Throws<BadInputException>(() => talker.Render(In(portrait), In(sound), In(video), o)).Message;
        Assert.Contains("150 x 100", Error("wide.png", "speech.wav", options));
        Assert.Contains("box", Error("wide.png", "speech.wav", options with { Box = (100, 50, 64, 64) }));
        Assert.Contains("expected a square", Error("wide.png", "speech.wav", options with { Box = (0, 0, 64, 50) }));
        var beyond = Error("face.png", "speech.wav", new() { Steps = 0, Overlap = 64, Guidance = double.NaN, Batch = 0, Smoothing = -1, Quality = 99 });
        Assert.All(new[] { "Steps is 0", "Overlap is 64, expected 0 to 63", "Guidance is NaN", "Batch is 0", "Smoothing is -1", "Quality is 99" }, part => Assert.Contains(part, beyond));
        Assert.Contains("one of the two", Error("wide.png", "speech.wav", options with { Box = (0, 0, 64, 64), Landmarks = five }));
        Assert.Contains("less than one frame", Error("face.png", "tiny.wav", options));
        Assert.Contains("speech.txt", Error("face.png", "speech.txt", options));
        // What a user may hand in by mistake: a sound as the picture, a picture as the sound, empty files, a video without sound, a folder or an unknown ending as the video.
        File.WriteAllBytes(In("empty.png"), []);
        File.WriteAllBytes(In("empty.mp3"), []);
        Ffmpeg("-f lavfi -i testsrc=size=64x64:rate=25:duration=0.2 -an", In("mute.mp4"));
        foreach (var (portrait, sound, named) in new[] { ("speech.wav", "speech.wav", "speech.wav"), ("empty.png", "speech.wav", "empty.png"), ("none.png", "speech.wav", "none.png"),
            ("face.png", "face.png", "face.png"), ("face.png", "empty.mp3", "empty.mp3"), ("face.png", "mute.mp4", "mute.mp4"), ("face.png", "none.wav", "none.wav") })
        {
            Assert.Contains(named, Error(portrait, sound, options));
        }
        Assert.Contains("weights", Error("face.png", "silence.wav", options, "weights"));
        Assert.Contains("bad.xyz", Error("face.png", "silence.wav", options, "bad.xyz"));
        // 16 bits a colour, and an MP3 of two channels.
        Ffmpeg("-f lavfi -i testsrc=size=128x128:rate=1:duration=1 -frames:v 1 -pix_fmt rgb48be", In("deep.png"));
        Ffmpeg("-f lavfi -i sine=frequency=300:sample_rate=44100:duration=0.1 -ac 2", In("two.mp3"));
        Assert.InRange(talker.Render(In("deep.png"), In("two.mp3"), In("deep.mp4"), options), 2, 5);
        Assert.Contains("folder", Error("face.png", "speech.wav", options, "none/bad.mp4"));
        Assert.DoesNotContain(Directory.GetFiles(folder), f => f.Contains("bad"));
    }

    [Fact]
    public void ExtractTrainOpen_OwnVideos_RenderWithTheTrainedDenoiser()
    {
        Everything();
        Directory.CreateDirectory(In("videos"));
        var sound = new Wave([.. Enumerable.Range(0, 12800).Select(i => 0.4f * MathF.Sin(0.03f * i))], 16000, 1);
        void Video(string name, int width, int height, int frames, int salt) => VideoFile.Write(In($"videos/{name}.mp4"), width, height,
            Enumerable.Range(0, frames).Select(f => new Picture(width, height, [.. Enumerable.Range(0, 3 * width * height).Select(i => (byte)((i / 97 + 9 * f + salt) % 251))])), sound);
        Video("a", 64, 64, 14, 0);
        Video("b", 64, 64, 14, 90);
        Video("wide", 96, 54, 14, 30);
        using (var networks = TalkingPortrait.Open(In("weights"), CPU))
        {
            networks.FaceSide = 64;
            var problem = Assert.Single(TalkerPaper.Extract(In("videos"), networks, In("clips"), null));
            Assert.EndsWith("wide.mp4", problem.Video);
            Assert.Contains("96 x 54", problem.Problem);
            using var scope = NewDisposeScope();
            var clip = SafeTensors.Load(In("clips/a.mp4.safetensors"));
            // 14 frames, and the sound is cut to them in whole packets: two less than its frames.
            var length = clip["motion"].shape[0];
            Assert.InRange(length, 9, 13);
            Assert.Equal([length, 70], clip["motion"].shape);
            Assert.Equal([length, 63], clip["kp"].shape);
            Assert.Equal([length, 512], clip["audio"].shape);
            // The seventh frame alone gives the same motion as in its batch.
            using var noGrad = no_grad();
            using var extractor = new MotionExtractor();
            Fill(extractor);
            extractor.eval();
            var frame = PictureFile.VideoFrames(In("videos/a.mp4"), 64)[6];
            var alone = extractor.call(tensor(frame.Rgb, [1, 64, 64, 3]).permute(0, 3, 1, 2).to(float32) / 255);
            Assert.InRange(Distance(alone.Vector()[0], clip["motion"][6]), 0, 1e-3);
            Assert.InRange(Distance(alone.Canonical.flatten(1)[0], clip["kp"][6]), 0, 1e-4);
            // What is there is left alone, a box makes the wide one usable.
            var before = File.GetLastWriteTimeUtc(In("clips/a.mp4.safetensors"));
            Assert.Empty(TalkerPaper.Extract(In("videos"), networks, In("clips"), file => file.EndsWith("wide.mp4") ? (20, 0, 54, 54) : null));
            Assert.Equal(before, File.GetLastWriteTimeUtc(In("clips/a.mp4.safetensors")));
            Assert.Equal(3, Directory.GetFiles(In("clips")).Length);
        }
        TalkerPaper.Train(In("clips"), In("run"), new() { Window = 4, Batch = 2, Steps = 1, WarmUp = 1, EvaluateEvery = 1 }, CPU).Model.Dispose();
        Portrait("face.png", 128, 128);
        Sound("speech.wav", 700);
        using var talker = TalkingPortrait.Open(In("weights"), CPU, trained: In("run"));
        talker.FaceSide = 128;
        Assert.Equal(1, talker.Render(In("face.png"), In("speech.wav"), In("own.mp4"), new() { Steps = 1 }));
        Assert.Contains("in it", Assert.Throws<BadInputException>(() => TalkingPortrait.Open(In("weights"), CPU, trained: In("videos"))).Message);
    }

    [Fact]
    public void Open_FilesMissing_NamesAllOfThem()
    {
        Norm();
        var message = Assert.Throws<BadInputException>(() => TalkingPortrait.Open(In("weights"))).Message;
        foreach (var name in new[] { "KDTalker", "wav2lip", "appearance_feature_extractor", "motion_extractor", "warping_module", "spade_generator" })
        {
            Assert.Contains(name + ".pth", message);
        }
        Assert.DoesNotContain("norm", message.Split("missing")[1]);
        Assert.Throws<BadInputException>(() => TalkingPortrait.Open(In("nowhere")));
    }

    [Fact]
    public void Open_FilesMisshapen_NamesAllOfThem()
    {
        Norm();
        foreach (var name in new[] { "KDTalker", "wav2lip", "appearance_feature_extractor", "motion_extractor", "warping_module", "spade_generator" })
        {
            using var scope = NewDisposeScope();
            SafeTensors.Save(In($"weights/{name}.safetensors"), [("something.weight", zeros(2))]);
        }
        var message = Assert.Throws<BadInputException>(() => TalkingPortrait.Open(In("weights"))).Message;
        Assert.Contains("KDTalker.safetensors", message);
        Assert.Contains("spade_generator.safetensors", message);
        Assert.Contains("missing", message);
    }
}
