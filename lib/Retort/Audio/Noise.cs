// Noises made by rule, and their mixing with speech at a signal-to-noise ratio over active speech: a stand-in for recorded
// noises, one generator a kind.

using Retort.Randomness;

namespace Retort.Audio;

/// <summary>A kind of noise that <see cref="Noise"/> makes.</summary>
public enum NoiseKind
{
    /// <summary>All frequencies alike.</summary>
    White,

    /// <summary>3 dB less each octave.</summary>
    Pink,

    /// <summary>A moving car: brown noise below a drawn 150 to 300 Hz, and a motor's hum.</summary>
    Car,

    /// <summary>Several people who speak at once; needs recordings of speech.</summary>
    Babble,

    /// <summary>A machine: harmonics of a drawn tone whose loudness swings, and a broad hiss.</summary>
    Machine,

    /// <summary>A street: rumble, and bursts of passing vehicles.</summary>
    Street,

    /// <summary>A cry: a rich tone that rises and falls. Meant as the kind that training never sees.</summary>
    Cry,
}

/// <summary>Generated noises. Each is a function of the stream of random numbers that it is given; its power is 1.</summary>
public static class Noise
{
    /// <summary>So many samples of a kind of noise.</summary>
    /// <param name="kind">the kind</param>
    /// <param name="samples">number of samples</param>
    /// <param name="draw">where it comes from</param>
    /// <param name="rate">samples a second</param>
    /// <param name="speech">recordings that babble is made of, six to eight at a time; needed for babble alone</param>
    /// <exception cref="ArgumentException">Babble without recordings.</exception>
    public static float[] Make(NoiseKind kind, int samples, RandomStream draw, int rate = 16_000, IReadOnlyList<float[]>? speech = null)
    {
        var noise = kind switch
        {
            NoiseKind.White => Augment.WhiteNoise(samples, draw),
            NoiseKind.Pink => Pink(samples, draw),
            NoiseKind.Car => Car(samples, draw, rate),
            NoiseKind.Babble => Babble(samples, draw, speech),
            NoiseKind.Machine => Machine(samples, draw, rate),
            NoiseKind.Street => Street(samples, draw, rate),
            NoiseKind.Cry => Cry(samples, draw, rate),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no kind of noise"),
        };
        var power = Power(noise);
        if (power > 0)
        {
            var factor = (float)(1 / Math.Sqrt(power));
            for (var i = 0; i < noise.Length; i++)
            {
                noise[i] *= factor;
            }
        }
        return noise;
    }

    /// <summary>
    /// Mean power where someone speaks: over the frames of 20 ms whose power is within 35 dB of the loudest one's. 0 for silence.
    /// </summary>
    /// <param name="wave">the recording</param>
    /// <param name="rate">samples a second</param>
    public static double ActivePower(ReadOnlySpan<float> wave, int rate = 16_000)
    {
        var frame = Math.Max(rate / 50, 1);
        var powers = new double[(wave.Length + frame - 1) / frame];
        for (var f = 0; f < powers.Length; f++)
        {
            powers[f] = Power(wave[(f * frame)..Math.Min((f + 1) * frame, wave.Length)]);
        }
        var floor = powers.DefaultIfEmpty(0).Max() * Math.Pow(10, -3.5);
        return powers.Where(p => p >= floor).DefaultIfEmpty(0).Average();
    }

    /// <summary>Speech with noise at a ratio of its active power to the noise's power, in dB. Nothing is clipped.</summary>
    /// <param name="speech">the recording</param>
    /// <param name="noise">at least as many samples of noise</param>
    /// <param name="ratio">signal-to-noise ratio, in dB; positive infinity for no noise</param>
    /// <param name="rate">samples a second</param>
    /// <exception cref="ArgumentException">The noise is shorter than the speech or silent, the speech is silent, or a value is not finite.</exception>
    public static float[] Mix(ReadOnlySpan<float> speech, ReadOnlySpan<float> noise, double ratio, int rate = 16_000)
    {
        if (double.IsPositiveInfinity(ratio))
        {
            return speech.ToArray();
        }
        if (noise.Length < speech.Length)
        {
            throw new ArgumentException($"{noise.Length} samples of noise for {speech.Length} of speech", nameof(noise));
        }
        double signal = ActivePower(speech, rate), added = Power(noise[..speech.Length]);
        if (!(signal > 0) || !(added > 0) || !double.IsFinite(signal) || !double.IsFinite(added) || !double.IsFinite(ratio))
        {
            throw new ArgumentException($"speech of power {signal} and noise of power {added} cannot be mixed at {ratio} dB", nameof(speech));
        }
        var factor = (float)Math.Sqrt(signal / (added * Math.Pow(10, ratio / 10)));
        var mixed = new float[speech.Length];
        for (var i = 0; i < mixed.Length; i++)
        {
            mixed[i] = speech[i] + factor * noise[i];
        }
        return mixed;
    }

