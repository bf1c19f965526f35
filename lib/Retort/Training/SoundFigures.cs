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
        return Chart.Spectrogram(bands, (int)mel.shape[2], (double)settings.Hop / settings.SampleRate);
    }
}
