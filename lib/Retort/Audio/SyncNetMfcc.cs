// The sound that SyncNet hears (Chung and Zisserman, 2016; the published syncnet_python): 13 mel-frequency cepstral coefficients each 10 ms, with
// the defaults of python_speech_features: 25 ms without a window function, pre-emphasis 0.97, 26 triangles on the HTK mel scale between whole FFT
// bins, natural logarithm, orthonormal DCT-II, lifter 22, the energy's logarithm in the first place. Samples count as 16-bit integers.

using static TorchSharp.torch;

namespace Retort.Audio;

/// <summary>Waves at 16 kHz to SyncNet's cepstral coefficients and to the window of them that belongs to each video frame.</summary>
public static class SyncNetMfcc
{
    /// <summary>Samples a second.</summary>
    public const int SampleRate = 16000;

    /// <summary>Coefficients.</summary>
    public const int Coefficients = 13;

    /// <summary>Columns of a video frame's window: 0.2 s.</summary>
    public const int WindowColumns = 20;

    /// <summary>Columns between two video frames at 25 frames a second.</summary>
    public const int ColumnsPerFrame = 4;

    private const int Length = 400, Step = 160, FftLength = 512, Filters = 26, Lifter = 22;
    private const double Least = 2.220446049250313e-16;  // the spacing of doubles at 1, in place of a power of zero

    /// <summary>The coefficients (13, columns) of a wave, float32; 1 + ceil((samples - 400) / 160) columns, the last filled up with zeros.</summary>
    /// <param name="wave">samples at 16 kHz in -1..1; they are rounded to 16 bits, as the published tool reads them</param>
    /// <exception cref="ArgumentException">The wave is empty or holds a number that is not finite.</exception>
    public static Tensor Of(ReadOnlySpan<float> wave)
    {
        if (wave.Length == 0)
        {
            throw new ArgumentException("a wave without samples has no coefficients", nameof(wave));
        }
        var columns = wave.Length <= Length ? 1 : 1 + (wave.Length - Length + Step - 1) / Step;
        var emphasised = new double[(columns - 1) * Step + Length];
        var before = 0.0;
        for (var n = 0; n < wave.Length; n++)
        {
            if (!float.IsFinite(wave[n]))
            {
                throw new ArgumentException($"sample {n} is not a finite number", nameof(wave));
            }
            var value = Math.Clamp(Math.Round(wave[n] * 32768.0), -32768, 32767);
            emphasised[n] = value - 0.97 * before;
            before = value;
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var power = fft.rfft(tensor(emphasised).unfold(0, Length, Step), FftLength).abs().square() / FftLength;  // (columns, 257)
        static Tensor Log(Tensor x) => where(x == 0, full_like(x, Least), x).log();
        var cepstra = matmul(Log(matmul(power, tensor(FilterBank()).t())), tensor(Cosines()).t());
        return cat([Log(power.sum(1)).unsqueeze(0), cepstra.t().narrow(0, 1, Coefficients - 1)], 0).to(float32).MoveToOuterDisposeScope();
    }

    /// <summary>The windows (frames, 1, 13, 20) of video frames: from column 4 i on.</summary>
    /// <param name="mfcc">(13, columns)</param>
    /// <param name="first">the first video frame</param>
    /// <param name="frames">how many</param>
    /// <exception cref="ArgumentOutOfRangeException">The last window reaches beyond the end.</exception>
    public static Tensor Windows(Tensor mfcc, int first, int frames)
    {
        var last = ColumnsPerFrame * (first + frames - 1) + WindowColumns;
        if (first < 0 || frames < 1 || last > mfcc.shape[1])
        {
            throw new ArgumentOutOfRangeException(nameof(frames), frames, $"windows of frames {first} to {first + frames - 1} need {last} columns; there are {mfcc.shape[1]}");
        }
        using var scope = NewDisposeScope();
        return mfcc.narrow(1, ColumnsPerFrame * first, last - ColumnsPerFrame * first).unfold(1, WindowColumns, ColumnsPerFrame)  // (13, frames, 20)
            .transpose(0, 1).unsqueeze(1).contiguous().MoveToOuterDisposeScope();
    }

    // (26, 257): corners evenly spaced in mel from 0 to 8000 Hz, each moved down to a whole bin of (512 + 1) / 16000.
    private static double[,] FilterBank()
    {
        static double ToMel(double hertz) => 2595 * Math.Log10(1 + hertz / 700);
        static double ToHertz(double mel) => 700 * (Math.Pow(10, mel / 2595) - 1);
        var bins = Enumerable.Range(0, Filters + 2).Select(i => (int)Math.Floor((FftLength + 1) * ToHertz(ToMel(SampleRate / 2.0) * i / (Filters + 1)) / SampleRate)).ToArray();
        // The last corner is 8000 Hz itself; rounding must not move it.
        bins[^1] = FftLength / 2;
        var bank = new double[Filters, FftLength / 2 + 1];
        for (var m = 0; m < Filters; m++)
        {
            for (var i = bins[m]; i < bins[m + 2]; i++)
            {
                bank[m, i] = i < bins[m + 1] ? (double)(i - bins[m]) / (bins[m + 1] - bins[m]) : (double)(bins[m + 2] - i) / (bins[m + 2] - bins[m + 1]);
            }
        }
        return bank;
    }

    // (13, 26): the orthonormal DCT-II, each row times the lifter 1 + 11 sin(pi k / 22).
    private static double[,] Cosines()
    {
        var cosines = new double[Coefficients, Filters];
        for (var k = 0; k < Coefficients; k++)
        {
            var scale = Math.Sqrt((k == 0 ? 1.0 : 2.0) / Filters) * (1 + Lifter / 2.0 * Math.Sin(Math.PI * k / Lifter));
            for (var m = 0; m < Filters; m++)
            {
                cosines[k, m] = scale * Math.Cos(Math.PI * k * (m + 0.5) / Filters);
            }
        }
        return cosines;
    }
}
