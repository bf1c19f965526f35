using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Data;

/// <summary>A picture in memory: red, green and blue, a byte each, row by row from the top.</summary>
/// <param name="Width">pixels in a row</param>
/// <param name="Height">rows</param>
/// <param name="Rgb">3 bytes a pixel</param>
public sealed record Picture(int Width, int Height, byte[] Rgb)
{
    /// <summary>The picture as a PNG file's bytes.</summary>
    public byte[] ToPng()
    {
        using var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var head = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, Width);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), Height);
        (head[8], head[9]) = (8, 2);  // eight bits a colour, three colours
        Chunk(file, "IHDR", head);
        using (var packed = new MemoryStream())
        {
            using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            {
                for (var y = 0; y < Height; y++)
                {
                    zlib.WriteByte(0);
                    zlib.Write(Rgb, 3 * Width * y, 3 * Width);
                }
            }
            Chunk(file, "IDAT", packed.ToArray());
        }
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>Pictures beside one another, of one height.</summary>
    public static Picture Beside(IReadOnlyList<Picture> pictures)
    {
        var (width, height) = (pictures.Sum(p => p.Width), pictures[0].Height);
        var rgb = new byte[3 * width * height];
        for (var y = 0; y < height; y++)
        {
            var at = 3 * width * y;
            foreach (var p in pictures)
            {
                Array.Copy(p.Rgb, 3 * p.Width * y, rgb, at, 3 * p.Width);
                at += 3 * p.Width;
            }
        }
        return new Picture(width, height, rgb);
    }

    /// <summary>The part in a box inside the picture.</summary>
    public Picture Part((int Left, int Top, int Width, int Height) box) => new(box.Width, box.Height,
        [.. Enumerable.Range(box.Top, box.Height).SelectMany(y => new ArraySegment<byte>(Rgb, 3 * (y * Width + box.Left), 3 * box.Width))]);

    /// <summary>The picture, its sides made even, with another in a box of it; the outer tenth of the other fades into the picture.</summary>
    /// <param name="inner">of the box's size</param>
    /// <param name="box">inside the picture</param>
    public Picture With(Picture inner, (int Left, int Top, int Width, int Height) box)
    {
        var whole = Part((0, 0, Width / 2 * 2, Height / 2 * 2));
        for (var y = box.Top; y < Math.Min(whole.Height, box.Top + box.Height); y++)
        {
            for (var x = box.Left; x < Math.Min(whole.Width, box.Left + box.Width); x++)
            {
                var (fx, fy) = (x - box.Left, y - box.Top);
                var share = Math.Clamp((Math.Min(Math.Min(fx, box.Width - 1 - fx), Math.Min(fy, box.Height - 1 - fy)) + 0.5) / (0.1 * box.Width), 0, 1);
                for (var c = 0; c < 3; c++)
                {
                    ref var at = ref whole.Rgb[3 * (y * whole.Width + x) + c];
                    at = (byte)Math.Round(at + share * (inner.Rgb[3 * (fy * box.Width + fx) + c] - at));
                }
            }
        }
        return whole;
    }

    /// <summary>The picture at half its size: means of 2 x 2 pixels.</summary>
    public Picture Half()
    {
        var (width, height) = (Width / 2, Height / 2);
        var rgb = new byte[3 * width * height];
        for (var i = 0; i < rgb.Length; i++)
        {
            var (x, y, c) = (i / 3 % width, i / 3 / width, i % 3);
            int At(int dx, int dy) => Rgb[3 * ((2 * y + dy) * Width + 2 * x + dx) + c];
            rgb[i] = (byte)((At(0, 0) + At(1, 0) + At(0, 1) + At(1, 1)) / 4);
        }
        return new Picture(width, height, rgb);
    }

    /// <summary>A square picture as a tensor (1, 3, side, side) in 0..1.</summary>
    /// <param name="side">resized to it, bilinear</param>
    public Tensor ToTensor(int side)
    {
        using var scope = NewDisposeScope();
        var x = tensor(Rgb, [1, Height, Width, 3]).permute(0, 3, 1, 2).to(float32) / 255;
        return (Width == side ? x : nn.functional.interpolate(x, [side, side], mode: InterpolationMode.Bilinear, align_corners: false, antialias: Width > side)).MoveToOuterDisposeScope();
    }

    private static void Chunk(Stream file, string name, byte[] content)
    {
        var bytes = new byte[4 + content.Length];
        Encoding.ASCII.GetBytes(name, bytes);
        content.CopyTo(bytes, 4);
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(bytes);
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
            }
        }
        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        file.Write(number);
    }
}
