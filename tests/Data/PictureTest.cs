using System.Diagnostics;
using Retort.Audio;
using Retort.Data;

namespace Retort.Tests.Data;

public sealed class PictureTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-pictures").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string In(string name) => Path.Combine(folder, name);

    private static Picture Gradient(int width, int height) =>
        new(width, height, [.. Enumerable.Range(0, 3 * width * height).Select(i => (byte)(i % 3 == 0 ? i / 3 % width * 4 : i % 3 == 1 ? i / 3 / width * 5 : 77))]);

    private static void Ffmpeg(params string[] arguments)
    {
        using var process = Process.Start("ffmpeg", ["-v", "error", "-y", .. arguments]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void Load_OwnPng_GivesTheSamePixels()
    {
        var picture = Gradient(30, 20);
        File.WriteAllBytes(In("a.png"), picture.ToPng());
        var read = PictureFile.Load(In("a.png"));
        Assert.Equal((30, 20), (read.Width, read.Height));
        Assert.Equal(picture.Rgb, read.Rgb);
    }

    [Fact]
    public void Load_SixteenBitGreyAndAlpha_ComeAsEightBitColours()
    {
        File.WriteAllBytes(In("a.png"), Gradient(30, 20).ToPng());
        foreach (var format in new[] { "rgb48be", "gray16be", "rgba", "gray" })
        {
            Ffmpeg("-i", In("a.png"), "-pix_fmt", format, In($"{format}.png"));
            var read = PictureFile.Load(In($"{format}.png"));
            Assert.Equal((30, 20, 1800), (read.Width, read.Height, read.Rgb.Length));
            if (format is "rgb48be" or "rgba")
            {
                Assert.Equal(Gradient(30, 20).Rgb, read.Rgb);
            }
        }
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(3, 29, 19)]
    [InlineData(6, 0, 19)]
    [InlineData(8, 29, 0)]
    [InlineData(2, 29, 0)]
    public void Turned_ExifOrientation_BringsTheRightCornerToTheTopLeft(int orientation, int x, int y)
    {
        var picture = Gradient(30, 20);
        var turned = PictureFile.Turned(picture, orientation);
        Assert.Equal(orientation >= 5 ? (20, 30) : (30, 20), (turned.Width, turned.Height));
        Assert.Equal(picture.Rgb.AsSpan(3 * (30 * y + x), 3).ToArray(), turned.Rgb.AsSpan(0, 3).ToArray());
    }

    [Fact]
    public void Load_JpegWithExif_IsTurned()
    {
        File.WriteAllBytes(In("a.png"), Gradient(32, 16).ToPng());
        Ffmpeg("-i", In("a.png"), In("a.jpg"));
        var bytes = File.ReadAllBytes(In("a.jpg"));
        // An EXIF part with one tag, orientation 6, right after the start.
        byte[] exif = [0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8, (byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
        File.WriteAllBytes(In("b.jpg"), [.. bytes[..2], .. exif, .. bytes[2..]]);
        Assert.Equal(6, PictureFile.Orientation(File.ReadAllBytes(In("b.jpg"))));
        var read = PictureFile.Load(In("b.jpg"));
        Assert.Equal((16, 32), (read.Width, read.Height));
    }

    [Fact]
    public void Load_NoPicture_IsOneClearError()
    {
        File.WriteAllText(In("a.png"), "this is no picture");
        Assert.Contains("a.png", Assert.Throws<BadInputException>(() => PictureFile.Load(In("a.png"))).Message);
        Assert.Contains("missing.png", Assert.Throws<BadInputException>(() => PictureFile.Load(In("missing.png"))).Message);
    }

    [Fact]
    public void Video_WrittenAndReadAgain_HasItsFramesAndSound()
    {
        var frames = Enumerable.Range(0, 20).Select(i => new Picture(64, 64, [.. Enumerable.Repeat((byte)(10 * i), 3 * 64 * 64)])).ToArray();
        VideoFile.Write(In("a.mp4"), 64, 64, frames, new Wave([.. Enumerable.Range(0, 16000).Select(i => MathF.Sin(0.1f * i) / 2)], 16000));
        var read = PictureFile.VideoFrames(In("a.mp4"), 64);
        Assert.Equal(20, read.Count);
        Assert.InRange(Math.Abs(read[12].Rgb[3000] - 120), 0, 6);
        Assert.InRange(AudioFile.Load(In("a.mp4")).Seconds, 0.7, 0.95);
        Assert.Equal(["a.mp4"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Video_FolderMissingOrFrameMisshapen_LeavesNothing()
    {
        var frame = new Picture(64, 64, new byte[3 * 64 * 64]);
        Assert.Throws<BadInputException>(() => VideoFile.Write(In("none/a.mp4"), 64, 64, [frame]));
        Assert.Throws<ArgumentException>(() => VideoFile.Write(In("a.mp4"), 64, 64, [frame, new Picture(2, 2, new byte[12])]));
        Assert.Empty(Directory.GetFiles(folder));
    }
}
