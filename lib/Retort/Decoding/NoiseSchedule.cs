using static TorchSharp.torch;

namespace Retort.Decoding;

/// <summary>What a denoiser's output stands for.</summary>
public enum DiffusionTarget
{
    /// <summary>The noise that was added, as published by KDTalker.</summary>
    Noise,

    /// <summary>The clean sample, x0.</summary>
    Sample,

    /// <summary>The velocity, sqrt(a) noise - sqrt(1 - a) x0 (Salimans and Ho, 2022).</summary>
    Velocity,
}

/// <summary>
/// The noise of diffusion steps: x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise with a_t the product of 1 - beta up to t (Ho et al.,
/// 2020, equation 4).
/// </summary>
public sealed class NoiseSchedule
{
    private readonly float[] kept;

    private NoiseSchedule(float[] kept) => this.kept = kept;

    /// <summary>KDTalker's: 1000 steps, beta rising linearly from 1e-5 to 8e-3. The last step still holds 13 % of the signal.</summary>
    public static NoiseSchedule Published { get; } = Linear(1000, 1e-5, 8e-3);

    /// <summary>Number of steps.</summary>
    public int Steps => kept.Length;

    /// <summary>a_t, the share of the signal's power that is left at each step.</summary>
    public IReadOnlyList<float> Kept => kept;

    /// <summary>Beta rising linearly, in float32 as published.</summary>
    /// <param name="steps">number of steps, at least 2</param>
    /// <param name="first">beta of step 0</param>
    /// <param name="last">beta of the last step, below 1</param>
    public static NoiseSchedule Linear(int steps, double first, double last)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        if (!(first > 0 && last >= first && last < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(last), last, $"betas must rise from above 0 to below 1; they go from {first}");
        }
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var betas = linspace(first, last, steps, dtype: float32);
        return new NoiseSchedule([.. (1 - betas).cumprod(0).data<float>()]);
    }

    /// <summary>The same steps, shifted and stretched in sqrt(a) so that nothing of the signal is left at the last (Lin et al., 2024, algorithm 1). An option of ours.</summary>
    public NoiseSchedule WithZeroTerminalSignal()
    {
        double first = Math.Sqrt(kept[0]), last = Math.Sqrt(kept[^1]);
        return new NoiseSchedule([.. kept.Select(a => (float)Math.Pow((Math.Sqrt(a) - last) * first / (first - last), 2))]);
    }

    /// <summary>x_t (B, ...) of clean samples, their noise and their steps (B) of int64.</summary>
    public Tensor Noised(Tensor clean, Tensor noise, Tensor t)
    {
        using var scope = NewDisposeScope();
        var (signal, spread) = Factors(t, clean.dim());
        return (signal * clean + spread * noise).MoveToOuterDisposeScope();
    }

    /// <summary>What a denoiser of this kind is to say: the noise, the sample or the velocity.</summary>
    public Tensor Target(DiffusionTarget kind, Tensor clean, Tensor noise, Tensor t)
    {
        using var scope = NewDisposeScope();
        if (kind != DiffusionTarget.Velocity)
        {
            return (kind == DiffusionTarget.Noise ? noise : clean).alias().MoveToOuterDisposeScope();
        }
        var (signal, spread) = Factors(t, clean.dim());
        return (signal * noise - spread * clean).MoveToOuterDisposeScope();
    }

    /// <summary>The clean sample and the noise that a denoiser's output means at a noisy sample.</summary>
    /// <param name="kind">what the output stands for</param>
    /// <param name="noisy">x_t</param>
    /// <param name="output">the denoiser's output, of the same shape</param>
    /// <param name="t">the step</param>
    public (Tensor Sample, Tensor Noise) Read(DiffusionTarget kind, Tensor noisy, Tensor output, long t)
    {
        using var scope = NewDisposeScope();
        double a = kept[t], signal = Math.Sqrt(a), spread = Math.Sqrt(1 - a);
        var (sample, noise) = kind switch
        {
            DiffusionTarget.Noise when a == 0 => throw new InvalidOperationException($"step {t} holds no signal: its noise says nothing about the sample; predict the sample or the velocity"),
            DiffusionTarget.Noise => ((noisy - spread * output) / signal, output.alias()),
            DiffusionTarget.Sample => (output.alias(), (noisy - signal * output) / spread),
            _ => (signal * noisy - spread * output, spread * noisy + signal * output),
        };
        return (sample.MoveToOuterDisposeScope(), noise.MoveToOuterDisposeScope());
    }

    private (Tensor Signal, Tensor Spread) Factors(Tensor t, long rank)
    {
        var a = tensor(kept, device: t.device).index_select(0, t).view([t.shape[0], .. Enumerable.Repeat(1L, (int)rank - 1)]);
        return (a.sqrt(), (1 - a).sqrt());
    }
}
