// Windowed-sinc resampling, equal to torchaudio.functional.resample with its defaults: Hann window, 6 zero crossings a
// side, roll-off 0.99. The kernel of phase p is h(t) = sinc(t) cos^2(pi t / 12) f / o, t = f (i / o - p / n), with o and
// n the two rates over their common divisor and f = 0.99 min(o, n). Only taps with |t| < 6 are kept: the rest are zero.

using System.Collections.Concurrent;

namespace Retort.Audio;

/// <summary>Changes a sound's sample rate.</summary>
public static class Resampler
{
    private const int Crossings = 6;
    private const double RollOff = 0.99;
    private const int LargestTable = 1 << 20;
    private static readonly ConcurrentDictionary<(int, int), Bank> Banks = new();

    /// <summary>One channel at another rate. The result has ceil(length * to / from) samples.</summary>
    /// <param name="x">the samples; outside of them is silence</param>
    /// <param name="from">their rate, in samples a second</param>
    /// <param name="to">the rate wanted</param>
    /// <returns>The resampled sound; the input itself where the rates are equal.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A rate is not positive, or the result is too long for an array.</exception>
    public static float[] Resample(float[] x, int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(from);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(to);
        if (from == to || x.Length == 0)
        {
            return x;
        }
        var bank = Of(from, to);
        var length = ((long)bank.New * x.Length + bank.Old - 1) / bank.Old;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Array.MaxLength, nameof(x));
        var y = new float[length];
        bank.Run(x, y);
        return y;
    }

    /// <summary>Every channel at another rate.</summary>
    /// <param name="wave">the sound</param>
    /// <param name="to">the rate wanted, in frames a second</param>
    /// <exception cref="ArgumentOutOfRangeException">As for <see cref="Resample(float[], int, int)"/>.</exception>
    public static Wave Resample(Wave wave, int to)
    {
        if (wave.SampleRate == to)
        {
            return wave;
        }
        if (wave.Channels == 1)
        {
            return new Wave(Resample(wave.Samples, wave.SampleRate, to), to, 1);
        }
        float[]? joined = null;
        for (var c = 0; c < wave.Channels; c++)
        {
            var channel = Resample(wave.Channel(c), wave.SampleRate, to);
            joined ??= new float[channel.Length * wave.Channels];
            for (var i = 0; i < channel.Length; i++)
            {
                joined[i * wave.Channels + c] = channel[i];
            }
        }
        return new Wave(joined!, to, wave.Channels);
    }

    /// <summary>
    /// The input frames that outputs [start, start + count) hang on: where to begin reading, how many frames, and how many
    /// outputs of that piece to drop at its beginning. The piece's outputs have the bits of the whole file's.
    /// </summary>
    internal static (long First, long Frames, int Drop) Piece(long start, long count, int from, int to)
    {
        var bank = Of(from, to);
        var margin = (bank.Width + bank.Old - 1) / bank.Old + 1;
        var block = Math.Max(0, start / bank.New - margin);
        var end = (start + count + bank.New - 1) / bank.New + margin;
        return (block * bank.Old, (end - block) * bank.Old, (int)(start - block * bank.New));
    }

    private static Bank Of(int from, int to)
    {
        var divisor = (int)System.Numerics.BigInteger.GreatestCommonDivisor(from, to);
        return Banks.GetOrAdd((from / divisor, to / divisor), static rates => new Bank(rates.Item1, rates.Item2));
    }

    private sealed class Bank
    {
        private readonly double cutoff;
        private readonly (int First, double[] Taps)[] taps;

        public Bank(int old, int @new)
        {
            (Old, New) = (old, @new);
            cutoff = Math.Min(old, @new) * RollOff;
            Width = (int)Math.Ceiling(Crossings * old / cutoff);
            // Odd pairs of rates would need tables of gigabytes; their taps are computed anew for each output.
            var kept = (long)@new * (2 * Width + 1) <= LargestTable ? @new : 0;
            taps = new (int, double[])[kept];
            for (var phase = 0; phase < kept; phase++)
            {
                taps[phase] = Taps(phase);
            }
        }

        public int Old { get; }

        public int New { get; }

        public int Width { get; }

        public void Run(float[] x, float[] y)
        {
            var phase = 0;
            var origin = 0L;
            for (var n = 0; n < y.Length; n++)
            {
                var (start, h) = taps.Length > 0 ? taps[phase] : Taps(phase);
                var at = origin + start;
                var low = (int)Math.Max(0, -at);
                var high = (int)Math.Min(h.Length, x.Length - at);
                var sum = 0.0;
                if (high > low)
                {
                    var kernel = h.AsSpan(low, high - low);
                    var input = x.AsSpan((int)(at + low), kernel.Length);
                    for (var i = 0; i < kernel.Length; i++)
                    {
                        sum += kernel[i] * input[i];
                    }
                }
                y[n] = (float)sum;
                if (++phase == New)
                {
                    phase = 0;
                    origin += Old;
                }
            }
        }

        private (int First, double[] Taps) Taps(int phase)
        {
            // The smallest i with f (i / o - p / n) > -6, and the largest with < 6.
            var first = (int)Math.Floor(Old * ((double)phase / New - Crossings / cutoff)) + 1;
            var last = (int)Math.Ceiling(Old * ((double)phase / New + Crossings / cutoff)) - 1;
            var h = new double[last - first + 1];
            for (var i = 0; i < h.Length; i++)
            {
                var t = cutoff * ((double)(first + i) / Old - (double)phase / New);
                var window = Math.Cos(Math.PI * t / Crossings / 2);
                var sinc = t == 0 ? 1 : Math.Sin(Math.PI * t) / (Math.PI * t);
                h[i] = sinc * window * window * cutoff / Old;
            }
            return (first, h);
        }
    }
}
