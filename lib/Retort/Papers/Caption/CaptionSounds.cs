using Retort.Audio;
using Retort.Data;
using Retort.Text;
using static TorchSharp.torch;

namespace Retort.Papers.Caption;

/// <summary>Clips of one length as spectrograms in memory, with their captions as words and as numbers.</summary>
public sealed class CaptionSounds : IDisposable
{
    private readonly Tensor mels;

    /// <summary>Hears all clips.</summary>
    /// <param name="data">the clips, all of one length</param>
    /// <param name="mel">the front-end</param>
    public CaptionSounds(CaptionData data, MelSettings mel)
    {
        Data = data;
        using var scope = NewDisposeScope();
        using var front = new MelFrontEnd(mel);
        var parts = new List<Tensor>();
        const int Block = 128;
        for (var first = 0; first < data.Count; first += Block)
        {
            using var block = NewDisposeScope();
            var waves = new float[Math.Min(Block, data.Count - first)][];
            AllCores.For(waves.Length, i => waves[i] = data.Samples(first + i));
            if (waves.FirstOrDefault(w => w.Length != waves[0].Length) is { } other)
            {
                throw new ArgumentException($"clips of {waves[0].Length} and of {other.Length} samples; clips in memory are of one length", nameof(data));
            }
            parts.Add(front.call(tensor(waves.SelectMany(w => w).ToArray(), [waves.Length, waves[0].Length])).transpose(1, 2).contiguous().MoveToOuterDisposeScope());
        }
        mels = cat(parts).DetachFromDisposeScope();  // (N, columns, mels)
        Captions = [.. Enumerable.Range(0, data.Count).Select(i => data.Captions(i).Select(CaptionWords.Normalise).ToArray())];
    }

    /// <summary>The clips.</summary>
    public CaptionData Data { get; }

    /// <summary>Each clip's captions as words separated by spaces.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Captions { get; }

    /// <summary>Spectrograms (n, columns, mels) of some clips.</summary>
    public Tensor Mels(ReadOnlySpan<int> clips)
    {
        var rows = new long[clips.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = clips[i];
        }
        using var index = tensor(rows);
        return mels.index_select(0, index);
    }

    /// <inheritdoc/>
    public void Dispose() => mels.Dispose();
}

/// <summary>All clips of an experiment, and the vocabulary of its captions.</summary>
public sealed class CaptionWorld : IDisposable, IResultKey
{
    /// <param name="settings">how many clips of what</param>
    public CaptionWorld(CaptionSettings settings)
    {
        CaptionSounds Of(CaptionPart part, int count) => new(new CaptionScenes(part, count, settings.Scenes), settings.StudentEncoder.Mel);
        Train = Of(CaptionPart.Train, settings.TeacherClips);
        AudioOnly = Of(CaptionPart.AudioOnly, settings.AudioOnlyClips);
        Validation = Of(CaptionPart.Validation, settings.ValidationClips);
        Test = Of(CaptionPart.Test, settings.TestClips);
        // One vocabulary for teacher and students, so that the teacher's captions can be read.
        Vocabulary = CaptionVocabulary.Train(Train.Captions.SelectMany(c => c));
    }

    /// <summary>Captioned clips; the students' are the first of them.</summary>
    public CaptionSounds Train { get; }

    /// <summary>Clips without captions.</summary>
    public CaptionSounds AudioOnly { get; }

    /// <summary>Clips by which hyper-parameters are chosen.</summary>
    public CaptionSounds Validation { get; }

    /// <summary>Clips of the test.</summary>
    public CaptionSounds Test { get; }

    /// <summary>The words.</summary>
    public WordTokenizer Vocabulary { get; }

    /// <inheritdoc/>
    public string ResultKey => Hashing.Of(Train.Data.Hash, AudioOnly.Data.Hash, Validation.Data.Hash, Test.Data.Hash);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sounds in new[] { Train, AudioOnly, Validation, Test })
        {
            sounds.Dispose();
        }
    }
}
