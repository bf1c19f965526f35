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

    // A JPEG of 16 x 16 pixels in one colour of four components.
    private static byte[] FourColours(byte[] values, int? adobe)
    {
        static byte[] Part(byte marker, params byte[] content) => [0xFF, marker, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content];
        var (bits, before) = (new System.Text.StringBuilder(), new int[4]);
        for (var block = 0; block < 16; block++)
        {
            var c = block % 4;
            var change = values[c] - 128 - before[c];
            before[c] += change;
            var length = change == 0 ? 0 : (int)Math.Log2(Math.Abs(change)) + 1;
            bits.Append(Convert.ToString(length, 2).PadLeft(4, '0'));
            if (length > 0)
            {
                bits.Append(Convert.ToString(change > 0 ? change : change + (1 << length) - 1, 2).PadLeft(length, '0'));
            }
            bits.Append('0');
        }
        var padded = bits.ToString().PadRight((bits.Length + 7) / 8 * 8, '1');
        var pixels = Enumerable.Range(0, padded.Length / 8).Select(i => Convert.ToByte(padded.Substring(8 * i, 8), 2)).SelectMany(b => b == 0xFF ? new byte[] { b, 0 } : [b]);
        byte[] quantised = [0, 8, .. Enumerable.Repeat((byte)1, 63)];
        return [0xFF, 0xD8, .. adobe is { } transform ? Part(0xEE, [.. "Adobe"u8, 0, 100, 0, 0, 0, 0, (byte)transform]) : [], .. Part(0xDB, quantised),
            .. Part(0xC0, [8, 0, 16, 0, 16, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0]),
            .. Part(0xC4, [0, 0, 0, 0, 12, .. new byte[12], .. Enumerable.Range(0, 12).Select(i => (byte)i)]), .. Part(0xC4, [0x10, 1, .. new byte[15], 0]),
            .. Part(0xDA, [4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]), .. pixels, 0xFF, 0xD9];
    }

    [Fact]
    public void Load_CmykJpeg_ComesInItsColoursOrIsRefused()
    {
        // Cyan 0, magenta 200, yellow 100, black 50: (255 - ink) (255 - black) / 255. Adobe stores inks inverted, or, in YCCK, as luma and chroma.
        byte[] expected = [205, 44, 125];
        void Same(string name)
        {
            var rgb = PictureFile.Load(In(name)).Rgb;
            Assert.All(Enumerable.Range(0, 3), i => Assert.InRange(rgb[3 * 100 + i] - expected[i], -4, 4));
        }
        File.WriteAllBytes(In("cmyk.jpg"), FourColours([255, 55, 155, 205], adobe: 0));
        Same("cmyk.jpg");
        File.WriteAllBytes(In("ycck.jpg"), FourColours([129, 112, 36, 205], adobe: 2));
        Same("ycck.jpg");
        File.WriteAllBytes(In("unknown.jpg"), FourColours([0, 200, 100, 50], adobe: null));
        var message = Assert.Throws<BadInputException>(() => PictureFile.Load(In("unknown.jpg"))).Message;
        Assert.Contains("unknown.jpg", message);
        Assert.Contains("CMYK", message);
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
    public void VideoFrames_NotSquareOrBoxNotSquare_IsRefusedAndASquareBoxIsCut()
    {
        var frames = Enumerable.Range(0, 4).Select(_ => new Picture(64, 36, [.. Enumerable.Range(0, 64 * 36).SelectMany(i => new byte[] { (byte)(i % 64 < 20 ? 250 : 10), 0, 0 })])).ToArray();
        VideoFile.Write(In("wide.mp4"), 64, 36, frames);
        var message = Assert.Throws<BadInputException>(() => PictureFile.VideoFrames(In("wide.mp4"), 32)).Message;
        Assert.Contains("wide.mp4", message);
        Assert.Contains("64 x 36", message);
        foreach (var box in new[] { (0, 0, 40, 36), (40, 0, 36, 36), (0, 4, 36, 36), (-2, 0, 20, 20), (0, 0, 0, 0) })
        {
            Assert.Contains("expected a square", Assert.Throws<BadInputException>(() => PictureFile.VideoFrames(In("wide.mp4"), 32, box)).Message);
        }
        Assert.InRange(PictureFile.VideoFrames(In("wide.mp4"), 32, (0, 0, 16, 16))[2].Rgb[3 * 500], 220, 255);
        Assert.InRange(PictureFile.VideoFrames(In("wide.mp4"), 32, (28, 0, 36, 36))[2].Rgb[3 * 500], 0, 40);
    }

    [SkippableTheory]
    [InlineData(20, "full as the file's end is written, where ffmpeg ends with code 0")]
    [InlineData(500, "full long before")]
    public void Video_DiskFull_IsOneErrorAndLeavesNothing(int count, string when)
    {
        var disk = Directory.CreateDirectory(In("disk")).FullName;
        using (var mount = Process.Start(new ProcessStartInfo("mount", ["-t", "tmpfs", "-o", "size=24k", "tmpfs", disk]) { RedirectStandardError = true }))
        {
            mount?.WaitForExit();
            Skip.If(mount is not { ExitCode: 0 }, $"a disk that is {when} needs the right to mount one");
        }
        try
        {
            var random = new Random(3);
            var frames = Enumerable.Range(0, count).Select(_ =>
            {
                var rgb = new byte[3 * 64 * 64];
                random.NextBytes(rgb);
                return new Picture(64, 64, rgb);
            });
            var message = Assert.Throws<BadInputException>(() => VideoFile.Write(Path.Combine(disk, "a.mp4"), 64, 64, frames)).Message;
            Assert.Contains("No space left", message);
            Assert.Contains("a.mp4", message);
            Assert.Empty(Directory.GetFiles(disk));
        }
        finally
        {
            Process.Start("umount", [disk]).WaitForExit();
        }
    }

    [Fact]
    public void Video_FolderMissingOrFrameMisshapen_LeavesNothing()
    {
        var frame = new Picture(64, 64, new byte[3 * 64 * 64]);
        Assert.Throws<BadInputException>(() => VideoFile.Write(In("none/a.mp4"), 64, 64, [frame]));
        Assert.Throws<ArgumentException>(() => VideoFile.Write(In("a.mp4"), 64, 64, [frame, new Picture(2, 2, new byte[12])]));
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void PartWithHalf_KnownPixels_StandWhereTheyBelong()
    {
        var whole = new Picture(41, 30, [.. Enumerable.Range(0, 3 * 41 * 30).Select(i => (byte)(i % 251))]);
        var part = whole.Part((5, 6, 20, 20));
        Assert.Equal((20, 20), (part.Width, part.Height));
        Assert.Equal(whole.Rgb[3 * (41 * 7 + 9) + 1], part.Rgb[3 * (20 * 1 + 4) + 1]);
        // Put back where it was taken from nothing changes but the odd column, which goes; another picture shows in the middle and fades at the rim.
        Assert.Equal(whole.Part((0, 0, 40, 30)).Rgb, whole.With(part, (5, 6, 20, 20)).Rgb);
        var white = whole.With(new Picture(20, 20, [.. Enumerable.Repeat((byte)255, 1200)]), (5, 6, 20, 20));
        int At(Picture p, int x, int y) => p.Rgb[3 * (p.Width * y + x)];
        Assert.Equal(255, At(white, 15, 16));
        Assert.Equal(At(whole, 4, 16), At(white, 4, 16));
        Assert.Equal(At(whole, 5, 16) + 0.25 * (255 - At(whole, 5, 16)), At(white, 5, 16), 0.51);
        var half = part.Half();
        Assert.Equal((At(part, 0, 0) + At(part, 1, 0) + At(part, 0, 1) + At(part, 1, 1)) / 4, At(half, 0, 0));
        using var tensor = part.ToTensor(20);
        Assert.Equal([1, 3, 20, 20], tensor.shape);
        Assert.Equal(part.Rgb[3 * (20 * 2 + 3) + 2] / 255f, tensor[0, 2, 2, 3].item<float>(), 1e-6f);
    }
}
