// The mel recipe of Wav2Lip (Prajwal et al., ACM MM 2020), which KDTalker takes over: 80 Slaney bands of the magnitude of a
// pre-emphasised wave, each 12.5 ms, in dB, scaled to [-4, 4].

using static TorchSharp.torch;

namespace Retort.Audio;

/// <summary>Waves at 16 kHz to Wav2Lip's mel spectrogram and to the window of it that belongs to each video frame.</summary>
public static class Wav2LipMel
{
    /// <summary>Samples a second.</summary>
    public const int SampleRate = 16000;

    /// <summary>Mel bands.</summary>
    public const int Bands = 80;

    /// <summary>Columns of the window of a video frame.</summary>
    public const int WindowColumns = 16;

    /// <summary>Samples of a video frame at 25 frames a second.</summary>
    public const int SamplesPerFrame = 640;

    private const int FftLength = 800, Hop = 200;

    /// <summary>Whole video frames in a wave.</summary>
    public static int Frames(long samples) => (int)(samples / SamplesPerFrame);

    /// <summary>The spectrogram (80, 1 + 16 frames / 5) of a wave cut to whole video frames.</summary>
    /// <param name="wave">samples at 16 kHz, at least one video frame (640)</param>
    /// <exception cref="ArgumentException">The wave is shorter than one video frame.</exception>
    public static Tensor Spectrogram(ReadOnlySpan<float> wave)
    {
        var frames = Frames(wave.Length);
        if (frames < 1)
        {
            throw new ArgumentException($"a wave of {wave.Length} samples is shorter than one video frame; {SamplesPerFrame} are needed", nameof(wave));
        }
        var emphasised = new float[frames * SamplesPerFrame];
        for (var n = 0; n < emphasised.Length; n++)
        {
            emphasised[n] = n == 0 ? wave[0] : wave[n] - 0.97f * wave[n - 1];
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var padded = nn.functional.pad(tensor(emphasised), (FftLength / 2, FftLength / 2));
        var windowed = padded.unfold(0, FftLength, Hop) * tensor(MelFrontEnd.HannWindow(FftLength));  // (columns, 800)
        var magnitude = fft.rfft(windowed).abs();
        var mel = matmul(tensor(FilterBank()), magnitude.t());
        var decibels = mel.clamp_min(1e-5).log10() * 20 - 20;
        return ((decibels + 100) * (8.0 / 100) - 4).clamp(-4, 4).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The windows (frames, 1, 80, 16) of video frames: from column 80 (i - 2) / 25, cut towards 0, on; columns beyond an end repeat
    /// the end's, as published.
    /// </summary>
    /// <param name="mel">(80, columns)</param>
    /// <param name="frames">video frames, from 0</param>
    public static Tensor Windows(Tensor mel, int frames)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var last = mel.shape[1] - 1;
        var columns = new long[frames * WindowColumns];
        for (var i = 0; i < frames; i++)
        {
            var start = 80 * (i - 2) / 25;
            for (var c = 0; c < WindowColumns; c++)
            {
                columns[i * WindowColumns + c] = Math.Clamp(start + c, 0, last);
            }
        }
        return mel.index_select(1, tensor(columns, device: mel.device)).view(Bands, frames, WindowColumns)
            .transpose(0, 1).unsqueeze(1).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Triangles (80, 401) from 55 to 7600 Hz on Slaney's scale (linear to 1000 Hz, then logarithmic), each of area 1.</summary>
    internal static float[,] FilterBank()
    {
        const double Linear = 200.0 / 3, Knee = 1000, High = 7600, Low = 55;
        var step = Math.Log(6.4) / 27;
        double ToMel(double hertz) => hertz < Knee ? hertz / Linear : Knee / Linear + Math.Log(hertz / Knee) / step;
        double ToHertz(double mel) => mel < Knee / Linear ? mel * Linear : Knee * Math.Exp(step * (mel - Knee / Linear));
        var corners = Enumerable.Range(0, Bands + 2).Select(i => ToHertz(ToMel(Low) + (ToMel(High) - ToMel(Low)) * i / (Bands + 1))).ToArray();
        var bank = new float[Bands, FftLength / 2 + 1];
        for (var m = 0; m < Bands; m++)
        {
            for (var i = 0; i <= FftLength / 2; i++)
            {
                var hertz = (double)SampleRate * i / FftLength;
                var up = (hertz - corners[m]) / (corners[m + 1] - corners[m]);
                var down = (corners[m + 2] - hertz) / (corners[m + 2] - corners[m + 1]);
                bank[m, i] = (float)(Math.Max(0, Math.Min(up, down)) * 2 / (corners[m + 2] - corners[m]));
            }
        }
        return bank;
    }
}
