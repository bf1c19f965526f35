// Mel bands as modules. The filter bank is a buffer, as in torchaudio.

using static TorchSharp.torch;
using static TorchSharp.torchaudio;

namespace TorchSharp.Transforms;

public class MelScale : nn.Module<Tensor, Tensor>, ITransform
{
    public readonly torchaudio.MelScale mel_scale;
    public readonly long n_mels;
    public readonly long sample_rate;
    public readonly double f_min;
    public readonly double f_max;
    public readonly MelNorm norm;
    public readonly Tensor fb;

    internal MelScale(string name, long n_mels, long sample_rate, double f_min, double? f_max, long n_stft, MelNorm norm, torchaudio.MelScale mel_scale) : base(name)
    {
        (this.mel_scale, this.n_mels, this.sample_rate, this.f_min, this.norm) = (mel_scale, n_mels, sample_rate, f_min, norm);
        this.f_max = Highest(f_min, f_max, sample_rate);
        fb = functional.melscale_fbanks(n_stft, f_min, this.f_max, n_mels, sample_rate, norm, mel_scale);
        register_buffer(nameof(fb), fb);
    }

    /// <summary>Spectrograms (..., frequencies, frames) to mel bands (..., n_mels, frames).</summary>
    public override Tensor forward(Tensor specgram)
    {
        using var scope = NewDisposeScope();
        return specgram.transpose(-1, -2).matmul(fb).transpose(-1, -2).MoveToOuterDisposeScope();
    }

    internal static double Highest(double low, double? high, long rate)
    {
        var highest = high ?? rate / 2;
        return low <= highest ? highest : throw new ArgumentOutOfRangeException("f_min", low, $"the lowest frequency is to be no higher than the highest, {highest}");
    }
}

public class MelSpectrogram : nn.Module<Tensor, Tensor>, ITransform
{
    public readonly Spectrogram spectrogram;
    public readonly MelScale mel_scale;
    public readonly long sample_rate;
    public readonly long n_fft;
    public readonly long win_length;
    public readonly long hop_length;
    public readonly long pad;
    public readonly double power;
    public readonly bool normalized;
    public readonly long n_mels;
    public readonly double f_min;
    public readonly double? f_max;

    internal MelSpectrogram(string name, long sample_rate, long n_fft, long? win_length, long? hop_length, double f_min, double? f_max, long pad, long n_mels, WindowFunction? window_fn, double power, bool normalized, bool center, PaddingModes pad_mode, bool onesided, MelNorm norm, torchaudio.MelScale mel_scale) : base(name)
    {
        (this.n_fft, this.win_length, this.hop_length) = Spectrogram.Lengths(n_fft, win_length, hop_length);
        (this.sample_rate, this.pad, this.power, this.normalized, this.n_mels, this.f_min, this.f_max) = (sample_rate, pad, power, normalized, n_mels, f_min, f_max);
        spectrogram = new Spectrogram("spectrogram", n_fft, win_length, hop_length, pad, window_fn, null, power, normalized, center, pad_mode, onesided);
        this.mel_scale = new MelScale("mel_scale", n_mels, sample_rate, f_min, f_max, n_fft / 2 + 1, norm, mel_scale);
        register_module(nameof(spectrogram), spectrogram);
        register_module(nameof(mel_scale), this.mel_scale);
    }

    /// <summary>Waves (..., samples) to mel bands (..., n_mels, frames).</summary>
    public override Tensor forward(Tensor waveform)
    {
        using var spectrum = spectrogram.call(waveform);
        return mel_scale.call(spectrum);
    }
}

public sealed class InverseMelScale : nn.Module<Tensor, Tensor>, ITransform
{
    public readonly long n_mels;
    public readonly long sample_rate;
    public readonly double f_min;
    public readonly double f_max;
    public readonly long max_iter;
    public readonly double tolerance_loss;
    public readonly double tolerance_change;
    public readonly Tensor fb;

    internal InverseMelScale(string name, long n_stft, long n_mels, long sample_rate, double f_min, double? f_max, long max_iter, double tolerance_loss, double tolerance_change, MelNorm norm, torchaudio.MelScale mel_scale) : base(name)
    {
        (this.n_mels, this.sample_rate, this.f_min, this.max_iter, this.tolerance_loss, this.tolerance_change) = (n_mels, sample_rate, f_min, max_iter, tolerance_loss, tolerance_change);
        this.f_max = MelScale.Highest(f_min, f_max, sample_rate);
        fb = functional.melscale_fbanks(n_stft, f_min, this.f_max, n_mels, sample_rate, norm, mel_scale);
        register_buffer(nameof(fb), fb);
    }

    /// <summary>
    /// Mel bands (..., n_mels, frames) to spectrograms (..., n_stft, frames) without negative values: from a random one down the gradient of the mean over frames of the bands' squared error, until
    /// that is below tolerance_loss, or changes by less than tolerance_change, or max_iter steps are done.
    /// </summary>
    /// <exception cref="ArgumentException">The input has another number of bands.</exception>
    public override Tensor forward(Tensor melspec)
    {
        var shape = melspec.shape;
        if (shape.Length < 2 || shape[^2] != n_mels)
        {
            throw new ArgumentException($"expected (..., {n_mels}, frames), not ({string.Join(", ", shape)})", nameof(melspec));
        }
        using var scope = NewDisposeScope();
        using var learns = enable_grad();
        var bands = melspec.detach().reshape(-1, shape[^2], shape[^1]).transpose(-1, -2);
        var made = new Modules.Parameter(rand([bands.shape[0], bands.shape[1], fb.shape[0]], melspec.dtype, melspec.device));
        using var descent = optim.SGD([made], 0.1, momentum: 0.9);
        var before = double.PositiveInfinity;
        for (var i = 0L; i < max_iter; i++)
        {
            using var step = NewDisposeScope();
            descent.zero_grad();
            var loss = (bands - made.matmul(fb)).square().sum(-1).mean();
            loss.backward();
            descent.step();
            using (no_grad())
            {
                made.clamp_min_(0);
            }
            var now = loss.to(ScalarType.Float64).item<double>();
            if (now < tolerance_loss || Math.Abs(before - now) < tolerance_change)
            {
                break;
            }
            before = now;
        }
        return made.detach().transpose(-1, -2).reshape([.. shape[..^2], fb.shape[0], shape[^1]]).MoveToOuterDisposeScope();
    }
}
