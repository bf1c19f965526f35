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
        private const long LargestKernel = 1 << 22;

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
            var (taps, first, width) = SincTaps(orig_freq, new_freq, lowpass_filter_width, rolloff, resampling_method, beta);
            taps = taps.to(waveform.dtype).to(waveform.device);
            var (old, @new) = Reduced(orig_freq, new_freq);
            // Odd pairs of rates have filters of gigabytes, nearly all of it zeros.
            var made = (long)@new * (2 * width + old) <= LargestKernel ? WithKernel(waveform, orig_freq, new_freq, Kernel(taps, first, width, old), width)
                : WithTaps(waveform, old, @new, taps, first, width);
            return made.MoveToOuterDisposeScope();
        }

        internal static void CheckRates(int orig_freq, int new_freq, int lowpass_filter_width)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(orig_freq);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(new_freq);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lowpass_filter_width);
        }

        // The filter of each phase of the new rate, without the zeros around it: (new, 2 width + 2) in float64, and where each begins, with both
        // rates over their common divisor.
        internal static (Tensor Taps, long[] First, int Width) SincTaps(int from, int to, int crossings, double rolloff, ResamplingMethod method, double? beta)
        {
            var (old, @new) = Reduced(from, to);
            var cutoff = Math.Min(old, @new) * rolloff;
            var width = (int)Math.Ceiling(crossings * old / cutoff);
            long[] first = [.. Enumerable.Range(0, @new).Select(p => (long)p * old / @new)];
            var phase = arange(@new, dtype: ScalarType.Float64).unsqueeze(1) / @new;
            var at = (tensor(first).unsqueeze(1) + arange(2 * width + 2) - width).to(ScalarType.Float64) / old;
            var t = ((at - phase) * cutoff).clamp(-crossings, crossings);
            var window = method == ResamplingMethod.sinc_interpolation ? (t * (Math.PI / crossings / 2)).cos().square()
                : special.i0((1 - (t / crossings).square()).sqrt() * (beta ?? KaiserBeta)) / special.i0(tensor(beta ?? KaiserBeta, dtype: ScalarType.Float64));
            return (special.sinc(t) * window * (cutoff / old), first, width);
        }

        // torchaudio's form of them, (new, 1, 2 width + orig).
        internal static Tensor Kernel(Tensor taps, long[] first, int width, int old)
        {
            var places = (tensor(first).unsqueeze(1) + arange(taps.shape[1])).to(taps.device);
            return zeros([taps.shape[0], 2 * width + old + 1], taps.dtype, taps.device).scatter_(1, places, taps).narrow(1, 0, 2 * width + old).unsqueeze(1);
        }

        private static Tensor WithTaps(Tensor waveform, int old, int @new, Tensor taps, long[] first, int width)
        {
            const int Piece = 1 << 15;
            var shape = waveform.shape;
            var windows = F.pad(waveform.reshape(-1, shape[^1]), (width, width + old + 1), PaddingModes.Constant).unfold(1, taps.shape[1], 1);  // a view
            var length = (@new * shape[^1] + old - 1) / old;
            var pieces = new List<Tensor>();
            for (var start = 0L; start < length; start += Piece)
            {
                using var scope = NewDisposeScope();
                long[] places = [.. Enumerable.Range(0, (int)Math.Min(Piece, length - start)).Select(i => start + i)];
                var phases = tensor([.. places.Select(n => n % @new)]).to(taps.device);
                var begins = tensor([.. places.Select(n => n / @new * old + first[n % @new])]).to(taps.device);
                pieces.Add((windows.index_select(1, begins) * taps.index_select(0, phases)).sum(-1).MoveToOuterDisposeScope());
            }
            return cat(pieces, 1).reshape([.. shape[..^1], length]);
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

        internal static (int Old, int New) Reduced(int from, int to)
        {
            var divisor = (int)System.Numerics.BigInteger.GreatestCommonDivisor(from, to);
            return (from / divisor, to / divisor);
        }
    }
}
