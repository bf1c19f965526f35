using Retort.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// A sequence-to-sequence model of speech: an encoder, a decoder on its frames, and a linear CTC head for the encoder's
/// pre-training. Keys of its state: <c>encoder</c>, <c>decoder</c>, <c>ctc</c>.
/// </summary>
public sealed class SpokenLanguageModel : nn.Module<Tensor, IReadOnlyList<long>, Tensor, Tensor>
{
    private readonly AudioEncoder encoder;
    private readonly TokenDecoder decoder;
    private readonly Linear? ctc;

    /// <summary>Puts the parts together; they become parts of this model.</summary>
    /// <param name="encoder">the encoder</param>
    /// <param name="decoder">a decoder of the encoder's width</param>
    /// <param name="ctcSymbols">symbols of the CTC head, the blank counted; 0 for no head</param>
    /// <param name="seed">the run's seed, for the CTC head</param>
    public SpokenLanguageModel(AudioEncoder encoder, TokenDecoder decoder, int ctcSymbols = 0, long seed = 0) : base(nameof(SpokenLanguageModel))
    {
        if (encoder.Width != decoder.Settings.Width)
        {
            throw new ArgumentException($"an encoder of width {encoder.Width} does not fit a decoder of width {decoder.Settings.Width}", nameof(decoder));
        }
        this.encoder = encoder;
        this.decoder = decoder;
        ctc = ctcSymbols > 0 ? nn.Linear(encoder.Width, ctcSymbols) : null;
        RegisterComponents();
        if (ctc is not null)
        {
            FreshWeights.Fill(ctc, seed, "ctc", (_, _, draw) => FreshWeights.Uniform(draw, encoder.Width));
        }
    }

    /// <summary>The encoder.</summary>
    public AudioEncoder Encoder => encoder;

    /// <summary>The decoder.</summary>
    public TokenDecoder Decoder => decoder;

    /// <summary>What dropout draws from in training.</summary>
    public IReadOnlyList<Generator> Generators => [.. new[] { encoder.Generator, decoder.Generator }.OfType<Generator>().Distinct()];

    /// <summary>True (default): padding is seen nowhere. False: encoder and decoder treat it as sound, as the released code does.</summary>
    public bool LengthMasks { get; init; } = true;

    /// <summary>The encoder's frames (B, T, D), and how many of each row are valid (null without masks).</summary>
    /// <param name="waves">(B, samples), padded on the right</param>
    /// <param name="lengths">samples of each wave</param>
    public (Tensor Memory, long[]? Frames) Encode(Tensor waves, IReadOnlyList<long> lengths)
    {
        var used = LengthMasks ? lengths : null;
        return (encoder.call(waves, used), encoder.Frames(used));
    }

    /// <summary>Teacher forcing: logits (B, L, V) of the token after each.</summary>
    /// <param name="waves">(B, samples), padded on the right</param>
    /// <param name="lengths">samples of each wave</param>
    /// <param name="tokens">(B, L), int64, beginning with the start symbol</param>
    public override Tensor forward(Tensor waves, IReadOnlyList<long> lengths, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var (encoded, frames) = Encode(waves, lengths);
        return decoder.call(tokens, encoded, frames).MoveToOuterDisposeScope();
    }

    /// <summary>Log-probabilities (B, T, symbols) of the CTC head for frames (B, T, D).</summary>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    public Tensor CtcLogProbabilities(Tensor encoded)
    {
        if (ctc is null)
        {
            throw new InvalidOperationException("this model was made without a CTC head (ctcSymbols = 0)");
        }
        using var scope = NewDisposeScope();
        return nn.functional.log_softmax(ctc.call(encoded), -1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The CTC loss of frames against transcripts: mean over rows of -log p(transcript) / symbols. A row whose transcript
    /// is too long for its frames counts as 0.
    /// </summary>
    /// <param name="encoded">(B, T, D)</param>
    /// <param name="frames">valid frames of each row; null if all are</param>
    /// <param name="targets">(B, L), int64, padded with any symbol</param>
    /// <param name="targetLengths">symbols of each transcript</param>
    /// <param name="blank">number of the blank</param>
    public Tensor CtcLoss(Tensor encoded, IReadOnlyList<long>? frames, Tensor targets, IReadOnlyList<long> targetLengths, int blank = 0)
    {
        using var scope = NewDisposeScope();
        var logs = CtcLogProbabilities(encoded).to(float32).transpose(0, 1);  // (T, B, symbols)
        var inputs = frames ?? [.. Enumerable.Repeat(encoded.shape[1], (int)encoded.shape[0])];
        return nn.functional.ctc_loss(logs, targets, tensor([.. inputs]), tensor([.. targetLengths]), blank, zero_infinity: true)
            .MoveToOuterDisposeScope();
    }
}
