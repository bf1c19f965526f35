// PNG (ISO/IEC 15948), as much of it as a heatmap needs: 8-bit palette, one IDAT, no filter.

using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Retort.Plots.Svg;

/// <summary>Writes a picture of at most 256 colours.</summary>
internal static class PngImage
{
    private static readonly uint[] Crc = MakeCrc();

    /// <param name="cells">rows from the top, one palette index a cell</param>
    /// <param name="width">cells a row</param>
    /// <param name="palette">at most 256 colours; the last one may be transparent</param>
    /// <param name="lastIsTransparent">whether it is</param>
    public static byte[] Write(byte[] cells, int width, IReadOnlyList<(byte R, byte G, byte B)> palette, bool lastIsTransparent)
    {
        var height = cells.Length / width;
        using var stream = new MemoryStream();
        stream.Write([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 3);
        Chunk(stream, "IHDR", header);
        Chunk(stream, "PLTE", [.. palette.SelectMany(c => new[] { c.R, c.G, c.B })]);
        if (lastIsTransparent)
        {
            var alpha = new byte[palette.Count];
            Array.Fill(alpha, (byte)255);
            alpha[^1] = 0;
            Chunk(stream, "tRNS", alpha);
        }
        using (var packed = new MemoryStream())
        {
            using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            {
                for (var row = 0; row < height; row++)
                {
                    zlib.WriteByte(0);
                    zlib.Write(cells, row * width, width);
                }
            }
            Chunk(stream, "IDAT", packed.ToArray());
        }
        Chunk(stream, "IEND", []);
        return stream.ToArray();
    }

    private static void Chunk(Stream stream, string kind, byte[] content)
    {
        var bytes = new byte[12 + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, content.Length);
        Encoding.ASCII.GetBytes(kind, bytes.AsSpan(4));
        content.CopyTo(bytes, 8);
        var crc = 0xffffffffu;
        foreach (var b in bytes.AsSpan(4, 4 + content.Length))
        {
            crc = Crc[(crc ^ b) & 255] ^ (crc >> 8);
        }
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8 + content.Length), ~crc);
        stream.Write(bytes);
    }

    private static uint[] MakeCrc()
    {
        var table = new uint[256];
        for (var n = 0u; n < 256; n++)
        {
            var c = n;
            for (var k = 0; k < 8; k++)
            {
                c = (c & 1) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
            }
            table[n] = c;
        }
        return table;
    }
}
