using static TorchSharp.torch;

namespace TorchSharp;

public static partial class torchaudio
{
    /// <summary>What reads and writes files of sound; none comes with the package.</summary>
    public static class backend
    {
        /// <summary>Reads and writes files of sound.</summary>
        public abstract class AudioBackend
        {
            public abstract AudioMetaData info(string filepath, AudioFormat? format = null);

            public abstract (Tensor, int) load(string filepath, long frame_offset = 0, long num_frames = -1, bool normalize = true, bool channels_first = true, AudioFormat? format = null);

            public abstract void save(string filepath, Tensor src, int sample_rate, bool channels_first = true, float? compression = null, AudioFormat? format = null, AudioEncoding? encoding = null, int? bits_per_sample = null);
        }

        /// <summary>What is there until a program sets a backend of its own: every call is an error that says so.</summary>
        public class NoBackend : AudioBackend
        {
            public override AudioMetaData info(string filepath, AudioFormat? format = null) => throw Missing();

            public override (Tensor, int) load(string filepath, long frame_offset = 0, long num_frames = -1, bool normalize = true, bool channels_first = true, AudioFormat? format = null) => throw Missing();

            public override void save(string filepath, Tensor src, int sample_rate, bool channels_first = true, float? compression = null, AudioFormat? format = null, AudioEncoding? encoding = null, int? bits_per_sample = null) => throw Missing();

            private static InvalidOperationException Missing() =>
                new("no backend for files of sound is set: derive one from torchaudio.backend.AudioBackend and give it to torchaudio.backend.utils.set_audio_backend");
        }

        public static class utils
        {
            private static AudioBackend current = new NoBackend();

            public static AudioBackend get_audio_backend() => current;

            public static void set_audio_backend(AudioBackend backend)
            {
                ArgumentNullException.ThrowIfNull(backend);
                current = backend;
            }
        }
    }
}
