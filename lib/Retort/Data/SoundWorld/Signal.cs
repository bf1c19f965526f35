using Retort.Randomness;

namespace Retort.Data;

/// <summary>The few building blocks that the made sounds share. All at 16 kHz, times in seconds, frequencies in Hz.</summary>
internal static class Signal
{
    public const int Rate = 16_000;

    // Nothing is made above this, so that sweeps and partials do not fold back.
    private const double Highest = 7600;

    public static int At(double seconds) => (int)Math.Round(seconds * Rate);

    /// <summary>Adds a sine that begins at a sample and dies away with the time constant; ends when it is 60 dB down.</summary>
    public static void AddDamped(Span<float> x, int from, double frequency, double decay, double level)
    {
        if (from >= x.Length || from < 0 || frequency > Highest)
        {
            return;
        }
        var end = Math.Min(x.Length, from + At(decay * 6.9));
        var w = 2 * Math.PI * frequency / Rate;
        var r = Math.Exp(-1 / (decay * Rate));
        double a = 2 * r * Math.Cos(w), b = r * r, y1 = -level * Math.Sin(w) / r, y2 = -level * Math.Sin(2 * w) / b;
        for (var i = from; i < end; i++)
        {
            var y = a * y1 - b * y2;
            x[i] += (float)y;
            (y2, y1) = (y1, y);
        }
    }

    /// <summary>Adds harmonics 1, 2, ... of a moving pitch, at the levels given; those above the band are left out.</summary>
    /// <param name="x">receives the sum</param>
    /// <param name="levels">level of each harmonic</param>
    /// <param name="pitch">the pitch at a time</param>
    /// <param name="phase">where the first harmonic begins, in radians</param>
    public static void AddHarmonics(Span<float> x, ReadOnlySpan<float> levels, Func<double, double> pitch, double phase)
    {
        for (var i = 0; i < x.Length; i++)
        {
            var f = pitch((double)i / Rate);
            var count = Math.Min(levels.Length, (int)(Highest / f));
            // sin(h p) from its two predecessors (Chebyshev).
            double twice = 2 * Math.Cos(phase), before = 0, now = Math.Sin(phase), sum = 0;
            for (var h = 0; h < count; h++)
            {
                sum += levels[h] * now;
                (before, now) = (now, twice * now - before);
            }
            x[i] += (float)sum;
            phase += 2 * Math.PI * f / Rate;
            phase -= phase > 2 * Math.PI ? 2 * Math.PI : 0;
        }
    }

    /// <summary>Adds white noise, uniform in [-level, level].</summary>
    public static void AddNoise(Span<float> x, RandomStream draw, double level)
    {
        for (var i = 0; i < x.Length; i++)
        {
            x[i] += (float)level * (2 * draw.NextSingle() - 1);
        }
    }

    /// <summary>Adds a burst of noise that dies away.</summary>
    public static void AddBurst(Span<float> x, int from, double decay, double level, RandomStream draw)
    {
        var r = (float)Math.Exp(-1 / (decay * Rate));
        var now = (float)level;
        var end = Math.Min(x.Length, from + At(decay * 6.9));
        for (var i = Math.Max(from, 0); i < end; i++, now *= r)
        {
            x[i] += now * (2 * draw.NextSingle() - 1);
        }
    }

    /// <summary>A second-order band-pass with peak gain 1 (Bristow-Johnson's cookbook).</summary>
    public static void BandPass(Span<float> x, double frequency, double sharpness)
    {
        var (cos, alpha) = Prewarp(frequency, sharpness);
        Filter(x, alpha, 0, -alpha, 1 + alpha, -2 * cos, 1 - alpha);
    }

    /// <summary>A second-order low-pass (Bristow-Johnson's cookbook).</summary>
    public static void LowPass(Span<float> x, double frequency, double sharpness = 0.707)
    {
        var (cos, alpha) = Prewarp(frequency, sharpness);
        Filter(x, (1 - cos) / 2, 1 - cos, (1 - cos) / 2, 1 + alpha, -2 * cos, 1 - alpha);
    }

    /// <summary>A second-order high-pass (Bristow-Johnson's cookbook).</summary>
    public static void HighPass(Span<float> x, double frequency, double sharpness = 0.707)
    {
        var (cos, alpha) = Prewarp(frequency, sharpness);
        Filter(x, (1 + cos) / 2, -(1 + cos), (1 + cos) / 2, 1 + alpha, -2 * cos, 1 - alpha);
    }

    /// <summary>A band-pass whose centre moves (state-variable filter, trapezoidal integration; Simper, 2013).</summary>
    public static void MovingBandPass(Span<float> x, Func<double, double> frequency, double sharpness)
    {
        double s1 = 0, s2 = 0, g = 0;
        var k = 1 / sharpness;
        for (var i = 0; i < x.Length; i++)
        {
            if (i % 16 == 0)
            {
                g = Math.Tan(Math.PI * Math.Min(frequency((double)i / Rate), Highest) / Rate);
            }
            var high = (x[i] - s2 - (g + k) * s1) / (1 + g * (g + k));
            var band = g * high + s1;
            var low = g * band + s2;
            (s1, s2) = (g * high + band, g * band + low);
            x[i] = (float)(k * band);
        }
    }

    /// <summary>Multiplies by a gain that depends on the time.</summary>
    public static void Shape(Span<float> x, Func<double, double> gain)
    {
        for (var i = 0; i < x.Length; i++)
        {
            x[i] *= (float)gain((double)i / Rate);
        }
    }

    /// <summary>Straight ramps at both ends.</summary>
    public static void Ramp(Span<float> x, double rise, double fall)
    {
        var (up, down) = (Math.Min(At(rise), x.Length / 2), Math.Min(At(fall), x.Length / 2));
        for (var i = 0; i < up; i++)
        {
            x[i] *= (float)i / up;
        }
        for (var i = 0; i < down; i++)
        {
            x[^(i + 1)] *= (float)i / down;
        }
    }

    /// <summary>Largest absolute sample.</summary>
    public static float Peak(ReadOnlySpan<float> x)
    {
        var peak = 0f;
        foreach (var sample in x)
        {
            peak = Math.Max(peak, Math.Abs(sample));
        }
        return peak;
    }

    public static float Gain(double decibel) => (float)Math.Pow(10, decibel / 20);

    private static (double Cos, double Alpha) Prewarp(double frequency, double sharpness)
    {
        var w = 2 * Math.PI * Math.Min(frequency, Highest) / Rate;
        return (Math.Cos(w), Math.Sin(w) / (2 * sharpness));
    }

    private static void Filter(Span<float> x, double b0, double b1, double b2, double a0, double a1, double a2)
    {
        (b0, b1, b2, a1, a2) = (b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0);
        double s1 = 0, s2 = 0;
        for (var i = 0; i < x.Length; i++)
        {
            var y = b0 * x[i] + s1;
            s1 = b1 * x[i] - a1 * y + s2;
            s2 = b2 * x[i] - a2 * y;
            x[i] = (float)y;
        }
    }
}
