using Retort.Audio;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>How a synthetic face looks at rest and moves: the face is drawn a clip, the way of moving a speaker, the phases a clip.</summary>
internal sealed class FaceStyle
{
    // Mean keypoints at rest (x right, y down, z in), rounded from the published normalisation file.
    private static readonly double[] rest =
    [
        0.09, -0.40, 0.17, -0.28, -0.33, -0.18, 0.16, -0.32, -0.27, -0.28, 0.17, 0.08, 0.34, 0.06, 0.21, 0.02, 0.20, 0.27, -0.40, 0.09, 0.86,
        0.30, 0.29, -0.03, -0.37, -0.07, 0.15, 0.32, -0.22, 0.14, -0.14, -0.09, 0.19, -0.12, -0.10, -0.14, -0.12, -0.09, -0.15, -0.12, -0.07, -0.13,
        0.15, -0.10, -0.14, 0.15, -0.09, -0.14, 0.15, -0.06, -0.14, -0.04, 0.18, -0.19, 0.10, 0.21, -0.16, 0.01, 0.22, -0.20, 0.01, 0.19, -0.22,
    ];

    // Latent (0 open, 1 wide, 2 blink, 3 brow), keypoint, axis, shift of the keypoint in 1e-3 at latent 1.
    private static readonly (int Latent, int Keypoint, int Axis, double Shift)[] basis =
    [
        (0, 19, 1, 42), (0, 20, 1, -14), (0, 5, 1, 60), (0, 17, 1, 9), (0, 18, 1, 5), (0, 7, 1, 12), (0, 3, 1, 10), (0, 19, 2, 8), (0, 20, 2, -5), (0, 10, 1, 6), (0, 0, 1, 4),
        (1, 17, 0, -16), (1, 18, 0, 9), (1, 5, 0, 8), (1, 19, 0, 3), (1, 20, 0, 3), (1, 17, 2, 6), (1, 3, 0, -9), (1, 4, 0, 8), (1, 10, 0, -5),
        (2, 11, 1, 14), (2, 13, 1, -9), (2, 14, 1, 13), (2, 15, 1, 12), (2, 16, 1, -8), (2, 12, 1, 1.5),
        (3, 1, 1, -22), (3, 2, 1, -26), (3, 0, 1, -14), (3, 9, 1, -4), (3, 8, 1, -3),
    ];

    private readonly SyntheticFacesSettings settings;
    private readonly string id;
    private readonly double yawDegrees, hertz, nod, tilt, browRate, lipGain, poseGain;

    internal FaceStyle(SyntheticFacesSettings settings, int speaker, string id)
    {
        (this.settings, this.id) = (settings, id);
        var style = RandomStream.Of(settings.Seed, "head style", $"{speaker}");
        (yawDegrees, hertz, nod, tilt, browRate) = (style.Uniform(4, 13), style.Uniform(0.25, 0.6), style.Uniform(0.5, 3), style.Uniform(-3, 3), style.Uniform(0.3, 1));
        var face = RandomStream.Of(settings.Seed, "face", id);
        double mouth = face.Uniform(-1, 1), breadth = face.Uniform(-1, 1);
        lipGain = 1 + settings.CanonicalEffect * mouth;
        poseGain = 1 + 0.6 * settings.CanonicalEffect * breadth;
        Canonical = new float[63];
        for (var k = 0; k < 21; k++)
        {
            // A broad face is wider everywhere; a large mouth has its corners and lips farther apart.
            double x = rest[3 * k] * (1 + 0.08 * breadth), y = rest[3 * k + 1] * (1 - 0.03 * breadth), z = rest[3 * k + 2];
            if (k is >= 17 and <= 20)
            {
                x += 0.02 * mouth * (k is 17 ? -1 : k is 18 ? 1 : 0);
                y += 0.008 * mouth * (k is 19 ? 1 : k is 20 ? -1 : 0);
            }
            Canonical[3 * k] = (float)(x + face.Normal(0, 0.004));
            Canonical[3 * k + 1] = (float)(y + face.Normal(0, 0.004));
            Canonical[3 * k + 2] = (float)(z + face.Normal(0, 0.004));
        }
    }

    /// <summary>The keypoints at rest, 63 numbers.</summary>
    internal float[] Canonical { get; }

