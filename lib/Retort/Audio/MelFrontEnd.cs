// CED's front-end (ICASSP 2024; the published model's FrontEnd on torchaudio): 64 HTK mel bins in dB from a power
// spectrogram of 512 samples each 10 ms. The published dB transform takes its 120 dB floor from the maximum of the whole
// batch; here each clip has its own floor unless DbFloor.Batch asks for the published behaviour.

using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Audio;

/// <summary>
/// Waves (B, samples) in [-1, 1] to log-mel spectrograms (B, mels, frames) in dB. Always computed in float32, outside
/// autograd and autocast. Its buffers carry the published names: <c>spectrogram.window</c> and <c>mel_scale.fb</c>.
/// </summary>
public sealed class MelFrontEnd : nn.Module<Tensor, Tensor>
{
    // Held here: TorchSharp may collect a number that is made for a call while the call runs.
    private static readonly Scalar one = 1, ten = 10, least = 1e-10;

    private readonly SpectrogramBuffers spectrogram;
    private readonly MelScaleBuffers mel_scale;

    /// <summary>A front-end of these settings; CED's without any.</summary>
    public MelFrontEnd(MelSettings? settings = null) : base(nameof(MelFrontEnd))
    {
        Settings = settings ?? new MelSettings();
        spectrogram = new SpectrogramBuffers(HannWindow(Settings.FftLength));
        mel_scale = new MelScaleBuffers(FilterBank(Settings));
        RegisterComponents();
    }

    /// <summary>The settings.</summary>
    public MelSettings Settings { get; }

    /// <summary>The log-mel spectrogram, (B, mels, 1 + samples / hop), of waves (B, samples); a single wave may come as (samples).</summary>
    /// <exception cref="ArgumentException">The waves are not one batch, or are too short for the border to be reflected.</exception>
    public override Tensor forward(Tensor waves)
    {
        if (waves.dim() is not (1 or 2))
        {
            throw new ArgumentException($"waves must be (batch, samples) or (samples), not of rank {waves.dim()}", nameof(waves));
        }
        var samples = waves.shape[^1];
        if (samples < Settings.MinimumSamples)
        {
            throw new ArgumentException($"a clip of {samples} samples is too short for a spectrogram; {Settings.MinimumSamples} are needed", nameof(waves));
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var x = waves.to(float32).reshape(-1, samples);
        var mel = Fused.Mel(x, spectrogram.window, mel_scale.fb, Settings.Hop) ?? Plain(x);
        if (Settings.Floor != DbFloor.None)
        {
            var top = Settings.Floor == DbFloor.PerClip ? mel.amax([1, 2], keepdim: true) : mel.amax([0, 1, 2], keepdim: true);
            mel = mel.maximum(top - Settings.Range);
        }
        return mel.MoveToOuterDisposeScope();
    }

    /// <summary>Without the fused kernel.</summary>
    private Tensor Plain(Tensor x)
    {
        using var scope = NewDisposeScope();
        var batch = x.shape[0];
        var frames = Settings.Frames(x.shape[1]);
        var edge = Settings.FftLength / 2;
        var padded = nn.functional.pad(x, (edge, edge), PaddingModes.Reflect);
        var mel = empty(batch, Settings.Mels, frames, dtype: float32, device: x.device);
        var bank = mel_scale.fb.t();
        for (var b = 0L; b < batch; b++)
        {
            // Clip by clip, so that the intermediate values stay in the cache.
            using var clip = NewDisposeScope();
            var windowed = padded.select(0, b).unfold(0, Settings.FftLength, Settings.Hop) * spectrogram.window;  // (T, fft)
            var parts = fft.rfft(windowed).view_as_real();  // (T, fft / 2 + 1, 2)
            var re = parts.select(2, 0);
            var im = parts.select(2, 1);
            var power = (re * re).addcmul_(im, im, one);  // (T, fft / 2 + 1)
            // In place: autocast leaves such calls alone, and the result needs no transposition.
            mel.select(0, b).addmm_(bank, power.t(), 0, 1);  // (mels, T)
        }
        return mel.clamp_min_(least).log10_().mul_(ten).MoveToOuterDisposeScope();
    }

    /// <summary>The periodic Hann window: 0.5 - 0.5 cos(2 pi n / length).</summary>
    internal static float[] HannWindow(int length)
    {
        var window = new float[length];
        for (var n = 0; n < length; n++)
        {
            window[n] = (float)(0.5 - 0.5 * Math.Cos(2 * Math.PI * n / length));
        }
        return window;
    }

    /// <summary>Triangles (fft / 2 + 1, mels) whose corners are evenly spaced on the settings' scale; with peak 1 on HTK's, of area 1 on Slaney's.</summary>
    internal static float[,] FilterBank(MelSettings settings)
    {
        const double Knee = 1000, Linear = 200.0 / 3;
        var step = Math.Log(6.4) / 27;
        var slaney = settings.Scale == MelScale.Slaney;
        double ToMel(double hertz) => !slaney ? 2595 * Math.Log10(1 + hertz / 700) : hertz < Knee ? hertz / Linear : Knee / Linear + Math.Log(hertz / Knee) / step;
        double ToHertz(double mel) => !slaney ? 700 * (Math.Pow(10, mel / 2595) - 1) : mel < Knee / Linear ? mel * Linear : Knee * Math.Exp(step * (mel - Knee / Linear));
        var bins = settings.FftLength / 2 + 1;
        var low = ToMel(settings.LowFrequency);
        var high = ToMel(settings.HighFrequency);
        var corners = new double[settings.Mels + 2];
        for (var m = 0; m < corners.Length; m++)
        {
            corners[m] = ToHertz(low + (high - low) * m / (corners.Length - 1));
        }
        var bank = new float[bins, settings.Mels];
        for (var i = 0; i < bins; i++)
        {
            var frequency = settings.SampleRate / 2 * (double)i / (bins - 1);
            for (var m = 0; m < settings.Mels; m++)
            {
                var up = (frequency - corners[m]) / (corners[m + 1] - corners[m]);
                var down = (corners[m + 2] - frequency) / (corners[m + 2] - corners[m + 1]);
                var weight = Math.Min(up, down) * (slaney ? 2 / (corners[m + 2] - corners[m]) : 1);
                // What rounding leaves on a triangle's corner is nothing.
                bank[i, m] = weight > 1e-9 ? (float)weight : 0;
            }
        }
        return bank;
    }

    /// <summary>Holds the window under its published name.</summary>
    private sealed class SpectrogramBuffers : nn.Module
    {
        internal readonly Tensor window;

        internal SpectrogramBuffers(float[] values) : base(nameof(SpectrogramBuffers))
        {
            window = tensor(values);
            RegisterComponents();
            this.OutliveScopes();
        }
    }

    /// <summary>Holds the filter bank under its published name.</summary>
    private sealed class MelScaleBuffers : nn.Module
    {
        internal readonly Tensor fb;

        internal MelScaleBuffers(float[,] values) : base(nameof(MelScaleBuffers))
        {
            fb = tensor(values);
            RegisterComponents();
            this.OutliveScopes();
        }
    }
}
