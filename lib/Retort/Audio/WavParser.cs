// The RIFF walk of a WAV file. RIFF and WAVE_FORMAT_EXTENSIBLE: Microsoft's "Multiple channel audio data and WAVE
// files"; RF64 and its ds64 chunk: EBU Tech 3306. Every length is checked against what the file holds before use.

using System.Buffers.Binary;
using System.Text;

namespace Retort.Audio;

internal static class WavParser
{
    private const int HighestRate = 10_000_000;

    // The last 14 bytes of every sub-format id that stands for an old format tag.
    public static ReadOnlySpan<byte> SubFormatTail => [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];

    /// <summary>The header; where the sample encoding is not one of ours, null and the format tag.</summary>
    public static WavHeader? Parse(Stream stream, string source, out int formatTag)
    {
        var length = stream.Length;
        Span<byte> head = stackalloc byte[12];
        Read(stream, head, 0, source, "the RIFF header");
        var wide = head[..4].SequenceEqual("RF64"u8);
        if (!wide && !head[..4].SequenceEqual("RIFF"u8) || !head[8..].SequenceEqual("WAVE"u8))
        {
            throw new BadInputException(source, "byte 0", "not a WAV file: expected RIFF or RF64, a length, and WAVE");
        }
        (int Tag, int Channels, int Rate, int Bits)? format = null;
        long? wideData = null;
        var position = 12L;
        Span<byte> chunk = stackalloc byte[8];
        Span<byte> sizes = stackalloc byte[16];
        while (length - position >= 8)
        {
            Read(stream, chunk, position, source, "a chunk header");
            var id = chunk[..4];
            long size = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            var body = position + 8;
            if (id.SequenceEqual("data"u8))
            {
                if (format is not { } f)
                {
                    throw new BadInputException(source, $"byte {position}", "the data chunk stands before any fmt chunk");
                }
                size = DataSize(size, wide, wideData, length - body, source, position);
                formatTag = f.Tag;
                return Finish(f, body, size, source);
            }
            if (size > length - body)
            {
                throw new BadInputException(source, $"byte {position}",
                    $"chunk '{Name(id)}' says {size} bytes, but only {length - body} are left in the file");
            }
            if (id.SequenceEqual("fmt "u8))
            {
                format = format is null ? Format(stream, body, size, source)
                    : throw new BadInputException(source, $"byte {position}", "a second fmt chunk");
            }
            else if (id.SequenceEqual("ds64"u8) && wide && size >= 24)
            {
                Read(stream, sizes, body, source, "the ds64 chunk");
                wideData = BinaryPrimitives.ReadInt64LittleEndian(sizes[8..]);
            }
            position = body + size + (size & 1);
        }
        throw new BadInputException(source, $"byte {Math.Min(position, length)}",
            format is null ? "the file ends without a fmt chunk" : "the file ends without a data chunk");
    }

    private static long DataSize(long size, bool wide, long? wideData, long left, string source, long position)
    {
        if (wide && size == uint.MaxValue)
        {
            size = wideData ?? throw new BadInputException(source, $"byte {position}", "an RF64 data chunk without a ds64 chunk");
        }
        else if (size == uint.MaxValue)
        {
            // What programs that write into a pipe leave there: the samples go on to the end of the file.
            size = left;
        }
        if (size < 0 || size > left)
        {
            throw new BadInputException(source, $"byte {position}",
                $"the data chunk says {size} bytes, but {left} are left in the file (truncated?)");
        }
        return size;
    }

    private static (int Tag, int Channels, int Rate, int Bits) Format(Stream stream, long body, long size, string source)
    {
        if (size < 16)
        {
            throw new BadInputException(source, $"byte {body}", $"a fmt chunk of {size} bytes; at least 16 are needed");
        }
        Span<byte> bytes = stackalloc byte[40];
        bytes = bytes[..(int)Math.Min(size, 40)];
        Read(stream, bytes, body, source, "the fmt chunk");
        int tag = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        var rate = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        int align = BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]);
        if (tag == 0xFFFE)
        {
            if (bytes.Length < 40)
            {
                throw new BadInputException(source, $"byte {body}", $"an extensible fmt chunk of {size} bytes; 40 are needed");
            }
            tag = BinaryPrimitives.ReadUInt16LittleEndian(bytes[24..]);
            if (!bytes[26..40].SequenceEqual(SubFormatTail))
            {
                throw new BadInputException(source, $"byte {body + 24}", "an unknown sub-format in the fmt chunk");
            }
        }
        if (channels == 0)
        {
            throw new BadInputException(source, $"byte {body + 2}", "0 channels");
        }
        if (rate is 0 or > HighestRate)
        {
            throw new BadInputException(source, $"byte {body + 4}", $"a sample rate of {rate}; expected 1 to {HighestRate}");
        }
        if (tag is 1 or 3 && align != channels * ((bits + 7) / 8))
        {
            throw new BadInputException(source, $"byte {body + 12}",
                $"frames of {align} bytes, but {channels} channels of {bits} bits make {channels * ((bits + 7) / 8)}");
        }
        return (tag, channels, (int)rate, bits);
    }

    private static WavHeader? Finish((int Tag, int Channels, int Rate, int Bits) f, long body, long size, string source)
    {
        WavEncoding? encoding = (f.Tag, f.Bits) switch
        {
            (1, 8) => WavEncoding.Pcm8,
            (1, 16) => WavEncoding.Pcm16,
            (1, 24) => WavEncoding.Pcm24,
            (1, 32) => WavEncoding.Pcm32,
            (3, 32) => WavEncoding.Float32,
            (3, 64) => WavEncoding.Float64,
            (1 or 3, _) => throw new BadInputException(source, "the fmt chunk",
                $"{f.Bits} bits a sample; expected integers of 8, 16, 24 or 32 bits or floats of 32 or 64"),
            _ => null,
        };
        if (encoding is not { } known)
        {
            return null;
        }
        var frame = WavHeader.Bytes(known) * f.Channels;
        return size % frame == 0 ? new WavHeader(f.Rate, f.Channels, known, size / frame, body)
            : throw new BadInputException(source, $"byte {body}", $"{size} bytes of samples are no whole number of {frame}-byte frames");
    }

    private static void Read(Stream stream, Span<byte> bytes, long position, string source, string what)
    {
        stream.Position = position;
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw new BadInputException(source, $"byte {position}", $"the file ends inside {what}");
        }
    }

    private static string Name(ReadOnlySpan<byte> id)
    {
        var text = new StringBuilder();
        foreach (var b in id)
        {
            text.Append(b is >= 32 and < 127 ? (char)b : '?');
        }
        return text.ToString();
    }
}
