namespace Retort.Audio;

/// <summary>How a WAV file holds one sample. Everything is little-endian.</summary>
public enum WavEncoding
{
    /// <summary>Unsigned 8-bit, 128 is silence.</summary>
    Pcm8,

    /// <summary>Signed 16-bit.</summary>
    Pcm16,

    /// <summary>Signed 24-bit in three bytes.</summary>
    Pcm24,

    /// <summary>Signed 32-bit.</summary>
    Pcm32,

    /// <summary>IEEE single precision.</summary>
    Float32,

    /// <summary>IEEE double precision; read to the nearest single.</summary>
    Float64,
}
