using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Retort.Audio;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// Lines spoken by espeak-ng in a room with noise, 16 kHz, made once on all cores and kept in the cache: one file of 16-bit
/// samples, one of where each line ends.
/// </summary>
internal sealed class SpeechRecording
{
    private const string SamplesFile = "samples.s16";
    private const string EndsFile = "ends.i64";
    private const int Block = 512;
    private readonly SafeFileHandle samples;
    private readonly long[] ends;

    private SpeechRecording(SafeFileHandle samples, long[] ends) => (this.samples, this.ends) = (samples, ends);

    public static SpeechRecording Of(IReadOnlyList<SpokenLine> lines, SyntheticSpeechSettings settings, string hash)
    {
        var folder = Cache.Entry("spoken", hash, into => Make(lines, settings, into));
        try
        {
            var ends = MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(Path.Combine(folder, EndsFile))).ToArray();
            var samples = File.OpenHandle(Path.Combine(folder, SamplesFile));
            var bytes = RandomAccess.GetLength(samples);
            return ends.Length == lines.Count && bytes == sizeof(short) * ends[^1] && ends.Zip(ends.Skip(1)).All(p => p.First < p.Second)
                ? new SpeechRecording(samples, ends)
                : throw new BadInputException(folder, "", $"holds {ends.Length} lines and {bytes} bytes of samples, expected {lines.Count} lines and the samples that they name; remove the folder to make it again");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(folder, "", $"cannot be read: {e.Message}; remove the folder to make it again", e);
        }
    }

    public int Length(int line) => (int)(ends[line] - Start(line));

    public float[] Samples(int line)
    {
        var kept = new short[Length(line)];
        var bytes = MemoryMarshal.AsBytes(kept.AsSpan());
        for (var read = 0; read < bytes.Length;)
        {
            var more = RandomAccess.Read(samples, bytes[read..], sizeof(short) * Start(line) + read);
            read += more > 0 ? more : throw new BadInputException(SamplesFile, $"line {line}", "the cache's file has become shorter; remove the cache's entry to make it again");
        }
        var x = new float[kept.Length];
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = kept[i] / 32768f;
        }
        return x;
    }

    private long Start(int line) => line == 0 ? 0 : ends[line - 1];

    private static void Make(IReadOnlyList<SpokenLine> lines, SyntheticSpeechSettings settings, string folder)
    {
        var (end, ends) = (0L, new long[lines.Count]);
        using var file = File.Create(Path.Combine(folder, SamplesFile));
        for (var first = 0; first < lines.Count; first += Block)
        {
            var (from, spoken) = (first, new short[Math.Min(Block, lines.Count - first)][]);
            AllCores.For(spoken.Length, i => spoken[i] = InRoom(Speak(lines[from + i]), lines[from + i].Id, settings));
            for (var i = 0; i < spoken.Length; i++)
            {
                file.Write(MemoryMarshal.AsBytes<short>(spoken[i]));
                ends[from + i] = end += spoken[i].Length;
            }
        }
        File.WriteAllBytes(Path.Combine(folder, EndsFile), MemoryMarshal.AsBytes<long>(ends).ToArray());
    }

    private static float[] Speak(SpokenLine line)
    {
        var start = new ProcessStartInfo("espeak-ng",
            [.. Espeak.Fixed, "-v", line.Voice, "-s", line.Speed.ToString(CultureInfo.InvariantCulture), "-p", line.Pitch.ToString(CultureInfo.InvariantCulture), "--stdout", line.Words])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var sound = new MemoryStream();
        try
        {
            using var process = Process.Start(start)!;
            // One after the other on this thread: an asynchronous reader needs a second thread of the pool, and with all of them
            // waiting here the pool adds one a second. What espeak-ng has to say about an error fits into a pipe's buffer.
            process.StandardOutput.BaseStream.CopyTo(sound);
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0 || error.Length > 0)
            {
                throw new BadInputException("espeak-ng", $"voice {line.Voice}", $"it failed with exit code {process.ExitCode}: {error.Split('\n')[0]}");
            }
        }
        catch (Win32Exception e)
        {
            throw new BadInputException("espeak-ng", "", "the program is missing, and made speech needs it: install the package espeak-ng (apt-get install espeak-ng)", e);
        }
        // Written to a pipe, the header does not know the length; what follows its 44 bytes is the sound.
        var bytes = sound.GetBuffer().AsSpan(0, (int)sound.Length);
        if (bytes.Length < 1000 || !bytes[..4].SequenceEqual("RIFF"u8))
        {
            throw new BadInputException("espeak-ng", $"voice {line.Voice}", $"it spoke {bytes.Length} bytes, which are no sound");
        }
        var rate = BitConverter.ToInt32(bytes[24..28]);
        var raw = MemoryMarshal.Cast<byte, short>(bytes[44..]);
        var x = new float[raw.Length];
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = raw[i] / 32768f;
        }
        return Resampler.Resample(x, rate, 16_000);
    }

    // A handful of early reflections, noise between white and brown at a drawn ratio, and a drawn level.
    private static short[] InRoom(float[] dry, string id, SyntheticSpeechSettings settings)
    {
        var draw = RandomStream.Of(settings.Seed, "room", id);
        var wet = (float[])dry.Clone();
        for (var r = 0; r < settings.Reflections; r++)
        {
            var seconds = settings.RoomSeconds * draw.NextDouble();
            var delay = 1 + (int)(16_000 * seconds);
            var gain = (float)(0.5 * Math.Exp(-3 * seconds / Math.Max(settings.RoomSeconds, 1e-6)) * (draw.NextDouble() < 0.5 ? -1 : 1) * draw.NextDouble());
            for (var i = delay; i < wet.Length; i++)
            {
                wet[i] += gain * dry[i - delay];
            }
        }
        var noise = new float[wet.Length];
        var (colour, last) = ((float)draw.Uniform(0, 0.95), 0f);
        for (var i = 0; i < noise.Length; i++)
        {
            noise[i] = last = colour * last + (float)draw.Normal();
        }
        var snr = draw.Uniform(settings.Snr.Lowest, settings.Snr.Highest);
        var scale = (float)(Rms(wet) / Math.Max(Rms(noise), 1e-9) * Math.Pow(10, -snr / 20));
        var level = (float)(Math.Pow(10, draw.Uniform(-32, -20) / 20) / Math.Max(Rms(wet), 1e-9));
        var kept = new short[wet.Length];
        for (var i = 0; i < kept.Length; i++)
        {
            kept[i] = (short)Math.Clamp(MathF.Round(32767 * level * (wet[i] + scale * noise[i])), short.MinValue, short.MaxValue);
        }
        return kept;
    }

    private static double Rms(float[] x) => Math.Sqrt(x.Sum(v => (double)v * v) / Math.Max(x.Length, 1));
}
