// torchaudio as TorchSharp has it: enums, files through a backend. Its data sets and models are not here.

using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Functions and transforms of sound, under torchaudio's names.</summary>
public static partial class torchaudio
{
    /// <summary>Makes a window of so many samples.</summary>
    public delegate Tensor WindowFunction(long win_length);

    /// <summary>What all transforms are.</summary>
    public interface ITransform : nn.IModule<Tensor, Tensor>
    {
    }

    public enum DCTNorm
    {
        none,
        ortho,
    }

    public enum MelNorm
    {
        none,
        slaney,
    }

    public enum MelScale
    {
        slaney,
        htk,
    }

    public enum ResamplingMethod
    {
        sinc_interpolation,
        kaiser_window,
    }

    public enum AudioEncoding
    {
        PCM_S,
        PCM_U,
        PCM_F,
        ULAW,
        ALAW,
    }

    public enum AudioFormat
    {
        WAV,
        MP3,
        FLAC,
        OGG,
        OPUS,
        SPHERE,
        AMR_NB,
    }

    /// <summary>What a file of sound says of itself.</summary>
    public struct AudioMetaData
    {
        public int sample_rate;
        public int num_frames;
        public int num_channels;
        public int bits_per_sample;
        public AudioEncoding encoding;
    }

    /// <summary>What a file of sound says of itself, by the backend that is set.</summary>
    /// <exception cref="InvalidOperationException">No backend is set.</exception>
    public static AudioMetaData info(string filepath, AudioFormat? format = null) => backend.utils.get_audio_backend().info(filepath, format);

    /// <summary>A file's samples (channels, frames) and their rate, by the backend that is set.</summary>
    /// <exception cref="InvalidOperationException">No backend is set.</exception>
    public static (Tensor, int) load(string filepath, long frame_offset = 0, long num_frames = -1, bool normalize = true, bool channels_first = true, AudioFormat? format = null) =>
        backend.utils.get_audio_backend().load(filepath, frame_offset, num_frames, normalize, channels_first, format);

    /// <summary>Writes samples to a file, by the backend that is set.</summary>
    /// <exception cref="InvalidOperationException">No backend is set.</exception>
    public static void save(string filepath, Tensor src, int sample_rate, bool channels_first = true, float? compression = null, AudioFormat? format = null, AudioEncoding? encoding = null, int? bits_per_sample = null) =>
        backend.utils.get_audio_backend().save(filepath, src, sample_rate, channels_first, compression, format, encoding, bits_per_sample);
}
