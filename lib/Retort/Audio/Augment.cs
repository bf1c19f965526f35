// Augmentation of waves. Each function is a plain transformation of its arguments: what is random is drawn by the caller
// or from a named stream, so that it can be replayed.

using Retort.Randomness;

namespace Retort.Audio;

/// <summary>Augmentations of waves and spectrograms: circular shift, masks, mixup, gain, noise at a signal-to-noise ratio.</summary>
public static partial class Augment
{
    /// <summary>The wave moved later by <paramref name="shift"/> samples, circularly; a negative shift moves it earlier.</summary>
    public static float[] Shift(ReadOnlySpan<float> wave, int shift)
    {
        var shifted = new float[wave.Length];
        Shift(wave, shift, shifted);
        return shifted;
    }

    /// <summary>As <see cref="Shift(ReadOnlySpan{float}, int)"/>, into memory of the caller's, which must not overlap the wave.</summary>
    public static void Shift(ReadOnlySpan<float> wave, int shift, Span<float> target)
    {
        if (wave.Length == 0)
        {
            return;
        }
        var first = (int)(((long)shift % wave.Length + wave.Length) % wave.Length);
        wave[..(wave.Length - first)].CopyTo(target[first..]);
        wave[(wave.Length - first)..].CopyTo(target);
    }

    /// <summary>The wave, louder by <paramref name="decibels"/>: each sample times 10^(dB / 20). Nothing is clipped.</summary>
    public static float[] Gain(ReadOnlySpan<float> wave, double decibels)
    {
        var factor = (float)Math.Pow(10, decibels / 20);
        var louder = new float[wave.Length];
        for (var i = 0; i < wave.Length; i++)
        {
            louder[i] = factor * wave[i];
        }
        return louder;
    }

    /// <summary>
    /// The wave with noise added so that 10 log10(power of the wave / power of the added noise) is the ratio asked for.
    /// Power is the mean square over the whole clip. Noise that is shorter than the wave is repeated.
    /// </summary>
    /// <param name="wave">the clip</param>
    /// <param name="noise">the noise; at the clip's sample rate</param>
    /// <param name="ratio">signal-to-noise ratio, in dB</param>
    /// <param name="offset">first sample of the noise that is used</param>
    /// <exception cref="ArgumentException">The noise is empty or silent where it is used: no ratio can be reached.</exception>
    public static float[] AddNoise(ReadOnlySpan<float> wave, ReadOnlySpan<float> noise, double ratio, int offset = 0)
    {
        if (noise.Length == 0)
        {
            throw new ArgumentException("the noise has no samples", nameof(noise));
        }
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        double signal = 0, added = 0;
        for (var i = 0; i < wave.Length; i++)
        {
            var n = (double)noise[(int)(((long)offset + i) % noise.Length)];
            signal += (double)wave[i] * wave[i];
            added += n * n;
        }
        if (added == 0 && wave.Length > 0)
        {
            throw new ArgumentException("the noise is silent, no signal-to-noise ratio can be reached", nameof(noise));
        }
        var factor = (float)Math.Sqrt(signal / (added * Math.Pow(10, ratio / 10)));
        var noisy = new float[wave.Length];
        for (var i = 0; i < wave.Length; i++)
        {
            noisy[i] = wave[i] + factor * noise[(int)(((long)offset + i) % noise.Length)];
        }
        return noisy;
    }

    /// <summary>Gaussian white noise of unit power.</summary>
    public static float[] WhiteNoise(int samples, RandomStream draw)
    {
        var noise = new float[samples];
        for (var i = 0; i < samples; i++)
        {
            noise[i] = (float)draw.Normal();
        }
        return noise;
    }

    /// <summary>
    /// Mixup's weight of the partner, one for each clip of a batch, Beta(<paramref name="alpha"/>, <paramref name="alpha"/>),
    /// a function of the clip and the epoch and not of the batch it meets.
    /// </summary>
    /// <param name="seed">the run's seed</param>
    /// <param name="ids">the clips of the batch</param>
    /// <param name="epoch">the epoch</param>
    /// <param name="alpha">the distribution's parameter; 0.5 in CED's balanced recipe</param>
    public static float[] MixupWeights(long seed, IReadOnlyList<string> ids, long epoch, double alpha = 0.5)
    {
        if (alpha is not > 0)
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "mixup needs a positive parameter");
        }
        var weights = new float[ids.Count];
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = (float)RandomStream.Of(seed, "mixup", ids[i], epoch).Beta(alpha, alpha);
        }
        return weights;
    }
}
