using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp;

public static partial class torchaudio
{
    /// <summary>torchaudio's functions of sound. Leading dimensions are kept; all but the filter banks are differentiable.</summary>
    public static partial class functional
    {
        /// <summary>A spectrogram (..., frequencies, frames) of waves (..., samples).</summary>
        /// <param name="waveform">the waves</param>
        /// <param name="pad">zeros put before and behind each</param>
        /// <param name="window">the window (win_length)</param>
        /// <param name="n_fft">samples of a transform</param>
        /// <param name="hop_length">samples from one frame to the next</param>
        /// <param name="win_length">samples of the window</param>
        /// <param name="power">power of the magnitude: 1 for magnitudes, 2 for power; null: the complex spectrum</param>
        /// <param name="normalized">whether the spectrum is divided by the window's norm</param>
        /// <param name="center">whether a frame's middle is its place, for which the ends are padded</param>
        /// <param name="pad_mode">how they are</param>
        /// <param name="onesided">whether negative frequencies, which say the same, are left out</param>
        /// <param name="return_complex">without effect, as in torchaudio</param>
        public static Tensor spectrogram(Tensor waveform, long pad, Tensor window, long n_fft, long hop_length, long win_length, double? power, bool normalized, bool center = true, PaddingModes pad_mode = PaddingModes.Reflect, bool onesided = true, bool? return_complex = null)
        {
            using var scope = NewDisposeScope();
            var wave = pad > 0 ? F.pad(waveform, (pad, pad), PaddingModes.Constant) : waveform;
            var shape = wave.shape;
            var spectrum = stft(wave.reshape(-1, shape[^1]), n_fft, hop_length, win_length, window, center, pad_mode, normalized: false, onesided, return_complex: true);
            spectrum = spectrum.reshape([.. shape[..^1], .. spectrum.shape[^2..]]);
            if (normalized)
            {
                spectrum /= Norm(window);
            }
            return (power switch
            {
                null => spectrum,
                1 => spectrum.abs(),
                { } p => spectrum.abs().pow(p),
            }).MoveToOuterDisposeScope();
        }

        /// <summary>Waves (..., samples) of complex spectra (..., frequencies, frames).</summary>
        /// <exception cref="ArgumentException">The spectra are not complex.</exception>
        public static Tensor inverse_spectrogram(Tensor spectrogram, long? length, long pad, Tensor window, long n_fft, long hop_length, long win_length, bool normalized, bool center = true, PaddingModes pad_mode = PaddingModes.Reflect, bool onesided = true)
        {
            if (!spectrogram.is_complex())
            {
                throw new ArgumentException($"a complex spectrum is expected, not one of {spectrogram.dtype}", nameof(spectrogram));
            }
            using var scope = NewDisposeScope();
            var shape = spectrogram.shape;
            var spectrum = (normalized ? spectrogram * Norm(window) : spectrogram).reshape(-1, shape[^2], shape[^1]);
            var wave = istft(spectrum, n_fft, hop_length, win_length, window, center, normalized: false, onesided, length is { } wanted ? wanted + 2 * pad : -1);
            if (length is not null && pad > 0)
            {
                wave = wave.narrow(1, pad, wave.shape[1] - 2 * pad);
            }
            return wave.reshape([.. shape[..^2], wave.shape[^1]]).MoveToOuterDisposeScope();
        }

