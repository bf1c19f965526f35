// Transforms of waves to spectra and back, as modules. The window is a buffer, as in torchaudio.

using static TorchSharp.torch;
using static TorchSharp.torchaudio;

namespace TorchSharp.Transforms;

public sealed class Spectrogram : nn.Module<Tensor, Tensor>, ITransform
{
    private readonly long n_fft, win_length, hop_length, pad;
    private readonly Tensor window;
    private readonly double? power;
    private readonly bool normalized, center, onesided;
    private readonly PaddingModes pad_mode;

    public Spectrogram(string name, long n_fft = 400, long? win_length = null, long? hop_length = null, long pad = 0, WindowFunction? window_fn = null, Tensor? window = null, double? power = 2.0, bool normalized = false, bool center = true, PaddingModes pad_mode = PaddingModes.Reflect, bool onesided = true, bool? return_complex = null) : base(name)
    {
        (this.n_fft, this.win_length, this.hop_length) = Lengths(n_fft, win_length, hop_length);
        (this.pad, this.power, this.normalized, this.center, this.pad_mode, this.onesided) = (pad, power, normalized, center, pad_mode, onesided);
        this.window = Window(window, window_fn, this.win_length);
        register_buffer(nameof(window), this.window);
    }

    public override Tensor forward(Tensor input) => functional.spectrogram(input, pad, window, n_fft, hop_length, win_length, power, normalized, center, pad_mode, onesided);

    // torchaudio's defaults: a window as long as the transform, a hop of half the window.
    internal static (long Fft, long Window, long Hop) Lengths(long fft, long? window, long? hop)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(fft, "n_fft");
        var (length, step) = (window ?? fft, hop ?? (window ?? fft) / 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length, "win_length");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step, "hop_length");
        return (fft, length, step);
    }

    internal static Tensor Window(Tensor? window, WindowFunction? make, long length) => window ?? make?.Invoke(length) ?? hann_window(length);
}

public sealed class InverseSpectrogram : nn.Module<Tensor, Tensor>, ITransform
{
    private readonly long n_fft, win_length, hop_length, pad;
    private readonly Tensor window;
    private readonly bool normalized, center, onesided;
    private readonly PaddingModes pad_mode;

    internal InverseSpectrogram(string name, long n_fft, long? win_length, long? hop_length, long pad, WindowFunction? window_fn, Tensor? window, bool normalized, bool center, PaddingModes pad_mode, bool onesided) : base(name)
    {
        (this.n_fft, this.win_length, this.hop_length) = Spectrogram.Lengths(n_fft, win_length, hop_length);
        (this.pad, this.normalized, this.center, this.pad_mode, this.onesided) = (pad, normalized, center, pad_mode, onesided);
        this.window = Spectrogram.Window(window, window_fn, this.win_length);
        register_buffer(nameof(window), this.window);
    }

    public override Tensor forward(Tensor input) => call(input, null);

    /// <summary>Waves of so many samples; without a length, of as many as the frames give.</summary>
    public Tensor call(Tensor input, long? length = null) => functional.inverse_spectrogram(input, length, pad, window, n_fft, hop_length, win_length, normalized, center, pad_mode, onesided);
}

public sealed class GriffinLim : nn.Module<Tensor, Tensor>, ITransform
{
    public readonly long n_fft;
    public readonly int n_iter;
    public readonly long win_length;
    public readonly long hop_length;
    public readonly Tensor window;
    public readonly long? length;
    public readonly double power;
    public readonly double momentum;
    public readonly bool rand_init;

    internal GriffinLim(string name, long n_fft, int n_iter, long? win_length, long? hop_length, WindowFunction? window_fn, double power, double momentum, long? length, bool rand_init) : base(name)
    {
        functional.CheckMomentum(momentum);
        (this.n_fft, this.win_length, this.hop_length) = Spectrogram.Lengths(n_fft, win_length, hop_length);
        (this.n_iter, this.power, this.momentum, this.length, this.rand_init) = (n_iter, power, momentum, length, rand_init);
        window = Spectrogram.Window(null, window_fn, this.win_length);
        register_buffer(nameof(window), window);
    }

    public override Tensor forward(Tensor specgram) => functional.griffinlim(specgram, window, n_fft, hop_length, win_length, power, n_iter, momentum, length, rand_init);
}

public sealed class Resample : nn.Module<Tensor, Tensor>, ITransform
{
    private readonly int orig_freq, new_freq, width;

    /// <summary>
    /// A filter for each phase, (new, 1, taps), with both rates over their common divisor; null where the rates are equal. Rates without one take gigabytes, as in
    /// torchaudio: <see cref="functional.resample"/> does not.
    /// </summary>
    public readonly Tensor? kernel;

    internal Resample(string name, int orig_freq, int new_freq, ResamplingMethod method, int lowpass_filter_width, double rolloff, double? beta, Device? device, ScalarType? dtype) : base(name)
    {
        functional.CheckRates(orig_freq, new_freq, lowpass_filter_width);
        (this.orig_freq, this.new_freq) = (orig_freq, new_freq);
        if (orig_freq != new_freq)
        {
            using var scope = NewDisposeScope();
            (var taps, var first, width) = functional.SincTaps(orig_freq, new_freq, lowpass_filter_width, rolloff, method, beta);
            kernel = functional.Kernel(taps.to(dtype ?? ScalarType.Float32).to(device ?? get_default_device()), first, width, functional.Reduced(orig_freq, new_freq).Old).MoveToOuterDisposeScope();
            register_buffer(nameof(kernel), kernel);
        }
    }

    public override Tensor forward(Tensor waveform)
    {
        if (kernel is null)
        {
            return waveform.alias();
        }
        using var scope = NewDisposeScope();
        return functional.WithKernel(waveform, orig_freq, new_freq, kernel, width).MoveToOuterDisposeScope();
    }
}
