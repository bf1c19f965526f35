using Retort.Audio;
using Retort.Decoding;
using Retort.Text;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>A caption of a recording.</summary>
/// <param name="Text">the words</param>
/// <param name="Score">mean log-probability a word, the end counted</param>
/// <param name="Start">where the piece that it describes begins, in seconds</param>
/// <param name="Seconds">how long that piece is</param>
public sealed record AudioCaption(string Text, double Score, double Start, double Seconds);

/// <summary>
/// Captions recordings with an <see cref="AudioCaptionModel"/> and its words. The model is put into eval mode, its batch norms are folded into the
/// convolutions; it is not changed otherwise.
/// </summary>
/// <remarks>
/// What the published code leaves open is stated here: a clip shorter than one encoder frame (0.32 s with the published settings) is continued with
/// silence up to half a second; a silent clip is captioned like any other; clips of a batch do not influence one another.
/// </remarks>
public sealed class AudioCaptioner : IDisposable
{
    private static readonly string[] weightFiles = ["model.safetensors", "pytorch_model.bin", "swa.pth", "best.pth"];
    private static readonly string[] vocabularyFiles = ["vocab.json", "tokenizer.json", "vocab.pkl"];
    private readonly AudioCaptionModel model;
    private readonly WordTokenizer vocabulary;

    /// <param name="model">the model</param>
    /// <param name="vocabulary">its words</param>
    /// <exception cref="ArgumentException">The vocabulary has another number of words than the model.</exception>
    public AudioCaptioner(AudioCaptionModel model, WordTokenizer vocabulary)
    {
        if (vocabulary.Count != model.Decoder.Vocabulary)
        {
            throw new ArgumentException($"a vocabulary of {vocabulary.Count} words for a model of {model.Decoder.Vocabulary}", nameof(vocabulary));
        }
        (this.model, this.vocabulary) = (model, vocabulary);
        model.eval();
        (model.Encoder as EfficientNetEncoder)?.Net.Fold();
    }

    /// <summary>Beam search as published: three beams, at most 20 tokens, mean log-probability a token.</summary>
    public DecodingSettings Decoding { get; init; } = new() { Beams = 3, MaxLength = 20, LengthRule = LengthRule.Mean, BeamRule = BeamRule.Full, Start = 1, End = 2 };

    /// <summary>Samples a second that the model expects.</summary>
    public int SampleRate { get; } = 16000;

    /// <summary>The words.</summary>
    public WordTokenizer Vocabulary => vocabulary;

    /// <summary>
    /// Opens a captioner: a folder as on Hugging Face (model.safetensors or pytorch_model.bin, and vocab.json, tokenizer.json or vocab.pkl), or a file of weights. A
    /// training checkpoint of the released code (swa.pth, best.pth) needs no words beside it.
    /// </summary>
    /// <param name="path">the folder or file</param>
    /// <param name="vocabularyPath">the words; null for the file beside the weights, or those in a training checkpoint</param>
    /// <exception cref="BadInputException">A file is missing or damaged, the weights are no captioning student's, or the words do not fit them.</exception>
    public static AudioCaptioner Open(string path, string? vocabularyPath = null)
    {
        if (!Directory.Exists(path) && !File.Exists(path))
        {
            throw new BadInputException(path, "", $"there is no such folder or file; expected a folder of {string.Join(" or ", weightFiles)} and {string.Join(" or ", vocabularyFiles)}");
        }
        var folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        var weights = !Directory.Exists(path) ? path : Find(folder, weightFiles, "weights");
        var beside = vocabularyFiles.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        // A training checkpoint brings its own words.
        var words = vocabularyPath ?? (beside is null && Path.GetExtension(weights) is ".pth" or ".pt" ? weights : Find(folder, vocabularyFiles, "vocabulary"));
        var opened = CaptionVocabulary.Load(words);
        var model = CaptionCheckpoint.Open(weights).Model;
        if (opened.Count != model.Decoder.Vocabulary)
        {
            model.Dispose();
            throw new BadInputException(words, "", $"{opened.Count} words; the weights in {weights} are for {model.Decoder.Vocabulary}");
        }
        return new AudioCaptioner(model, opened);
    }

    /// <summary>Writes weights and words into a folder that <see cref="Open"/> reads.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        CaptionCheckpoint.Save(model, Path.Combine(folder, weightFiles[0]));
        CaptionVocabulary.Save(vocabulary, Path.Combine(folder, vocabularyFiles[0]));
    }

    /// <summary>The caption of a recording of any format that <see cref="AudioFile"/> reads; resampled, channels averaged.</summary>
    /// <exception cref="BadInputException">The file cannot be read or has no samples.</exception>
    public AudioCaption Caption(string path)
    {
        var samples = AudioFile.Load(path, SampleRate).Samples;
        return samples.Length > 0 ? Captions([samples])[0] : throw new BadInputException(path, "", "no samples; there is nothing to describe");
    }

    /// <summary>A caption for each piece of a long recording.</summary>
    /// <param name="path">the file</param>
    /// <param name="seconds">length of a piece; the last may be shorter</param>
    public IReadOnlyList<AudioCaption> CaptionPieces(string path, double seconds = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(seconds);
        var samples = AudioFile.Load(path, SampleRate).Samples;
        var piece = Math.Max(1, (int)Math.Round(seconds * SampleRate));
        var captions = Captions([.. samples.Chunk(piece)]);
        return [.. captions.Select((c, i) => c with { Start = (double)i * piece / SampleRate })];
    }

    /// <summary>The captions of some clips, together.</summary>
    /// <param name="clips">mono, at <see cref="SampleRate"/>, of any lengths</param>
    /// <exception cref="ArgumentException">A clip has no samples, or one that is not finite.</exception>
    public IReadOnlyList<AudioCaption> Captions(IReadOnlyList<float[]> clips)
    {
        for (var i = 0; i < clips.Count; i++)
        {
            var bad = Array.FindIndex(clips[i], s => !float.IsFinite(s));
            if (clips[i].Length == 0 || bad >= 0)
            {
                throw new ArgumentException(bad < 0 ? $"clip {i} has no samples" : $"sample {bad} of clip {i} is {clips[i][bad]}; samples must be finite", nameof(clips));
            }
        }
        var results = new AudioCaption[clips.Count];
        using var noGrad = no_grad();
        // Clips of one length are heard together; the convolutions see the padding of others, which is then no part of them.
        foreach (var group in Enumerable.Range(0, clips.Count).GroupBy(i => Math.Max(clips[i].Length, SampleRate / 2)).SelectMany(g => g.Chunk(32)))
        {
            using var scope = NewDisposeScope();
            var length = Math.Max(clips[group[0]].Length, SampleRate / 2);
            var waves = new float[group.Length * length];
            for (var b = 0; b < group.Length; b++)
            {
                clips[group[b]].CopyTo(waves, b * length);
            }
            var device = model.parameters().First().device;
            var (frames, lengths) = model.Encode(tensor(waves, [group.Length, length], device: device), [.. group.Select(_ => (long)length)]);
            var best = BeamSearch.Decode(model.Decoder, frames, lengths, Decoding);
            for (var b = 0; b < group.Length; b++)
            {
                results[group[b]] = new AudioCaption(vocabulary.Decode([.. best[b][0].Tokens]), best[b][0].Score, 0, (double)clips[group[b]].Length / SampleRate);
            }
        }
        return results;
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();

    private static string Find(string folder, string[] names, string what) =>
        names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new BadInputException(folder, "", $"no {what} there; expected {string.Join(" or ", names)}");
}
