using System.Buffers.Binary;
using System.Text;

namespace Retort.Tests.Audio;

/// <summary>WAV files put together by hand, right or wrong.</summary>
internal static class WavBytes
{
    /// <summary>A fmt chunk of 16 bytes.</summary>
    public static byte[] Format(int tag = 1, int channels = 1, uint rate = 16000, int bits = 16, int? align = null)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)tag);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)channels);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), rate);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(12), (ushort)(align ?? channels * ((bits + 7) / 8)));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(14), (ushort)bits);
        return bytes;
    }

    /// <summary>RIFF with a fmt chunk and others, each padded to an even length.</summary>
    public static byte[] With(byte[] format, params (string Id, byte[] Content)[] chunks) =>
        Container("RIFF", [("fmt ", format), .. chunks]);

    /// <summary>RF64: the data chunk's length is in the ds64 chunk.</summary>
    public static byte[] Rf64()
    {
        var sizes = new byte[28];
        BinaryPrimitives.WriteInt64LittleEndian(sizes.AsSpan(8), 4);
        var file = Container("RF64", [("ds64", sizes), ("fmt ", Format()), ("data", [1, 0, 2, 0])]);
        file.AsSpan(file.Length - 8, 4).Fill(0xff);
        return file;
    }

    private static byte[] Container(string riff, (string Id, byte[] Content)[] chunks)
    {
        using var bytes = new MemoryStream();
        bytes.Write([.. Encoding.ASCII.GetBytes(riff), 0, 0, 0, 0, .. "WAVE"u8]);
        foreach (var (id, content) in chunks)
        {
            bytes.Write([.. Encoding.ASCII.GetBytes(id), .. BitConverter.GetBytes(content.Length), .. content]);
            bytes.Write(new byte[content.Length & 1]);
        }
        var file = bytes.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        return file;
    }
}
