namespace Retort.Metrics;

/// <summary>
/// How well heads move with the sound's beats (the published Beat Align Score): the mean over audio beats of exp(-d² / (2 · 0.1²)), d being the seconds to
/// the nearest motion beat. Motion beats are as published: strict minima of the points' mean speed, smoothed by a Gaussian of five frames. Audio
/// beats here are peaks of rising loudness, not librosa's beat tracker.
/// </summary>
public static class BeatAlignment
{
    /// <summary>The score, in 0..1; 0 where there are no motion beats, NaN where there are no audio beats.</summary>
    /// <param name="audioBeats">seconds</param>
    /// <param name="motionBeats">seconds</param>
    public static double Score(IReadOnlyList<double> audioBeats, IReadOnlyList<double> motionBeats) => audioBeats.Count == 0 ? double.NaN
        : motionBeats.Count == 0 ? 0 : audioBeats.Average(a => Math.Exp(-Math.Pow(motionBeats.Min(m => Math.Abs(m - a)), 2) / (2 * 0.1 * 0.1)));

    /// <summary>Seconds of the motion's beats.</summary>
    /// <param name="points">points of each frame, frame by frame: x, y, z of each point</param>
    /// <param name="numbers">numbers of a frame, a multiple of 3</param>
    /// <param name="framesPerSecond">25 as published</param>
    public static IReadOnlyList<double> MotionBeats(ReadOnlySpan<float> points, int numbers, double framesPerSecond = 25)
    {
        var frames = points.Length / numbers;
        var speed = new double[Math.Max(0, frames - 1)];
        for (var i = 0; i < speed.Length; i++)
        {
            for (var p = 0; p < numbers; p += 3)
            {
                var squared = 0.0;
                for (var c = p; c < p + 3; c++)
                {
                    squared += Math.Pow(points[(i + 1) * numbers + c] - points[i * numbers + c], 2);
                }
                speed[i] += Math.Sqrt(squared) / (numbers / 3);
            }
        }
        var smooth = Smoothed(speed, 5);
        return [.. Enumerable.Range(1, Math.Max(0, smooth.Length - 2)).Where(i => smooth[i] < smooth[i - 1] && smooth[i] < smooth[i + 1]).Select(i => i / framesPerSecond)];
    }

    /// <summary>Seconds at which the sound's loudness rises most: peaks of its rise, above the rises' mean and 0.15 s apart.</summary>
    /// <param name="samples">one channel</param>
    /// <param name="sampleRate">samples a second</param>
    public static IReadOnlyList<double> AudioBeats(ReadOnlySpan<float> samples, int sampleRate)
    {
        var hop = sampleRate / 100;
        var loud = new double[samples.Length / hop];
        for (var i = 0; i < loud.Length; i++)
        {
            var sum = 0.0;
            foreach (var s in samples.Slice(i * hop, hop))
            {
                sum += s * s;
            }
            loud[i] = 10 * Math.Log10(1e-6 + sum / hop);
        }
        loud = Smoothed(loud, 3);
        var rise = Enumerable.Range(0, Math.Max(0, loud.Length - 1)).Select(i => Math.Max(0, loud[i + 1] - loud[i])).ToArray();
        var beats = new List<double>();
        var least = rise.Length == 0 ? 0 : Math.Max(rise.Average(), 1e-3);
        for (var i = 1; i + 1 < rise.Length; i++)
        {
            if (rise[i] > least && rise[i] > rise[i - 1] && rise[i] >= rise[i + 1] && (beats.Count == 0 || i / 100.0 - beats[^1] >= 0.15))
            {
                beats.Add(i / 100.0);
            }
        }
        return beats;
    }

    // Ends are mirrored, as SciPy's Gaussian filter does by default.
    private static double[] Smoothed(double[] x, double deviation)
    {
        var reach = (int)(4 * deviation + 0.5);
        var kernel = Enumerable.Range(-reach, 2 * reach + 1).Select(i => Math.Exp(-0.5 * i * i / (deviation * deviation))).ToArray();
        var total = kernel.Sum();
        int Mirror(int i)
        {
            var period = 2 * x.Length;
            i = ((i % period) + period) % period;
            return i < x.Length ? i : period - 1 - i;
        }
        return [.. Enumerable.Range(0, x.Length).Select(i => Enumerable.Range(-reach, 2 * reach + 1).Sum(k => kernel[k + reach] * x[Mirror(i + k)]) / total)];
    }
}
