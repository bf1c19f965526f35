using Retort.Audio;
using Retort.Plots;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>Pictures of sounds.</summary>
public static class SoundFigures
{
    /// <summary>A wave's log-mel spectrogram.</summary>
    /// <param name="frontEnd">waves to spectrograms</param>
    /// <param name="samples">the wave, at the front-end's rate</param>
    public static Figure Spectrogram(MelFrontEnd frontEnd, float[] samples)
    {
        using var scope = NewDisposeScope();
        return Spectrogram(frontEnd.call(tensor(samples, [1, samples.Length])), frontEnd.Settings);
    }

    /// <summary>A spectrogram that has been made.</summary>
    /// <param name="mel">(1, mels, frames) in dB</param>
    /// <param name="settings">of the front-end that made it</param>
    public static Figure Spectrogram(Tensor mel, MelSettings settings)
    {
        var bands = mel.select(0, 0).contiguous().data<float>().ToArray();
        return Chart.Spectrogram(bands, (int)mel.shape[2], (double)settings.Hop / settings.SampleRate).WithYAxis("frequency (Hz)", ticks: Ticks(settings));
    }

    // Where the centres of the mel bands put round frequencies: band m of M lies at the share (m + 1) / (M + 1) of the mel range.
    private static (double At, string Label)[] Ticks(MelSettings settings)
    {
        double Mel(double f) => settings.Scale == MelScale.Htk ? 2595 * Math.Log10(1 + f / 700) : f < 1000 ? 3 * f / 200 : 15 + 27 * Math.Log(f / 1000) / Math.Log(6.4);
        var (low, high) = (Mel(settings.LowFrequency), Mel(settings.HighFrequency));
        return [.. new[] { 125.0, 250, 500, 1000, 2000, 4000, 8000, 16000 }.Select(f => ((Mel(f) - low) / (high - low) * (settings.Mels + 1) - 1, $"{f:0}"))
            .Where(tick => tick.Item1 >= 0 && tick.Item1 <= settings.Mels - 0.5)];
    }
}
