using System.Globalization;
using System.Text;

namespace Retort.Data;

/// <summary>Reads pictures (PNG, JPEG and whatever ffmpeg knows) and the frames of videos, through ffmpeg as a process.</summary>
public static class PictureFile
{
    /// <summary>
    /// A picture, turned as its EXIF orientation says. Any colour depth and colour space that ffmpeg converts comes as 8 bits a colour; of JPEG files
    /// with four inks (CMYK) those with Adobe's mark, since without it nobody knows what the four stand for.
    /// </summary>
    /// <param name="path">the file</param>
    /// <exception cref="BadInputException">The file is missing, is no picture, or ffmpeg is missing or cannot convert it.</exception>
    public static Picture Load(string path)
    {
        var bytes = ReadAll(path);
        if (Parts(bytes).Any(p => p.Marker is 0xC0 or 0xC1 or 0xC2 && p.Length > 5 && bytes[p.Start + 5] == 4) && !Parts(bytes).Any(p => p.Marker == 0xEE && bytes.AsSpan(p.Start, p.Length).StartsWith("Adobe"u8)))
        {
            throw new BadInputException(path, "", "is a JPEG of four colours (CMYK) without Adobe's mark, whose colours are unknown; expected RGB: convert it first");
        }
        var frames = MediaProcess.Run(path, ["-noautorotate", "-i", "file:" + Path.GetFullPath(path), "-map", "0:v:0", "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "image2pipe", "-c:v", "ppm", "pipe:1"]);
        if (frames.Length == 0)
        {
            throw new BadInputException(path, "", "ffmpeg finds no picture in it");
        }
        return Turned(Ppm(frames, path), Orientation(bytes));
    }

    /// <summary>The frames of a video at 25 a second, of one square, scaled; nothing is ever stretched.</summary>
    /// <param name="path">the file</param>
    /// <param name="side">pixels of a side</param>
    /// <param name="box">left, top, width and height of the face in the first frame's pixels, a square inside it; null for the whole frame, which must be square</param>
    /// <exception cref="BadInputException">The file is missing or no video, its frames are not square and there is no box, or the box is no square inside them.</exception>
    public static IReadOnlyList<Picture> VideoFrames(string path, int side = 256, (int Left, int Top, int Width, int Height)? box = null)
    {
        ReadAll(path, head: true);
        var first = MediaProcess.Run(path, ["-i", "file:" + Path.GetFullPath(path), "-map", "0:v:0", "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "image2pipe", "-c:v", "ppm", "pipe:1"]);
        if (first.Length == 0)
        {
            throw new BadInputException(path, "", "ffmpeg finds no frame in it");
        }
        var frame = Ppm(first, path);
        var (width, height) = (frame.Width, frame.Height);
        if (box is null && width != height)
        {
            throw new BadInputException(path, "", $"has frames of {width} x {height}; expected square crops of a face, or a box of the face: faces are not searched for");
        }
        if (box is { } face)
        {
            RequireSquare(face, width, height, path);
        }
        var crop = box is { } b ? string.Create(CultureInfo.InvariantCulture, $"crop={b.Width}:{b.Height}:{b.Left}:{b.Top},") : "";
        var bytes = MediaProcess.Run(path, ["-i", "file:" + Path.GetFullPath(path), "-map", "0:v:0", "-vf", $"{crop}fps=25,scale={side}:{side}", "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"]);
        var size = 3 * side * side;
        if (bytes.Length == 0 || bytes.Length % size != 0)
        {
            throw new BadInputException(path, "", $"ffmpeg gave {bytes.Length} bytes, which are no frames of {side} x {side}");
        }
        return [.. Enumerable.Range(0, bytes.Length / size).Select(i => new Picture(side, side, bytes.AsSpan(i * size, size).ToArray()))];
    }

    /// <summary>Refuses a box that is no square inside a picture of this size.</summary>
    internal static void RequireSquare((int Left, int Top, int Width, int Height) box, int width, int height, string path)
    {
        if (box.Width != box.Height || box.Width <= 0 || box.Left < 0 || box.Top < 0 || box.Left > width - box.Width || box.Top > height - box.Height)
        {
            throw new BadInputException(path, $"box {box}", $"expected a square inside the picture of {width} x {height}");
        }
    }

    private static byte[] ReadAll(string path, bool head = false)
    {
        try
        {
            using var file = File.OpenRead(path);
            var bytes = new byte[head ? Math.Min(16, file.Length) : Math.Min(file.Length, 1 << 20)];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
    }

    private static Picture Ppm(byte[] bytes, string path)
    {
        // P6, width, height, 255, each followed by one white space; then the pixels.
        var fields = new List<string>();
        var at = 0;
        while (fields.Count < 4 && at < bytes.Length)
        {
            var start = at;
            while (at < bytes.Length && !char.IsWhiteSpace((char)bytes[at]))
            {
                at++;
            }
            fields.Add(Encoding.ASCII.GetString(bytes, start, at - start));
            at++;
        }
        if (fields.Count < 4 || fields[0] != "P6" || !int.TryParse(fields[1], out var width) || !int.TryParse(fields[2], out var height) || bytes.Length - at < 3L * width * height)
        {
            throw new BadInputException(path, "", "ffmpeg gave no whole picture");
        }
        return new Picture(width, height, bytes.AsSpan(at, 3 * width * height).ToArray());
    }

    /// <summary>The orientation in a JPEG file's EXIF part, 1 to 8; 1 where there is none.</summary>
    internal static int Orientation(ReadOnlySpan<byte> jpeg)
    {
        foreach (var (marker, start, length) in Parts(jpeg))
        {
            var part = jpeg.Slice(start, length);
            if (marker == 0xE1 && part.Length > 14 && part[..6].SequenceEqual("Exif\0\0"u8))
            {
                return Tag(part[6..]);
            }
        }
        return 1;

        static int Tag(ReadOnlySpan<byte> tiff)
        {
            var little = tiff[0] == (byte)'I';
            int Two(ReadOnlySpan<byte> t, int i) => i + 2 > t.Length ? 0 : little ? t[i] | t[i + 1] << 8 : t[i] << 8 | t[i + 1];
            int Four(ReadOnlySpan<byte> t, int i) => little ? Two(t, i) | Two(t, i + 2) << 16 : Two(t, i) << 16 | Two(t, i + 2);
            var first = Four(tiff, 4);
            if (first < 8 || first > tiff.Length)
            {
                return 1;
            }
            for (var i = 0; i < Two(tiff, first); i++)
            {
                if (Two(tiff, first + 2 + 12 * i) == 0x112)
                {
                    return Two(tiff, first + 2 + 12 * i + 8) is >= 1 and <= 8 and var found ? found : 1;
                }
            }
            return 1;
        }
    }

    // The parts of a JPEG file before its pixels: marker, and where its content stands; none where it is no JPEG.
    private static List<(int Marker, int Start, int Length)> Parts(ReadOnlySpan<byte> jpeg)
    {
        var parts = new List<(int, int, int)>();
        if (jpeg.Length < 4 || jpeg[0] != 0xFF || jpeg[1] != 0xD8)
        {
            return parts;
        }
        for (var at = 2; at + 4 <= jpeg.Length && jpeg[at] == 0xFF && jpeg[at + 1] != 0xDA;)
        {
            var length = jpeg[at + 2] << 8 | jpeg[at + 3];
            parts.Add((jpeg[at + 1], at + 4, Math.Max(0, Math.Min(length - 2, jpeg.Length - at - 4))));
            at += 2 + length;
        }
        return parts;
    }

    /// <summary>The picture as an orientation of 1 to 8 says: 2 to 4 mirrored or upside down, 5 to 8 with sides exchanged.</summary>
    internal static Picture Turned(Picture p, int orientation)
    {
        if (orientation <= 1)
        {
            return p;
        }
        var (width, height) = orientation >= 5 ? (p.Height, p.Width) : (p.Width, p.Height);
        var rgb = new byte[p.Rgb.Length];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (fromX, fromY) = orientation switch
                {
                    2 => (p.Width - 1 - x, y),
                    3 => (p.Width - 1 - x, p.Height - 1 - y),
                    4 => (x, p.Height - 1 - y),
                    5 => (y, x),
                    6 => (y, p.Height - 1 - x),
                    7 => (p.Width - 1 - y, p.Height - 1 - x),
                    _ => (p.Width - 1 - y, x),
                };
                p.Rgb.AsSpan(3 * (fromY * p.Width + fromX), 3).CopyTo(rgb.AsSpan(3 * (y * width + x)));
            }
        }
        return new Picture(width, height, rgb);
    }
}
