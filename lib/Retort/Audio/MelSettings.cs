using System.Globalization;

namespace Retort.Audio;

/// <summary>Settings of <see cref="MelFrontEnd"/>. The defaults are CED's (ICASSP 2024): 64 mel bins each 10 ms of 16 kHz audio.</summary>
public sealed record MelSettings
{
    /// <summary>Samples a second of the input.</summary>
    public int SampleRate { get; init; } = 16000;

    /// <summary>Length of the Fourier transform and of its periodic Hann window, in samples.</summary>
    public int FftLength { get; init; } = 512;

    /// <summary>Samples from one frame to the next.</summary>
    public int Hop { get; init; } = 160;

    /// <summary>Number of mel bins.</summary>
    public int Mels { get; init; } = 64;

    /// <summary>Lower edge of the lowest mel bin, in Hz.</summary>
    public double LowFrequency { get; init; }

    /// <summary>Upper edge of the highest mel bin, in Hz.</summary>
    public double HighFrequency { get; init; } = 8000;

    /// <summary>How the bins are spaced and weighed.</summary>
    public MelScale Scale { get; init; } = MelScale.Htk;

    /// <summary>Range kept below the maximum that <see cref="Floor"/> names, in dB.</summary>
    public double Range { get; init; } = 120;

    /// <summary>From which maximum <see cref="Range"/> is measured.</summary>
    public DbFloor Floor { get; init; } = DbFloor.PerClip;

    /// <summary>Fewest samples that can be transformed: the reflected border of half a window must lie inside the clip.</summary>
    public int MinimumSamples => FftLength / 2 + 1;

    /// <summary>Frames of a clip of this many samples: 1 + floor(samples / hop).</summary>
    public int Frames(long samples) => checked((int)(1 + samples / Hop));

    /// <summary>One line that names the transform and all its settings; equal lines mean equal spectrograms.</summary>
    public string Identity => string.Create(CultureInfo.InvariantCulture,
        $"log-mel/1 rate={SampleRate} fft={FftLength} hop={Hop} mels={Mels} low={LowFrequency:R} high={HighFrequency:R} range={Range:R} floor={Floor}{(Scale == MelScale.Htk ? "" : $" scale={Scale}")}");
}

/// <summary>How mel bins are spaced and weighed.</summary>
public enum MelScale
{
    /// <summary>Evenly on 2595 log10(1 + f / 700), each with peak 1.</summary>
    Htk,

    /// <summary>Evenly on Slaney's scale (linear to 1 kHz, logarithmic above), each of area 1 in Hz, as librosa's default.</summary>
    Slaney,
}
