using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Retort.Data;

/// <summary>Little-endian float16 bytes of a file from and to numbers.</summary>
internal static class Float16
{
    public static void Read(ReadOnlySpan<byte> bytes, Span<float> into)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(bytes);
        for (var i = 0; i < into.Length; i++)
        {
            into[i] = BitConverter.IsLittleEndian ? (float)halves[i] : (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]);
        }
    }

    /// <summary>Turns halves of this machine into those of the file, in place.</summary>
    public static void Swap(Span<Half> halves)
    {
        if (!BitConverter.IsLittleEndian)
        {
            var bits = MemoryMarshal.Cast<Half, ushort>(halves);
            BinaryPrimitives.ReverseEndianness(bits, bits);
        }
    }
}
