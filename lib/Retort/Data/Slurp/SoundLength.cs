using System.Buffers.Binary;
using Retort.Audio;

namespace Retort.Data;

/// <summary>The length of a sound file from its header alone.</summary>
internal static class SoundLength
{
    /// <summary>The length in samples at 16 kHz (rounded up); null for a FLAC file whose header does not tell it.</summary>
    /// <exception cref="BadInputException">The file cannot be opened, or is neither FLAC nor WAV.</exception>
    public static long? At16Kilohertz(string path)
    {
        if (Path.GetExtension(path).Equals(".wav", StringComparison.OrdinalIgnoreCase))
        {
            var header = WavFile.ReadHeader(path);
            return Scale(header.Frames, header.SampleRate);
        }
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 64);
            Span<byte> head = stackalloc byte[42];
            return Flac(head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)], path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
    }

    // FLAC (RFC 9639, section 8.2): the mark, a block header (type 0, STREAMINFO, always first), and in its body from byte 10 the
    // sample rate (20 bits), channels and bits a sample (8 bits), samples (36 bits, 0 where unknown).
    internal static long? Flac(ReadOnlySpan<byte> head, string path)
    {
        if (head.Length < 42 || !head[..4].SequenceEqual("fLaC"u8) || (head[4] & 0x7F) != 0)
        {
            throw new BadInputException(path, "byte 0", "is no FLAC file; expected \"fLaC\" and its stream information");
        }
        var packed = BinaryPrimitives.ReadUInt64BigEndian(head[18..]);
        var (rate, samples) = ((int)(packed >> 44), (long)(packed & 0xF_FFFF_FFFF));
        return rate == 0 ? throw new BadInputException(path, "byte 18", "the sample rate is 0") : samples == 0 ? null : Scale(samples, rate);
    }

    private static long Scale(long samples, int rate) => (long)(((Int128)samples * 16_000 + rate - 1) / rate);
}