        /// <summary>
        /// Waves of spectrograms without phases (Griffin and Lim 1984, eq. 14; with momentum as Perraudin, Balazs and Sondergaard 2013): phases are
        /// drawn or zero, and then taken again and again from the spectrum of the wave that they make.
        /// </summary>
        /// <exception cref="ArgumentOutOfRangeException">The momentum is not in [0, 1).</exception>
        public static Tensor griffinlim(Tensor specgram, Tensor window, long n_fft, long hop_length, long win_length, double power, int n_iter, double momentum, long? length, bool rand_init)
        {
            CheckMomentum(momentum);
            using var scope = NewDisposeScope();
            var keep = momentum / (1 + momentum);
            var shape = specgram.shape;
            var magnitude = specgram.reshape(-1, shape[^2], shape[^1]).pow(1 / power);
            var type = magnitude.dtype == ScalarType.Float64 ? ScalarType.ComplexFloat64 : ScalarType.ComplexFloat32;
            var phases = rand_init ? rand(magnitude.shape, type, magnitude.device) : ones(magnitude.shape, type, magnitude.device);
            Tensor? before = null;
            Tensor Wave() => istft(magnitude * phases, n_fft, hop_length, win_length, window, length: length ?? -1);
            for (var i = 0; i < n_iter; i++)
            {
                using var step = NewDisposeScope();
                var rebuilt = stft(Wave(), n_fft, hop_length, win_length, window, center: true, PaddingModes.Reflect, normalized: false, onesided: true, return_complex: true);
                var next = momentum > 0 && before is not null ? rebuilt - before * keep : rebuilt;
                var turned = next / (next.abs() + 1e-16);
                phases.Dispose();
                before?.Dispose();
                (phases, before) = (turned.MoveToOuterDisposeScope(), rebuilt.MoveToOuterDisposeScope());
            }
            var wave = Wave();
            return wave.reshape([.. shape[..^2], wave.shape[^1]]).MoveToOuterDisposeScope();
        }

        internal static void CheckMomentum(double momentum)
        {
            if (momentum is not (>= 0 and < 1))
            {
                throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "a momentum is in [0, 1)");
            }
        }

        /// <summary>Decibels: multiplier (log10(max(x, amin)) - db_multiplier), no lower than top_db below the largest of each sound (the last three dimensions, or all of fewer).</summary>
        public static Tensor amplitude_to_DB(Tensor x, double multiplier, double amin, double db_multiplier, double? top_db = null)
        {
            using var scope = NewDisposeScope();
            var decibels = x.clamp_min(amin).log10() * multiplier - multiplier * db_multiplier;
            if (top_db is { } range)
            {
                var shape = decibels.shape;
                var sounds = decibels.reshape(-1, shape.Length > 2 ? shape[^3] : 1, shape.Length > 1 ? shape[^2] : 1, shape[^1]);
                decibels = sounds.maximum(sounds.amax([1, 2, 3], keepdim: true) - range).reshape(shape);
            }
            return decibels.MoveToOuterDisposeScope();
        }

        /// <summary>What amplitude_to_DB began with: ref (10^(x / 10))^power.</summary>
        public static Tensor DB_to_amplitude(Tensor x, double @ref, double power)
        {
            using var scope = NewDisposeScope();
            return ((x * (Math.Log(10) / 10)).exp().pow(power) * @ref).MoveToOuterDisposeScope();
        }

        /// <summary>The discrete cosine transform (DCT-II) as a matrix (n_mels, n_mfcc).</summary>
        public static Tensor create_dct(int n_mfcc, int n_mels, DCTNorm norm)
        {
            using var scope = NewDisposeScope();
            var dct = ((arange(n_mels, dtype: ScalarType.Float32) + 0.5) * arange(n_mfcc, dtype: ScalarType.Float32).unsqueeze(1) * (Math.PI / n_mels)).cos();
            if (norm == DCTNorm.ortho)
            {
                dct.narrow(0, 0, Math.Min(1, n_mfcc)).mul_(1 / Math.Sqrt(2));
                dct.mul_(Math.Sqrt(2.0 / n_mels));
            }
            else
            {
                dct.mul_(2);
            }
            return dct.t().MoveToOuterDisposeScope();
        }