    private static double Power(ReadOnlySpan<float> wave)
    {
        var sum = 0.0;
        foreach (var x in wave)
        {
            sum += (double)x * x;
        }
        return wave.Length == 0 ? 0 : sum / wave.Length;
    }

    // Voss and McCartney: white noises that change at half the pace of one another.
    private static float[] Pink(int samples, RandomStream draw)
    {
        var rows = new double[14];
        var noise = new float[samples];
        for (var r = 0; r < rows.Length; r++)
        {
            rows[r] = draw.Normal();
        }
        for (var i = 0; i < samples; i++)
        {
            var row = System.Numerics.BitOperations.TrailingZeroCount(i + 1);
            if (row < rows.Length)
            {
                rows[row] = draw.Normal();
            }
            noise[i] = (float)(rows.Sum() + draw.Normal());
        }
        return noise;
    }

    private static float[] Car(int samples, RandomStream draw, int rate)
    {
        var (cut, motor, phase) = (draw.Uniform(150, 300), draw.Uniform(45, 90), draw.Uniform(0, 2 * Math.PI));
        var a = Math.Exp(-2 * Math.PI * cut / rate);
        double first = 0, second = 0;
        var noise = new float[samples];
        for (var i = 0; i < samples; i++)
        {
            first = a * first + (1 - a) * draw.Normal();
            second = a * second + (1 - a) * first;
            noise[i] = (float)(40 * second + 0.3 * Math.Sin(2 * Math.PI * motor * i / rate + phase) + 0.02 * draw.Normal());
        }
        return noise;
    }

    private static float[] Babble(int samples, RandomStream draw, IReadOnlyList<float[]>? speech)
    {
        if (speech is not { Count: > 0 } || speech.All(s => s.Length == 0))
        {
            throw new ArgumentException("babble needs recordings of speech", nameof(speech));
        }
        var noise = new float[samples];
        for (var talker = draw.Next(6, 9); talker > 0; talker--)
        {
            var gain = (float)Math.Pow(10, draw.Uniform(-6, 0) / 20);
            // Each says one sentence after another, and is met in the middle of one.
            for (var at = -draw.Next(16_000); at < samples;)
            {
                var said = draw.Pick(speech);
                var level = (float)(gain / Math.Sqrt(Math.Max(ActivePower(said), 1e-12)));
                for (var i = Math.Max(0, -at); i < said.Length && at + i < samples; i++)
                {
                    noise[at + i] += level * said[i];
                }
                at += Math.Max(said.Length, 1);
            }
        }
        return noise;
    }

    private static float[] Machine(int samples, RandomStream draw, int rate)
    {
        var (tone, swing, depth) = (draw.Uniform(80, 240), draw.Uniform(2, 8), draw.Uniform(0.2, 0.6));
        var strengths = Enumerable.Range(1, 12).Select(h => draw.Uniform(0.3, 1) / Math.Sqrt(h)).ToArray();
        var phases = strengths.Select(_ => draw.Uniform(0, 2 * Math.PI)).ToArray();
        var noise = new float[samples];
        for (var i = 0; i < samples; i++)
        {
            var time = (double)i / rate;
            var sum = 0.0;
            for (var h = 0; h < strengths.Length; h++)
            {
                sum += strengths[h] * Math.Sin(2 * Math.PI * tone * (h + 1) * time + phases[h]);
            }
            noise[i] = (float)((1 + depth * Math.Sin(2 * Math.PI * swing * time)) * sum + 0.8 * draw.Normal());
        }
        return noise;
    }

    private static float[] Street(int samples, RandomStream draw, int rate)
    {
        var noise = Car(samples, draw, rate);
        for (var at = draw.Next(rate / 2); at < samples; at += draw.Next(rate / 4, rate))
        {
            var (length, loud, colour, last) = (draw.Next(rate / 10, rate / 2), draw.Uniform(1, 4), draw.Uniform(0.3, 0.9), 0.0);
            for (var i = 0; i < length && at + i < samples; i++)
            {
                last = colour * last + draw.Normal();
                noise[at + i] += (float)(loud * Math.Sin(Math.PI * i / length) * last * (1 - colour));
            }
        }
        return noise;
    }

    private static float[] Cry(int samples, RandomStream draw, int rate)
    {
        var noise = new float[samples];
        for (var at = 0; at < samples;)
        {
            var (length, low, high) = (draw.Next(rate / 3, rate), draw.Uniform(300, 450), draw.Uniform(500, 700));
            var phase = 0.0;
            for (var i = 0; i < length && at + i < samples; i++)
            {
                var shape = Math.Sin(Math.PI * i / length);
                phase += 2 * Math.PI * (low + (high - low) * shape) / rate;
                noise[at + i] = (float)(shape * (Math.Sin(phase) + 0.7 * Math.Sin(2 * phase) + 0.5 * Math.Sin(3 * phase) + 0.3 * Math.Sin(4 * phase)) + 0.05 * draw.Normal());
            }
            at += length + draw.Next(rate / 10, rate / 3);
        }
        return noise;
    }
}
