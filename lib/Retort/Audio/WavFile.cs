// WAV files in and out: PCM of 8, 16, 24 and 32 bits, floats of 32 and 64, any number of channels.

using System.Buffers.Binary;

namespace Retort.Audio;

/// <summary>Reads and writes WAV files. Integers map to [-1, 1) by their full scale: 16-bit x is x / 32768.</summary>
public static class WavFile
{
    /// <summary>What the file says about itself, without reading its samples.</summary>
    /// <param name="path">a RIFF or RF64 WAV file</param>
    /// <exception cref="BadInputException">The file is missing, no WAV file, damaged, or of an encoding that is not read here.</exception>
    public static WavHeader ReadHeader(string path)
    {
        using var stream = Open(path);
        return ReadHeader(stream, path);
    }

    /// <summary>The whole file.</summary>
    /// <param name="path">a RIFF or RF64 WAV file</param>
    /// <exception cref="BadInputException">As for <see cref="ReadHeader(string)"/>, or a sample is not a finite number.</exception>
    public static Wave Read(string path)
    {
        using var stream = Open(path);
        return Read(stream, path);
    }

    /// <summary>Some frames of the file, read without the rest.</summary>
    /// <param name="path">a RIFF or RF64 WAV file</param>
    /// <param name="start">the first frame</param>
    /// <param name="frames">how many; fewer come back where the file ends sooner</param>
    /// <exception cref="BadInputException">As for <see cref="Read(string)"/>, or the file ends before <paramref name="start"/>.</exception>
    public static Wave ReadSection(string path, long start, long frames)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(frames);
        using var stream = Open(path);
        var header = ReadHeader(stream, path);
        if (start > header.Frames)
        {
            throw new BadInputException(path, $"frame {start}", $"the file ends at frame {header.Frames}");
        }
        return ReadSamples(stream, path, header, start, Math.Min(frames, header.Frames - start));
    }

    /// <summary>Writes the sound, replacing the file only when the new one is whole.</summary>
    /// <param name="path">where to</param>
    /// <param name="wave">what; integer encodings clip it to [-1, 1] and round to the nearest step</param>
    /// <param name="encoding">how a sample is held</param>
    /// <exception cref="ArgumentException">A sample is not a finite number, or the sound is too long for a WAV file (4 GiB).</exception>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public static void Write(string path, Wave wave, WavEncoding encoding = WavEncoding.Pcm16)
    {
        if (FirstBad(wave.Samples) is var bad and >= 0)
        {
            throw new ArgumentException($"frame {bad / wave.Channels}, channel {bad % wave.Channels} is {wave.Samples[bad]}", nameof(wave));
        }
        AtomicFile.Write(path, stream => WavWriter.Write(stream, wave, encoding));
    }

    internal static WavHeader ReadHeader(Stream stream, string source) =>
        WavParser.Parse(stream, source, out var tag) ?? throw new BadInputException(source, "the fmt chunk",
            $"format tag 0x{tag:x4}; expected integer (1) or float (3) samples (other encodings are read through AudioFile, by ffmpeg)");

    internal static Wave Read(Stream stream, string source)
    {
        var header = ReadHeader(stream, source);
        return ReadSamples(stream, source, header, 0, header.Frames);
    }

    internal static Wave ReadSamples(Stream stream, string source, WavHeader header, long start, long frames)
    {
        var count = frames * header.Channels;
        if (count > Array.MaxLength)
        {
            throw new BadInputException(source, "", $"{count} samples are more than fit in memory at once; read it in sections");
        }
        var samples = new float[count];
        var size = header.SampleBytes;
        var buffer = new byte[Math.Min(count * size, (1 << 16) / size * size)];
        stream.Position = header.DataOffset + start * header.FrameBytes;
        for (var done = 0; done < samples.Length;)
        {
            var part = Math.Min(samples.Length - done, buffer.Length / size);
            if (stream.ReadAtLeast(buffer.AsSpan(0, part * size), part * size, throwOnEndOfStream: false) < part * size)
            {
                throw new BadInputException(source, $"frame {start + done / header.Channels}", "the file ends inside its samples");
            }
            Decode(buffer.AsSpan(0, part * size), header.Encoding, samples.AsSpan(done, part));
            done += part;
        }
        if (header.Encoding is WavEncoding.Float32 or WavEncoding.Float64 && FirstBad(samples) is var bad and >= 0)
        {
            throw new BadInputException(source, $"frame {start + bad / header.Channels}, channel {bad % header.Channels}",
                $"the sample is {samples[bad].ToString(System.Globalization.CultureInfo.InvariantCulture)}; expected a finite number");
        }
        return new Wave(samples, header.SampleRate, header.Channels);
    }

    internal static FileStream Open(string path)
    {
        try
        {
            // Our own buffers are large; a section is read by one seek and one read.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 4096);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
    }

    private static void Decode(ReadOnlySpan<byte> bytes, WavEncoding encoding, Span<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = encoding switch
            {
                WavEncoding.Pcm8 => (bytes[i] - 128) / 128f,
                WavEncoding.Pcm16 => BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]) / 32768f,
                WavEncoding.Pcm24 => (bytes[3 * i] | bytes[3 * i + 1] << 8 | (sbyte)bytes[3 * i + 2] << 16) / 8388608f,
                WavEncoding.Pcm32 => BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]) / 2147483648f,
                WavEncoding.Float32 => BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]),
                _ => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]),
            };
        }
    }

    private static int FirstBad(ReadOnlySpan<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            if (!float.IsFinite(samples[i]))
            {
                return i;
            }
        }
        return -1;
    }
}