        /// <summary>Triangles (n_freqs, n_mels) with corners evenly spaced in mels; of height 1, or of area 1 (slaney).</summary>
        public static Tensor melscale_fbanks(long n_freqs, double f_min, double f_max, long n_mels, long sample_rate, MelNorm norm = MelNorm.none, MelScale mel_scale = MelScale.htk)
        {
            using var scope = NewDisposeScope();
            var (low, high) = (ToMel(f_min, mel_scale), ToMel(f_max, mel_scale));
            double[] corners = [.. Enumerable.Range(0, (int)n_mels + 2).Select(m => ToHertz(low + (high - low) * m / (n_mels + 1), mel_scale))];
            var bank = Triangles(n_freqs, corners, sample_rate);
            if (norm == MelNorm.slaney)
            {
                bank *= tensor([.. Enumerable.Range(0, (int)n_mels).Select(m => 2 / (corners[m + 2] - corners[m]))], dtype: ScalarType.Float64);
            }
            return bank.to(ScalarType.Float32).MoveToOuterDisposeScope();
        }

        /// <summary>Triangles (n_freqs, n_filter) with corners evenly spaced in hertz, of height 1.</summary>
        public static Tensor linear_fbanks(int n_freqs, double f_min, double f_max, int n_filter, int sample_rate)
        {
            using var scope = NewDisposeScope();
            double[] corners = [.. Enumerable.Range(0, n_filter + 2).Select(m => f_min + (f_max - f_min) * m / (n_filter + 1))];
            return Triangles(n_freqs, corners, sample_rate).to(ScalarType.Float32).MoveToOuterDisposeScope();
        }

        /// <summary>Integers in [0, Q) of waves in [-1, 1] by the mu-law with mu = Q - 1.</summary>
        public static Tensor mu_law_encoding(Tensor x, int quantization_channels)
        {
            using var scope = NewDisposeScope();
            var mu = quantization_channels - 1.0;
            var wave = x.is_floating_point() ? x : x.to(ScalarType.Float32);
            var pressed = wave.sign() * (wave.abs() * mu).log1p() / Math.Log(1 + mu);
            return ((pressed + 1) / 2 * mu + 0.5).to(ScalarType.Int64).MoveToOuterDisposeScope();
        }

        /// <summary>Waves in [-1, 1] of integers in [0, Q) by the mu-law with mu = Q - 1.</summary>
        public static Tensor mu_law_decoding(Tensor x_mu, int quantization_channels)
        {
            using var scope = NewDisposeScope();
            var mu = quantization_channels - 1.0;
            var pressed = (x_mu.is_floating_point() ? x_mu : x_mu.to(ScalarType.Float32)) / mu * 2 - 1;
            return (pressed.sign() * ((pressed.abs() * Math.Log(1 + mu)).exp() - 1) / mu).MoveToOuterDisposeScope();
        }

        // |down| and |up| slopes of each triangle over the frequencies of a spectrum's bins, float64.
        private static Tensor Triangles(long bins, double[] corners, long rate)
        {
            var at = linspace(0, rate / 2, bins, dtype: ScalarType.Float64).unsqueeze(1);  // torchaudio's integer division
            Tensor Corners(int first) => tensor(corners[first..^(2 - first)], dtype: ScalarType.Float64);
            var (left, middle, right) = (Corners(0), Corners(1), Corners(2));
            return ((at - left) / (middle - left)).minimum((right - at) / (right - middle)).clamp_min(0);
        }

        // Slaney's scale: linear to 1000 Hz, logarithmic above.
        private const double Linear = 200.0 / 3, Knee = 1000 / Linear;
        private static readonly double step = Math.Log(6.4) / 27;

        private static double ToMel(double hertz, MelScale scale) => scale == MelScale.htk ? 2595 * Math.Log10(1 + hertz / 700)
            : hertz < 1000 ? hertz / Linear : Knee + Math.Log(hertz / 1000) / step;

        private static double ToHertz(double mel, MelScale scale) => scale == MelScale.htk ? 700 * (Math.Pow(10, mel / 2595) - 1)
            : mel < Knee ? mel * Linear : 1000 * Math.Exp(step * (mel - Knee));

        private static Tensor Norm(Tensor window) => window.square().sum().sqrt();
    }
}
