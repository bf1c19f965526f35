// Features that need no trained weights, kept on disk: of wav2vec 2.0 they are 2 KB a frame, 33 GB for all of SLURP's
// training recordings, which not every memory holds.

using System.Runtime.InteropServices;
using System.Text;

namespace Retort.Data;

/// <summary>The features of each utterance in one file: a line that says what they are of, and float32 values one utterance after the other.</summary>
internal sealed class FeatureFile
{
    private readonly string path;
    private readonly long[] starts;  // in bytes

    private FeatureFile(string path, long[] starts) => (this.path, this.starts) = (path, starts);

    /// <summary>Opens the file if it is of this key, and makes it if it is not there.</summary>
    /// <param name="path">the file</param>
    /// <param name="key">what decides the features, on one line</param>
    /// <param name="frames">frames of each utterance</param>
    /// <param name="make">makes an utterance's features; called from several threads</param>
    /// <exception cref="BadInputException">The file is of something else or cut off, or cannot be written.</exception>
    public static FeatureFile Of(string path, string key, long[] frames, Func<int, float[]> make)
    {
        var first = make(0);
        var channels = first.Length / frames[0];
        var head = Encoding.UTF8.GetBytes($"retort features/1 {Hashing.Of([key, string.Join(",", frames), $"{channels}"])}\n");
        var starts = new long[frames.Length + 1];
        starts[0] = head.Length;
        for (var i = 0; i < frames.Length; i++)
        {
            starts[i + 1] = starts[i] + frames[i] * channels * sizeof(float);
        }
        var file = new FeatureFile(path, starts);
        if (File.Exists(path))
        {
            file.Check(head);
            return file;
        }
        AtomicFile.Write(path, stream =>
        {
            stream.Write(head);
            foreach (var part in Enumerable.Range(0, frames.Length).Chunk(256))
            {
                var made = new float[part.Length][];
                AllCores.For(part.Length, i => made[i] = part[i] == 0 ? first : make(part[i]));
                foreach (var values in made)
                {
                    stream.Write(MemoryMarshal.AsBytes<float>(values));
                }
            }
        });
        file.Check(head);
        return file;
    }

    /// <summary>An utterance's features. Safe from several threads at once.</summary>
    public float[] Read(int i)
    {
        using var handle = Open();
        var values = new float[(starts[i + 1] - starts[i]) / sizeof(float)];
        Fill(handle, MemoryMarshal.AsBytes(values.AsSpan()), starts[i]);
        return values;
    }

    private void Check(byte[] head)
    {
        using var handle = Open();
        var found = new byte[head.Length];
        if (RandomAccess.GetLength(handle) == starts[^1])
        {
            Fill(handle, found, 0);
        }
        if (!found.AsSpan().SequenceEqual(head))
        {
            throw new BadInputException(path, "", "holds the features of other utterances or of another encoder, or is cut off; remove it to make them anew");
        }
    }

    private void Fill(Microsoft.Win32.SafeHandles.SafeFileHandle handle, Span<byte> bytes, long at)
    {
        for (var done = 0; done < bytes.Length;)
        {
            var read = RandomAccess.Read(handle, bytes[done..], at + done);
            done += read > 0 ? read : throw new BadInputException(path, $"byte {at + done}", "the file ends here");
        }
    }

    private Microsoft.Win32.SafeHandles.SafeFileHandle Open()
    {
        try
        {
            return File.OpenHandle(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be opened: {e.Message}", e);
        }
    }
}
