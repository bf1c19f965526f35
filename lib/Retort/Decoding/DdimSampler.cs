using static TorchSharp.torch;

namespace Retort.Decoding;

/// <summary>
/// Denoising diffusion implicit models with eta 0 (Song et al., ICLR 2021, equation 12): deterministic once the first noise is
/// drawn. x_prev = sqrt(a_prev) x0 + sqrt(1 - a_prev) noise, with a_prev = 1 after the last step.
/// </summary>
public static class DdimSampler
{
    /// <summary>
    /// The steps to take, falling. Published: each whole multiple of steps / n, so that the highest is below the last step (980 for
    /// 50 of 1000) although x starts as pure noise. With <paramref name="fromTheLast"/> they are spaced from the last step
    /// down, which a schedule without terminal signal needs.
    /// </summary>
    /// <param name="steps">how many, 1 to <paramref name="all"/></param>
    /// <param name="all">steps of the schedule</param>
    /// <param name="fromTheLast">whether to start at the schedule's last step</param>
    public static long[] Timesteps(int steps, int all = 1000, bool fromTheLast = false)
    {
        if (steps < 1 || steps > all)
        {
            throw new ArgumentOutOfRangeException(nameof(steps), steps, $"expected 1 to {all} steps");
        }
        return fromTheLast
            ? [.. Enumerable.Range(0, steps).Select(i => (long)Math.Round(all - (double)i * all / steps) - 1)]
            : [.. Enumerable.Range(0, steps).Select(i => (long)(steps - 1 - i) * (all / steps))];
    }

    /// <summary>The sample that the noise leads to.</summary>
    /// <param name="denoise">noisy samples and step to the denoiser's output</param>
    /// <param name="noise">x at the highest step, standard normal</param>
    /// <param name="timesteps">the steps to take, falling</param>
    /// <param name="schedule">the noise of each step; null for the published</param>
    /// <param name="target">what the denoiser's output stands for</param>
    /// <param name="watch">called after each step with its number (from 0), x, and the clean sample it points to; both are freed afterwards</param>
    public static Tensor Sample(Func<Tensor, long, Tensor> denoise, Tensor noise, IReadOnlyList<long> timesteps, NoiseSchedule? schedule = null,
        DiffusionTarget target = DiffusionTarget.Noise, Action<int, Tensor, Tensor>? watch = null)
    {
        schedule ??= NoiseSchedule.Published;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var x = noise;
        for (var i = 0; i < timesteps.Count; i++)
        {
            using var step = NewDisposeScope();
            var (sample, predicted) = schedule.Read(target, x, denoise(x, timesteps[i]), timesteps[i]);
            double a = i + 1 < timesteps.Count ? schedule.Kept[(int)timesteps[i + 1]] : 1;
            x = (Math.Sqrt(a) * sample + Math.Sqrt(1 - a) * predicted).MoveToOuterDisposeScope();
            watch?.Invoke(i, x, sample);
        }
        return x.MoveToOuterDisposeScope();
    }
}
