using System.Buffers.Binary;

namespace Retort.Torch;

/// <summary>The checksum of zip files (polynomial 0xEDB88320), eight bytes a step.</summary>
internal static class Crc32
{
    private static readonly uint[][] Tables = Make();

    /// <summary>The checksum of what went before and these bytes; begin with 0.</summary>
    public static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        var t = Tables;
        var c = ~crc;
        while (bytes.Length >= 8)
        {
            var low = c ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            c = t[7][low & 255] ^ t[6][(low >> 8) & 255] ^ t[5][(low >> 16) & 255] ^ t[4][low >> 24]
                ^ t[3][high & 255] ^ t[2][(high >> 8) & 255] ^ t[1][(high >> 16) & 255] ^ t[0][high >> 24];
            bytes = bytes[8..];
        }
        foreach (var b in bytes)
        {
            c = t[0][(c ^ b) & 255] ^ (c >> 8);
        }
        return ~c;
    }

    /// <summary>The checksum of a section of a file.</summary>
    public static uint Of(Stream stream, long begin, long length)
    {
        var buffer = new byte[(int)Math.Clamp(length, 1, 1 << 16)];
        var crc = 0u;
        stream.Position = begin;
        while (length > 0 && stream.Read(buffer, 0, (int)Math.Min(length, buffer.Length)) is var read and > 0)
        {
            crc = Add(crc, buffer.AsSpan(0, read));
            length -= read;
        }
        return crc;
    }

    private static uint[][] Make()
    {
        var tables = new uint[8][];
        for (var k = 0; k < 8; k++)
        {
            tables[k] = new uint[256];
            for (var i = 0; i < 256; i++)
            {
                var c = k == 0 ? (uint)i : tables[k - 1][i];
                for (var bit = 0; bit < 8; bit++)
                {
                    c = (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
                }
                tables[k][i] = c;
            }
        }
        return tables;
    }
}
