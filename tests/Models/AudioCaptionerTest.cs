using Retort.Audio;
using Retort.Models;
using Retort.Text;
using TorchSharp;

namespace Retort.Tests.Models;

public sealed class AudioCaptionerTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-captioner-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static AudioCaptioner Small(long seed = 3)
    {
        var encoder = new EfficientNetEncoderSettings { Net = new EfficientNetSettings { Stem = 4, Stages = [new(1, 8, 3, 2, 1), new(1, 12, 3, 2, 2)], Head = 16 }, FrameCount = FrameCount.Rounded };
        var vocabulary = CaptionVocabulary.Train(["a dog barks while rain falls", "a bell rings twice then someone walks"]);
        return new AudioCaptioner(new AudioCaptionModel(new EfficientNetEncoder(encoder, seed),
            new CaptionDecoder(new CaptionDecoderSettings { Vocabulary = vocabulary.Count, Width = 16, FrameWidth = 16, Heads = 2, Hidden = 32 }, seed)), vocabulary);
    }

    private static float[] Sweep(int samples) => [.. Enumerable.Range(0, samples).Select(i => (float)(0.3 * Math.Sin(0.02 * i + 1e-5 * i * (double)i)))];

    [Fact]
    public void Open_SavedFolder_SaysTheSame()
    {
        using var captioner = Small();
        captioner.Save(folder);
        WavFile.Write(Path.Combine(folder, "street.wav"), new Wave(Sweep(32000), 16000));
        using var opened = AudioCaptioner.Open(folder);
        using var byFile = AudioCaptioner.Open(Path.Combine(folder, "model.safetensors"));
        var caption = opened.Caption(Path.Combine(folder, "street.wav"));
        Assert.Equal(captioner.Caption(Path.Combine(folder, "street.wav")), caption);
        Assert.Equal(caption, byFile.Caption(Path.Combine(folder, "street.wav")));
        Assert.Equal(2, caption.Seconds);
        Assert.DoesNotContain("<", caption.Text);
    }

    [Fact]
    public void Captions_OtherLengthsBeside_AreThoseOfEachAlone()
    {
        using var captioner = Small();
        float[][] clips = [Sweep(32000), Sweep(9000), Sweep(32000)[..16000], Sweep(20)];
        var together = captioner.Captions(clips);
        for (var i = 0; i < clips.Length; i++)
        {
            var alone = captioner.Captions([clips[i]])[0];
            Assert.Equal(alone.Text, together[i].Text);
            Assert.Equal(alone.Score, together[i].Score, 1e-4);
        }
    }

    [Fact]
    public void Captions_ShortAndSilentClips_AreCaptionedLikeOthers()
    {
        using var captioner = Small();
        Assert.All(captioner.Captions([new float[10], new float[16000]]), c => Assert.True(double.IsFinite(c.Score)));
    }

    [Fact]
    public void CaptionPieces_LongFile_GivesOneForEachPiece()
    {
        using var captioner = Small();
        WavFile.Write(Path.Combine(folder, "long.wav"), new Wave(Sweep(40000), 16000));
        var pieces = captioner.CaptionPieces(Path.Combine(folder, "long.wav"), 1);
        Assert.Equal([0.0, 1, 2], pieces.Select(p => p.Start));
        Assert.Equal(0.5, pieces[2].Seconds);
    }

    [Fact]
    public void BadInput_IsNamed()
    {
        using var captioner = Small();
        Assert.Contains("clip 1", Assert.Throws<ArgumentException>(() => captioner.Captions([[0.1f], []])).Message);
        Assert.Contains("sample 1", Assert.Throws<ArgumentException>(() => captioner.Captions([[0.1f, float.NaN]])).Message);
        Assert.Contains("no such folder or file", Assert.Throws<BadInputException>(() => AudioCaptioner.Open(Path.Combine(folder, "not there"))).Message);
        Assert.Contains("no weights", Assert.Throws<BadInputException>(() => AudioCaptioner.Open(folder)).Message);
        captioner.Save(folder);
        CaptionVocabulary.Save(CaptionVocabulary.Train(["a dog"]), Path.Combine(folder, "vocab.json"));
        Assert.Contains("6 words", Assert.Throws<BadInputException>(() => AudioCaptioner.Open(folder)).Message);
        File.Delete(Path.Combine(folder, "vocab.json"));
        Assert.Contains("no vocabulary", Assert.Throws<BadInputException>(() => AudioCaptioner.Open(folder)).Message);
        Assert.Throws<BadInputException>(() => captioner.Caption(Path.Combine(folder, "absent.wav")));
    }
}
