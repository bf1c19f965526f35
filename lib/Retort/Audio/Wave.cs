namespace Retort.Audio;

/// <summary>A piece of sound in memory.</summary>
/// <param name="Samples">amplitudes, nominally in [-1, 1], interleaved: frame 0 of every channel, then frame 1, ...</param>
/// <param name="SampleRate">frames a second</param>
/// <param name="Channels">channels in a frame, at least 1</param>
public sealed record Wave(float[] Samples, int SampleRate, int Channels = 1)
{
    /// <summary>Samples per channel.</summary>
    public int Frames => Samples.Length / Channels;

    /// <summary>Length in seconds.</summary>
    public double Seconds => (double)Frames / SampleRate;

    /// <summary>One channel's samples.</summary>
    /// <param name="index">the channel, from 0</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such channel.</exception>
    public float[] Channel(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Channels);
        var result = new float[Frames];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = Samples[i * Channels + index];
        }
        return result;
    }

    /// <summary>The mean of the channels, as one channel. A sound of one channel is returned as it is.</summary>
    public Wave Mono()
    {
        if (Channels == 1)
        {
            return this;
        }
        var result = new float[Frames];
        for (var i = 0; i < result.Length; i++)
        {
            var sum = 0.0;
            for (var c = 0; c < Channels; c++)
            {
                sum += Samples[i * Channels + c];
            }
            result[i] = (float)(sum / Channels);
        }
        return new Wave(result, SampleRate, 1);
    }
}