    internal float[] Motion(IReadOnlyList<TimedPhoneme> phonemes, float[] samples)
    {
        var frames = settings.Frames;
        var (open, wide) = Visemes.Of(phonemes, frames);
        var energy = Energy(samples, frames);
        var random = RandomStream.Of(settings.Seed, "head", id);
        double phase = random.Uniform(0, 2 * Math.PI), nodPhase = random.Uniform(0, 2 * Math.PI);
        var drift = Enumerable.Range(0, 5).Select(_ => Drift(random, frames)).ToArray();
        var (blink, brow) = (Blinks(random, frames), Drift(random, frames));
        var motion = new float[frames * FaceClip.Width];
        for (var i = 0; i < frames; i++)
        {
            var seconds = i / 25.0;
            var yaw = poseGain * yawDegrees * (0.8 * Math.Sin(2 * Math.PI * hertz * seconds + phase) + 0.45 * drift[0][i]);
            var pitch = poseGain * (0.35 * yawDegrees * (Math.Sin(2 * Math.PI * 0.7 * hertz * seconds + nodPhase) + 0.4 * drift[1][i])) + nod * energy[i];
            var roll = tilt + 0.25 * yaw + 0.15 * yawDegrees * drift[2][i];
            double[] latents = [lipGain * open[i], lipGain * wide[i], blink[i], 0.5 * browRate * (brow[i] + energy[i])];
            var at = i * FaceClip.Width;
            (motion[at], motion[at + 1], motion[at + 2], motion[at + 3]) = ((float)(1.68 + 0.02 * drift[3][i]), (float)yaw, (float)pitch, (float)roll);
            (motion[at + 4], motion[at + 5]) = ((float)(-0.02 + 0.004 * yaw), (float)(-0.02 + 0.003 * pitch + 0.01 * drift[4][i]));
            foreach (var (latent, keypoint, axis, shift) in basis)
            {
                motion[at + 7 + 3 * keypoint + axis] += (float)(1e-3 * shift * latents[latent]);
            }
            for (var e = 7; settings.ExtractorNoise && e < FaceClip.Width; e++)
            {
                motion[at + e] += (float)random.Normal(0, 2e-5);
            }
        }
        return motion;
    }

    /// <summary>Blinks every three seconds on average, four frames each.</summary>
    private static double[] Blinks(RandomStream random, int frames)
    {
        double[] shape = [0.5, 1, 0.9, 0.4];
        var blink = new double[frames];
        for (var i = (int)(-75 * Math.Log(1 - random.NextDouble())); i < frames; i += 8 + (int)(-67 * Math.Log(1 - random.NextDouble())))
        {
            for (var j = 0; j < shape.Length && i + j < frames; j++)
            {
                blink[i + j] = shape[j];
            }
        }
        return blink;
    }

    /// <summary>A smooth random walk back to 0 of variance about 1: an Ornstein-Uhlenbeck process of 1.5 s, smoothed over 0.4 s.</summary>
    private static double[] Drift(RandomStream random, int frames)
    {
        const int Warm = 40;
        var keep = Math.Exp(-1 / 37.5);
        var walk = new double[frames + 2 * Warm];
        var value = random.Normal();
        for (var i = 0; i < walk.Length; i++)
        {
            walk[i] = value = keep * value + Math.Sqrt(1 - keep * keep) * random.Normal();
        }
        return Visemes.Smooth(walk, 5)[Warm..(Warm + frames)];
    }

    /// <summary>Loudness of each frame, about -1 to 1, smoothed over a quarter of a second.</summary>
    private static double[] Energy(float[] samples, int frames)
    {
        var loud = Enumerable.Range(0, frames).Select(i =>
            Math.Log10(1e-3 + Math.Sqrt(Enumerable.Range(i * Wav2LipMel.SamplesPerFrame, Wav2LipMel.SamplesPerFrame).Average(s => (double)samples[s] * samples[s])))).ToArray();
        var mean = loud.Average();
        var spread = Math.Max(1e-6, Math.Sqrt(loud.Average(l => (l - mean) * (l - mean))));
        return Visemes.Smooth([.. loud.Select(l => (l - mean) / spread)], 3);
    }
}
