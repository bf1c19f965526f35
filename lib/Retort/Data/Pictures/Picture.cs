using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

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
