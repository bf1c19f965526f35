// Windowed-sinc resampling (Smith, "Digital Audio Resampling", 2002).

using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp;

public static partial class torchaudio
{
    public static partial class functional
    {
        // torchaudio's default for a Kaiser window.
        private const double KaiserBeta = 14.769656459379492;

        /// <summary>Waves (..., samples) at another rate: ceil(samples new_freq / orig_freq) samples.</summary>
        /// <param name="waveform">the waves, floating point</param>
        /// <param name="orig_freq">their rate</param>
        /// <param name="new_freq">the rate wanted</param>
        /// <param name="lowpass_filter_width">zero crossings of the sinc a side</param>
        /// <param name="rolloff">share of the lower Nyquist frequency at which the filter cuts</param>
        /// <param name="resampling_method">the window: Hann's or Kaiser's</param>
        /// <param name="beta">the Kaiser window's shape; null for torchaudio's</param>
        /// <exception cref="ArgumentOutOfRangeException">A rate or the width is not positive.</exception>
        /// <exception cref="ArgumentException">The waves are not floating point.</exception>
        public static Tensor resample(Tensor waveform, int orig_freq, int new_freq, int lowpass_filter_width = 6, double rolloff = 0.99, ResamplingMethod resampling_method = ResamplingMethod.sinc_interpolation, double? beta = null)
        {
            CheckRates(orig_freq, new_freq, lowpass_filter_width);
            if (!waveform.is_floating_point())
            {
                throw new ArgumentException($"floating point samples are expected, not {waveform.dtype}", nameof(waveform));
            }
            if (orig_freq == new_freq)
            {
                return waveform.alias();
            }
            using var scope = NewDisposeScope();
            var (kernel, width) = SincKernel(orig_freq, new_freq, lowpass_filter_width, rolloff, resampling_method, beta);
            return WithKernel(waveform, orig_freq, new_freq, kernel.to(waveform.dtype).to(waveform.device), width).MoveToOuterDisposeScope();
        }

        internal static void CheckRates(int orig_freq, int new_freq, int lowpass_filter_width)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(orig_freq);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(new_freq);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lowpass_filter_width);
        }

        // A filter for each phase of the new rate, (new, 1, 2 width + orig) in float64, with both rates over their common divisor.
        internal static (Tensor Kernel, int Width) SincKernel(int from, int to, int crossings, double rolloff, ResamplingMethod method, double? beta)
        {
            var (old, @new) = Reduced(from, to);
            var cutoff = Math.Min(old, @new) * rolloff;
            var width = (int)Math.Ceiling(crossings * old / cutoff);
            var phase = arange(@new, dtype: ScalarType.Float64).view(-1, 1, 1) / @new;
            var t = ((arange(-width, width + old, dtype: ScalarType.Float64) / old - phase) * cutoff).clamp(-crossings, crossings);
            var window = method == ResamplingMethod.sinc_interpolation ? (t * (Math.PI / crossings / 2)).cos().square()
                : special.i0((1 - (t / crossings).square()).sqrt() * (beta ?? KaiserBeta)) / special.i0(tensor(beta ?? KaiserBeta, dtype: ScalarType.Float64));
            return (special.sinc(t) * window * (cutoff / old), width);
        }

        internal static Tensor WithKernel(Tensor waveform, int from, int to, Tensor kernel, int width)
        {
            var (old, @new) = Reduced(from, to);
            var shape = waveform.shape;
            var padded = F.pad(waveform.reshape(-1, 1, shape[^1]), (width, width + old), PaddingModes.Constant);
            var made = F.conv1d(padded, kernel, stride: old).transpose(1, 2).flatten(1);
            var length = (@new * shape[^1] + old - 1) / old;
            return made.narrow(1, 0, length).reshape([.. shape[..^1], length]);
        }

        private static (int Old, int New) Reduced(int from, int to)
        {
            var divisor = (int)System.Numerics.BigInteger.GreatestCommonDivisor(from, to);
            return (from / divisor, to / divisor);
        }
    }
}
