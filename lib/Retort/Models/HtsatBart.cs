using Retort.Decoding;
using Retort.Layers;
using Retort.Text;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// The paper's teacher: <see cref="Htsat"/>, a linear map, <see cref="Bart"/> (Mei et al. 2023, WavCaps). Loads a checkpoint that names the parts
/// as WavCaps does; the user's own, as none is distributed with this library.
/// </summary>
public sealed class HtsatBart : nn.Module
{
    private readonly Htsat encoder;
    private readonly Linear enc_to_dec_proj;
    private readonly Bart decoder;

    /// <param name="encoder">settings of the encoder; null for the published ones</param>
    /// <param name="decoder">settings of the decoder; null for BART base</param>
    /// <param name="seed">the run's seed</param>
    public HtsatBart(HtsatSettings? encoder = null, BartSettings? decoder = null, long seed = 0) : base(nameof(HtsatBart))
    {
        this.encoder = new Htsat(encoder, seed);
        this.decoder = new Bart(decoder, seed);
        enc_to_dec_proj = nn.Linear(this.encoder.Width, this.decoder.Settings.Width);
        RegisterComponents();
        FreshWeights.Fill(enc_to_dec_proj, seed, "enc_to_dec_proj", (_, _, draw) => FreshWeights.Uniform(draw, this.encoder.Width));
        this.OutliveScopes();
    }

    /// <summary>The encoder of sounds.</summary>
    public Htsat Encoder => encoder;

    /// <summary>The decoder of tokens.</summary>
    public Bart Decoder => decoder;

    /// <summary>What this teacher hears, in seconds: longer clips are cut at their end, shorter ones continued with zeros, as published.</summary>
    public const int Seconds = 10;

    /// <summary>
    /// Waves (B, samples at 32 kHz) of any length, made <see cref="Seconds"/> long, to the clip embeddings (B, 768) that encoder-level KD teaches, and to what the decoder attends to
    /// (B, 1024, 768): each of the 32 steps 32 times, as published, through the map and BART's encoder.
    /// </summary>
    public (Tensor Embedding, Tensor Memory) Hear(Tensor waves)
    {
        using var scope = NewDisposeScope();
        long length = (long)Seconds * encoder.Settings.Mel.SampleRate, given = waves.shape[1];
        var steps = encoder.call(given >= length ? waves.narrow(1, 0, length) : nn.functional.pad(waves, (0, length - given)), null);
        var frames = steps.repeat_interleave(encoder.Settings.Columns / steps.shape[1], 1);
        return (Htsat.Embedding(steps).MoveToOuterDisposeScope(), decoder.Encode(enc_to_dec_proj.call(frames)).MoveToOuterDisposeScope());
    }

    /// <summary>Beam search as published for this teacher: three beams, at most 30 tokens; BART begins with its end symbol (2) and ends with it.</summary>
    public static DecodingSettings Decoding { get; } = new() { Beams = 3, MaxLength = 30, LengthRule = LengthRule.Mean, BeamRule = BeamRule.Full, Start = 2, End = 2 };

    /// <summary>
    /// What this teacher says of one clip: samples at its rate (32 kHz) to the clip embedding and its captions with scores, the best first. A caption
    /// without a word is left out (published: at least two tokens, the end counted). The model must be in eval mode.
    /// </summary>
    /// <param name="tokenizer">BART's, from the user's files (<see cref="BpeTokenizer.LoadVocabularyAndMerges"/>)</param>
    /// <param name="decoding">null for <see cref="Decoding"/></param>
    /// <exception cref="ArgumentException">The tokenizer has other tokens than the decoder.</exception>
    public Func<float[], (float[] Embedding, IReadOnlyList<(string Text, double Score)> Captions)> Ask(Tokenizer tokenizer, DecodingSettings? decoding = null)
    {
        if (tokenizer.Count > decoder.Vocabulary)
        {
            throw new ArgumentException($"a tokenizer of {tokenizer.Count} tokens for a decoder of {decoder.Vocabulary}", nameof(tokenizer));
        }
        return samples =>
        {
            using var none = no_grad();
            using var scope = NewDisposeScope();
            var device = enc_to_dec_proj.weight!.device;
            var (embedding, memory) = Hear(tensor(samples, [1, samples.Length], device: device));
            var found = BeamSearch.Decode(decoder, memory, null, decoding ?? Decoding)[0].Select(h => (Text: tokenizer.Decode([.. h.Tokens]).Trim(), h.Score));
            return (embedding.cpu().data<float>().ToArray(), [.. found.Where(h => h.Text.Length > 0)]);
        };
    }

    /// <summary>Loads a checkpoint.</summary>
    /// <param name="path">a file of torch.save or safetensors</param>
    /// <exception cref="BadInputException">It is damaged, or a part's weights are missing or misshapen: all of the part at once.</exception>
    public void Load(string path)
    {
        using var scope = NewDisposeScope();
        Load(Weights.Read(path), path);
    }

    /// <summary>As <see cref="Load(string)"/>, for weights that were read already. The front-end's kernels under any name are left out: they follow from the settings.</summary>
    /// <param name="weights">tensors by their file's names</param>
    /// <param name="source">what to call them in an error</param>
    public void Load(IReadOnlyDictionary<string, Tensor> weights, string source = "weights")
    {
        const string Mark = "patch_embed.proj.weight", Map = "enc_to_dec_proj.weight";
        string Prefix(string mark) => weights.Keys.Where(k => k.EndsWith(mark, StringComparison.Ordinal)).ToArray() is [var one] ? one[..^mark.Length]
            : throw new BadInputException(source, "", $"not exactly one weight is named ...{mark}; an HTSAT-BART has one");
        Dictionary<string, Tensor> Part(string prefix) => weights.Where(w => w.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(w => w.Key[prefix.Length..], w => w.Value);
        var sound = Prefix(Mark);
        var known = encoder.state_dict();
        var parts = Part(sound);
        string[] kernels = ["spectrogram_extractor.", "logmel_extractor.", "audio_feats_extractor."];  // HTS-AT's names and WavCaps'
        // Masks and indices follow from the settings, too; older files lack them.
        foreach (var own in known.Where(k => k.Key.EndsWith("attn_mask") || k.Key.EndsWith("relative_position_index")))
        {
            parts.TryAdd(own.Key, own.Value);
        }
        Weights.Load(encoder, parts.Where(p => !kernels.Any(k => p.Key.StartsWith(k, StringComparison.Ordinal))).ToDictionary(p => p.Key, p => p.Value), strict: true, source);
        var map = Prefix(Map);
        Weights.Load(enc_to_dec_proj, Part(map + "enc_to_dec_proj."), strict: true, source);
        decoder.Load(weights.Where(w => !w.Key.StartsWith(sound, StringComparison.Ordinal) && !w.Key.StartsWith(map + "enc_to_dec_proj.", StringComparison.Ordinal)
            && w.Key.Contains("decoder.", StringComparison.Ordinal)).ToDictionary(w => w.Key, w => w.Value), source);
    }
}
