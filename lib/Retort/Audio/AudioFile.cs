namespace Retort.Audio;

/// <summary>Loads sound from files: WAV by ourselves, every other format through ffmpeg as a process.</summary>
public static class AudioFile
{
    private const int MostGrowth = 100;

    /// <summary>The sound of a file or of a section of it.</summary>
    /// <param name="path">WAV, or anything that ffmpeg reads (FLAC, MP3, OGG, video with sound, ...)</param>
    /// <param name="sampleRate">the rate wanted; null keeps the file's</param>
    /// <param name="mono">whether to return the mean of the channels in place of all of them</param>
    /// <param name="startSeconds">where to begin</param>
    /// <param name="seconds">how much; null: to the end. Less comes back where the file ends sooner.</param>
    /// <returns>
    /// The sound. A section of a WAV file has the bits of the same section of the whole file; of other formats it begins
    /// where ffmpeg's seeking puts it.
    /// </returns>
    /// <exception cref="BadInputException">
    /// The file is missing, damaged, has no sound or samples that are not finite numbers, ends before the section begins,
    /// or needs ffmpeg and there is none.
    /// </exception>
    public static Wave Load(string path, int? sampleRate = 16000, bool mono = true, double startSeconds = 0, double? seconds = null)
    {
        if (sampleRate is { } wanted)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(wanted, nameof(sampleRate));
        }
        if (!double.IsFinite(startSeconds) || startSeconds < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(startSeconds), startSeconds, "expected a finite number of seconds, at least 0");
        }
        if (seconds is { } length && (!double.IsFinite(length) || length < 0))
        {
            throw new ArgumentOutOfRangeException(nameof(seconds), length, "expected a finite number of seconds, at least 0");
        }
        using (var stream = WavFile.Open(path))
        {
            if (IsWave(stream) && WavParser.Parse(stream, path, out _) is { } header)
            {
                return LoadWave(stream, path, header, sampleRate ?? header.SampleRate, mono, startSeconds, seconds);
            }
        }
        var decoded = Ffmpeg.Decode(path, startSeconds, seconds);
        decoded = mono ? decoded.Mono() : decoded;
        CheckGrowth(path, decoded.SampleRate, decoded.Samples.Length, sampleRate ?? decoded.SampleRate);
        return Resampler.Resample(decoded, sampleRate ?? decoded.SampleRate);
    }

    /// <summary>Whether the file is a WAV that needs no other program.</summary>
    /// <exception cref="BadInputException">The file is missing or damaged.</exception>
    internal static bool IsReadHere(string path)
    {
        using var stream = WavFile.Open(path);
        return IsWave(stream) && WavParser.Parse(stream, path, out _) is not null;
    }

    /// <summary>
    /// Whole files through one ffmpeg, as mono: starting it takes longer than decoding a short clip. Where one of them cannot
    /// be decoded all are null, and reading them one by one tells which.
    /// </summary>
    internal static Wave?[] LoadMany(IReadOnlyList<string> paths, int sampleRate)
    {
        var waves = Ffmpeg.DecodeMany(paths);
        return [.. waves.Select((wave, i) =>
        {
            if (wave?.Mono() is not { } mono)
            {
                return null;
            }
            CheckGrowth(paths[i], mono.SampleRate, mono.Samples.Length, sampleRate);
            return Resampler.Resample(mono, sampleRate);
        })];
    }

    // A header that lies about its rate must not make gigabytes out of a small file.
    private static void CheckGrowth(string path, int from, long samples, int to)
    {
        if (to / from > MostGrowth || (Int128)samples * to / from >= Array.MaxLength)
        {
            throw new BadInputException(path, "", $"{samples} samples at a rate of {from} are too many at {to}; " +
                $"expected a rate of at least {to / MostGrowth}, and less than {Array.MaxLength} samples: load it in sections");
        }
    }

    private static bool IsWave(Stream stream)
    {
        Span<byte> head = stackalloc byte[12];
        var read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return read == head.Length && (head[..4].SequenceEqual("RIFF"u8) || head[..4].SequenceEqual("RF64"u8))
            && head[8..].SequenceEqual("WAVE"u8);
    }

    private static Wave LoadWave(
        Stream stream, string path, WavHeader header, int rate, bool mono, double startSeconds, double? seconds)
    {
        if (startSeconds > header.Seconds)
        {
            throw new BadInputException(path, $"second {startSeconds}", $"the file is {header.Seconds} seconds long");
        }
        if (startSeconds == 0 && seconds is null)
        {
            CheckGrowth(path, header.SampleRate, header.Frames * (mono ? 1 : header.Channels), rate);
            var whole = WavFile.ReadSamples(stream, path, header, 0, header.Frames);
            return Resampler.Resample(mono ? whole.Mono() : whole, rate);
        }
        // In frames of the result, so that a section is a cut of the whole file's result.
        var total = ((Int128)header.Frames * rate + header.SampleRate - 1) / header.SampleRate;
        var start = (long)Int128.Min((Int128)Math.Round(startSeconds * rate), total);
        var count = (long)(seconds is { } s ? Int128.Min((Int128)Math.Round(s * rate), total - start) : total - start);
        CheckGrowth(path, header.SampleRate, (long)((Int128)count * header.SampleRate / rate) * (mono ? 1 : header.Channels), rate);
        var (first, frames, drop) = rate == header.SampleRate ? (start, count, 0) : Resampler.Piece(start, count, header.SampleRate, rate);
        first = Math.Min(first, header.Frames);
        var piece = WavFile.ReadSamples(stream, path, header, first, Math.Min(frames, header.Frames - first));
        piece = Resampler.Resample(mono ? piece.Mono() : piece, rate);
        return piece with { Samples = piece.Samples.AsSpan(drop * piece.Channels, checked((int)count * piece.Channels)).ToArray() };
    }
}
