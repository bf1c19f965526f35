namespace Retort.Audio;

/// <summary>What a WAV file says about itself, checked against the file's size.</summary>
/// <param name="SampleRate">frames a second</param>
/// <param name="Channels">channels in a frame</param>
/// <param name="Encoding">how a sample is held</param>
/// <param name="Frames">samples per channel</param>
/// <param name="DataOffset">the byte of the file at which the samples begin</param>
public sealed record WavHeader(int SampleRate, int Channels, WavEncoding Encoding, long Frames, long DataOffset)
{
    /// <summary>Length in seconds.</summary>
    public double Seconds => (double)Frames / SampleRate;

    /// <summary>Bytes of one sample.</summary>
    public int SampleBytes => Bytes(Encoding);

    /// <summary>Bytes of one frame.</summary>
    public int FrameBytes => Bytes(Encoding) * Channels;

    internal static int Bytes(WavEncoding encoding) => encoding switch
    {
        WavEncoding.Pcm8 => 1,
        WavEncoding.Pcm16 => 2,
        WavEncoding.Pcm24 => 3,
        WavEncoding.Pcm32 or WavEncoding.Float32 => 4,
        WavEncoding.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(encoding), encoding, "no such WAV encoding"),
    };
}
