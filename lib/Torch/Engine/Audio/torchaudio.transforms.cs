using TorchSharp.Transforms;
using static TorchSharp.torch;

namespace TorchSharp;

public static partial class torchaudio
{
    /// <summary>torchaudio's transforms as modules.</summary>
    public static class transforms
    {
        /// <summary>Spectrograms of waves (<see cref="functional.spectrogram"/>). The window is <paramref name="window"/>, or what <paramref name="window_fn"/> makes, or Hann's.</summary>
        public static Spectrogram Spectrogram(long n_fft = 400, long? win_length = null, long? hop_length = null, long pad = 0, WindowFunction? window_fn = null, Tensor? window = null, double? power = 2.0, bool normalized = false, bool center = true, PaddingModes pad_mode = PaddingModes.Reflect, bool onesided = true, bool? return_complex = null) =>
            new(nameof(Spectrogram), n_fft, win_length, hop_length, pad, window_fn, window, power, normalized, center, pad_mode, onesided, return_complex);

        /// <summary>Waves of complex spectra (<see cref="functional.inverse_spectrogram"/>).</summary>
        public static InverseSpectrogram InverseSpectrogram(long n_fft = 400, long? win_length = null, long? hop_length = null, long pad = 0, WindowFunction? window_fn = null, Tensor? window = null, bool normalized = false, bool center = true, PaddingModes pad_mode = PaddingModes.Reflect, bool onesided = true) =>
            new(nameof(InverseSpectrogram), n_fft, win_length, hop_length, pad, window_fn, window, normalized, center, pad_mode, onesided);

        /// <summary>Mel bands of spectrograms.</summary>
        /// <exception cref="ArgumentOutOfRangeException">f_min is above f_max.</exception>
        public static Transforms.MelScale MelScale(long n_mels = 128, long sample_rate = 16000, double f_min = 0.0, double? f_max = null, long n_stft = 201, MelNorm norm = MelNorm.none, torchaudio.MelScale mel_scale = torchaudio.MelScale.htk) =>
            new(nameof(MelScale), n_mels, sample_rate, f_min, f_max, n_stft, norm, mel_scale);

        /// <summary>Spectrograms whose mel bands are the ones given, by gradient descent.</summary>
        /// <exception cref="ArgumentOutOfRangeException">f_min is above f_max.</exception>
        public static InverseMelScale InverseMelScale(long n_stft, long n_mels = 128, long sample_rate = 16000, double f_min = 0.0, double? f_max = null, long max_iter = 100000, double tolerance_loss = 1e-5, double tolerance_change = 1e-8, MelNorm norm = MelNorm.none, torchaudio.MelScale mel_scale = torchaudio.MelScale.htk) =>
            new(nameof(InverseMelScale), n_stft, n_mels, sample_rate, f_min, f_max, max_iter, tolerance_loss, tolerance_change, norm, mel_scale);

        /// <summary>Mel spectrograms of waves.</summary>
        /// <exception cref="ArgumentOutOfRangeException">f_min is above f_max.</exception>
        public static MelSpectrogram MelSpectrogram(long sample_rate = 16000, long n_fft = 400, long? win_length = null, long? hop_length = null, double f_min = 0.0, double? f_max = null, long pad = 0, long n_mels = 128, WindowFunction? window_fn = null, double power = 2.0, bool normalized = false, bool center = true, PaddingModes pad_mode = PaddingModes.Reflect, bool onesided = true, MelNorm norm = MelNorm.none, torchaudio.MelScale mel_scale = torchaudio.MelScale.htk) =>
            new(nameof(MelSpectrogram), sample_rate, n_fft, win_length, hop_length, f_min, f_max, pad, n_mels, window_fn, power, normalized, center, pad_mode, onesided, norm, mel_scale);

        /// <summary>Waves of spectrograms without phases (<see cref="functional.griffinlim"/>).</summary>
        /// <exception cref="ArgumentOutOfRangeException">The momentum is not in [0, 1).</exception>
        public static GriffinLim GriffinLim(int n_fft = 400, int n_iter = 32, long? win_length = null, long? hop_length = null, WindowFunction? window_fn = null, double power = 2.0, double momentum = 0.99, int? length = null, bool rand_init = true) =>
            new(nameof(GriffinLim), n_fft, n_iter, win_length, hop_length, window_fn, power, momentum, length, rand_init);

        /// <summary>Waves at another rate (<see cref="functional.resample"/>); its filters are made once.</summary>
        /// <exception cref="ArgumentOutOfRangeException">A rate or the width is not positive.</exception>
        public static Resample Resample(int orig_freq = 16000, int new_freq = 16000, ResamplingMethod resampling_method = ResamplingMethod.sinc_interpolation, int lowpass_filter_width = 6, double rolloff = 0.99, double? beta = null, Device? device = null, ScalarType? dtype = null) =>
            new(nameof(Resample), orig_freq, new_freq, resampling_method, lowpass_filter_width, rolloff, beta, device, dtype);
    }
}
