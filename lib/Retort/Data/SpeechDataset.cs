using Retort.Audio;
using Retort.Randomness;
using Retort.Text;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Data;

/// <summary>Utterances made ready for a model: features of the sound that need no training, and target tokens.</summary>
public sealed class SpeechDataset
{
    private readonly IWaveFeatures encoder;
    private readonly Device device;
    private readonly Func<int, float[]>? read;
    private readonly bool lengthMasks;

    /// <param name="data">recordings and meanings</param>
    /// <param name="tokenizer">makes tokens of target strings</param>
    /// <param name="encoder">an encoder, which makes the features; nothing that is trained takes part in them</param>
    /// <param name="keep">make the features of all utterances now and keep them in memory; false makes them anew for each batch</param>
    /// <param name="text">what the model is to write of a recording; null for <see cref="SlurpRecording.Target"/></param>
    /// <param name="device">where batches are wanted and where the encoder is; null for the CPU</param>
    /// <param name="file">keep the features in this file and not in memory; a file of the same utterances and encoder, which the key names, is taken as it is</param>
    /// <param name="lengthMasks">false: features are made of the padded waves, padding taken as sound, as the released code does</param>
    /// <exception cref="ArgumentException">Features that depend on their batch are to be kept.</exception>
    /// <exception cref="BadInputException">Sound cannot be read, or is shorter than a frame of the encoder.</exception>
    public SpeechDataset(SpokenData data, Tokenizer tokenizer, IWaveFeatures encoder, bool keep = true, Func<SlurpRecording, string>? text = null, Device? device = null, (string Path, string Encoder)? file = null,
        bool lengthMasks = true)
    {
        if (!lengthMasks && (keep || file is not null))
        {
            throw new ArgumentException("without length masks features depend on their batch, and cannot be kept", nameof(lengthMasks));
        }
        this.lengthMasks = lengthMasks;
        (Data, Tokenizer, this.encoder, this.device) = (data, tokenizer, encoder, device ?? CPU);
        Texts = [.. data.Recordings.Select(text ?? (r => r.Target()))];
        Tokens = [.. Texts.Select(tokenizer.Encode)];
        Scenarios = data.Scenarios;
        var lengths = new long[data.Count];
        AllCores.For(data.Count, i => lengths[i] = data.Length(i));
        Lengths = lengths;
        var short_ = Enumerable.Range(0, data.Count).Where(i => encoder.Frames(Lengths[i]) < 1).ToArray();
        if (short_.Length > 0)
        {
            throw new BadInputException(data.Recordings[short_[0]].File, "", $"its {Lengths[short_[0]]} samples are too few for one frame of the encoder{(short_.Length > 1 ? $" (and {short_.Length - 1} more recordings)" : "")}");
        }
        if (file is { } kept)
        {
            var stored = FeatureFile.Of(kept.Path, $"{data.Hash} {kept.Encoder}", [.. Lengths.Select(encoder.Frames)], Features);
            read = stored.Read;
        }
        else if (keep)
        {
            var all = new float[data.Count][];
            AllCores.For(data.Count, i => all[i] = Features(i));
            read = i => all[i];
        }
    }

    /// <summary>Recordings and meanings.</summary>
    public SpokenData Data { get; }

    /// <summary>Makes tokens of target strings.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The target string of each utterance.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>The target tokens of each utterance, without marks of start and end.</summary>
    public IReadOnlyList<int[]> Tokens { get; }

    /// <summary>The scenario of each utterance.</summary>
    public IReadOnlyList<string> Scenarios { get; }

    /// <summary>Samples of each utterance.</summary>
    public IReadOnlyList<long> Lengths { get; }

    /// <summary>Number of utterances.</summary>
    public int Count => Tokens.Count;

    /// <summary>Features (B, T, C) of utterances, padded with 0, and the valid frames of each.</summary>
    /// <param name="rows">utterances</param>
    /// <param name="masks">masks to lay on them; null for none</param>
    /// <param name="draw">an utterance's randomness, where there are masks</param>
    public (Tensor Features, long[] Frames) Features(IReadOnlyList<int> rows, FrameMasks? masks = null, Func<string, RandomStream>? draw = null)
    {
        var lengths = rows.Select(i => Lengths[i]).ToArray();
        var frames = lengths.Select(encoder.Frames).ToArray();
        var longest = (int)frames.Max();
        var padded = lengthMasks ? TokenRows.RoundUp(longest) : longest;
        if (read is null)
        {
            using var scope = NewDisposeScope();
            var samples = lengths.Max();
            var flat = new float[rows.Count * samples];
            AllCores.For(rows.Count, b => Samples(rows[b]).CopyTo(flat, b * samples));
            var features = encoder.Features(tensor(flat, [rows.Count, samples]).to(device), lengthMasks ? lengths : null);
            return (nn.functional.pad(features, (0, 0, 0, padded - features.shape[1])).MoveToOuterDisposeScope(), frames);
        }
        var clips = rows.Select(read).ToArray();
        var (most, channels) = (padded, clips[0].Length / (int)frames[0]);
        var values = new float[rows.Count * most * channels];
        for (var b = 0; b < rows.Count; b++)
        {
            var clip = values.AsSpan(b * most * channels, (int)frames[b] * channels);
            clips[b].CopyTo(clip);
            masks?.Apply(clip, (int)frames[b], channels, encoder.Bands ?? channels, draw!(Data.Recordings[rows[b]].File));
        }
        return (tensor(values, [rows.Count, most, channels]).to(device), frames);
    }

    private float[] Samples(int i)
    {
        var samples = Data.Samples(i);
        return samples.Length == Lengths[i] ? samples
            : throw new BadInputException(Data.Recordings[i].File, "", $"has {samples.Length} samples at 16 kHz where its header says {Lengths[i]}");
    }

    private float[] Features(int i)
    {
        using var one = Threads.RunWith(1);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var samples = Samples(i);
        using var wave = tensor(samples, [1, samples.Length]).to(device);
        return encoder.Features(wave, [samples.Length]).to(float32).cpu().data<float>().ToArray();
    }

    /// <summary>What decides features and tokens of all utterances, as a hash.</summary>
    internal string Key => Hashing.Of(Data.Hash, string.Join("\n", Texts), string.Join(" ", Tokenizer.Tokens), $"{lengthMasks}");
}
