using System.Buffers.Binary;

namespace Retort.Audio;

internal static class WavWriter
{
    public static void Write(Stream stream, Wave wave, WavEncoding encoding)
    {
        var size = WavHeader.Bytes(encoding);
        ArgumentOutOfRangeException.ThrowIfLessThan(wave.Channels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wave.Channels, ushort.MaxValue / size);
        ArgumentOutOfRangeException.ThrowIfLessThan(wave.SampleRate, 1);
        if (wave.Samples.Length % wave.Channels != 0)
        {
            throw new ArgumentException($"{wave.Samples.Length} samples are no whole number of frames of {wave.Channels} channels", nameof(wave));
        }
        var data = (long)wave.Samples.Length * size;
        if (data > uint.MaxValue - 64)
        {
            throw new ArgumentException($"{data} bytes of samples; a WAV file holds less than 4 GiB", nameof(wave));
        }
        var isFloat = encoding is WavEncoding.Float32 or WavEncoding.Float64;
        // More than two channels, or more than 16 bits, call for the extensible form; floats want a fact chunk.
        var extensible = wave.Channels > 2 || encoding is WavEncoding.Pcm24 or WavEncoding.Pcm32;
        var formatSize = extensible ? 40 : isFloat ? 18 : 16;
        var header = new byte[12 + 8 + formatSize + (isFloat ? 12 : 0) + 8];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), (uint)(header.Length - 8 + data + (data & 1)));
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), formatSize);
        WriteFormat(header.AsSpan(20, formatSize), wave, isFloat, size, extensible);
        var rest = header.AsSpan(20 + formatSize);
        if (isFloat)
        {
            "fact"u8.CopyTo(rest);
            BinaryPrimitives.WriteInt32LittleEndian(rest[4..], 4);
            BinaryPrimitives.WriteInt32LittleEndian(rest[8..], wave.Frames);
            rest = rest[12..];
        }
        "data"u8.CopyTo(rest);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], (uint)data);
        stream.Write(header);
        WriteSamples(stream, wave.Samples, encoding, size);
        if ((data & 1) != 0)
        {
            stream.WriteByte(0);
        }
    }

    private static void WriteFormat(Span<byte> f, Wave wave, bool isFloat, int size, bool extensible)
    {
        var tag = (ushort)(isFloat ? 3 : 1);
        BinaryPrimitives.WriteUInt16LittleEndian(f, extensible ? (ushort)0xFFFE : tag);
        BinaryPrimitives.WriteUInt16LittleEndian(f[2..], (ushort)wave.Channels);
        BinaryPrimitives.WriteInt32LittleEndian(f[4..], wave.SampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(f[8..], (uint)Math.Min((long)wave.SampleRate * wave.Channels * size, uint.MaxValue));
        BinaryPrimitives.WriteUInt16LittleEndian(f[12..], (ushort)(wave.Channels * size));
        BinaryPrimitives.WriteUInt16LittleEndian(f[14..], (ushort)(8 * size));
        if (extensible)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(f[16..], 22);
            BinaryPrimitives.WriteUInt16LittleEndian(f[18..], (ushort)(8 * size));
            // Channel mask 0: the channels have no declared speakers.
            BinaryPrimitives.WriteUInt16LittleEndian(f[24..], tag);
            WavParser.SubFormatTail.CopyTo(f[26..]);
        }
    }

    private static void WriteSamples(Stream stream, float[] samples, WavEncoding encoding, int size)
    {
        var buffer = new byte[(1 << 16) / size * size];
        for (var done = 0; done < samples.Length;)
        {
            var part = Math.Min(samples.Length - done, buffer.Length / size);
            for (var i = 0; i < part; i++)
            {
                Encode(samples[done + i], encoding, buffer.AsSpan(i * size, size));
            }
            stream.Write(buffer, 0, part * size);
            done += part;
        }
    }

    private static void Encode(float x, WavEncoding encoding, Span<byte> bytes)
    {
        switch (encoding)
        {
            case WavEncoding.Pcm8:
                bytes[0] = (byte)(128 + Step(x, 128));
                break;
            case WavEncoding.Pcm16:
                BinaryPrimitives.WriteInt16LittleEndian(bytes, (short)Step(x, 32768));
                break;
            case WavEncoding.Pcm24:
                var step = (int)Step(x, 8388608);
                (bytes[0], bytes[1], bytes[2]) = ((byte)step, (byte)(step >> 8), (byte)(step >> 16));
                break;
            case WavEncoding.Pcm32:
                BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)Step(x, 2147483648));
                break;
            case WavEncoding.Float32:
                BinaryPrimitives.WriteSingleLittleEndian(bytes, x);
                break;
            default:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, x);
                break;
        }
    }

    private static double Step(float x, double scale) => Math.Clamp(Math.Round(x * scale), -scale, scale - 1);
}
