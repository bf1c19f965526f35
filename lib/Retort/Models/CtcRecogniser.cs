using Retort.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// A speech recogniser of words by CTC (Graves et al. 2006) on a small encoder, with a second CTC head on phonemes that helps it to
/// learn. Keys of its state: <c>encoder</c>, <c>words</c>, <c>phonemes</c>. Symbol 0 of each head is the blank.
/// </summary>
public sealed class CtcRecogniser : nn.Module<Tensor, IReadOnlyList<long>?, Tensor>
{
    private readonly AudioEncoder encoder;
    private readonly Linear words;
    private readonly Linear phonemes;

    /// <param name="encoder">the encoder; becomes a part of this model</param>
    /// <param name="wordSymbols">symbols of the word head, the blank counted</param>
    /// <param name="phonemeSymbols">symbols of the phoneme head, the blank counted</param>
    /// <param name="seed">the run's seed, for the heads</param>
    public CtcRecogniser(AudioEncoder encoder, int wordSymbols, int phonemeSymbols, long seed) : base(nameof(CtcRecogniser))
    {
        this.encoder = encoder;
        words = nn.Linear(encoder.Width, wordSymbols);
        phonemes = nn.Linear(encoder.Width, phonemeSymbols);
        RegisterComponents();
        FreshWeights.Fill(words, seed, "ctc words", (_, _, draw) => FreshWeights.Uniform(draw, encoder.Width));
        FreshWeights.Fill(phonemes, seed, "ctc phonemes", (_, _, draw) => FreshWeights.Uniform(draw, encoder.Width));
    }

    /// <summary>The encoder.</summary>
    public AudioEncoder Encoder => encoder;

    /// <summary>Encoder output (B, T, D) of features (B, T, F).</summary>
    /// <param name="features">what the encoder's <see cref="AudioEncoder.Features"/> gave</param>
    /// <param name="frames">valid frames of each row; null if all are</param>
    public override Tensor forward(Tensor features, IReadOnlyList<long>? frames) => encoder.FromFeatures(features, frames);

    /// <summary>Log-probabilities (B, T, words) of the word head.</summary>
    public Tensor Words(Tensor encoded) => nn.functional.log_softmax(words.call(encoded), -1);

    /// <summary>CTC loss of words plus that of phonemes, each the mean over rows of -log p / symbols.</summary>
    /// <param name="encoded">(B, T, D)</param>
    /// <param name="frames">valid frames of each row</param>
    /// <param name="wordTargets">numbers of each row's words</param>
    /// <param name="phonemeTargets">numbers of each row's phonemes</param>
    public Tensor Loss(Tensor encoded, IReadOnlyList<long> frames, IReadOnlyList<int[]> wordTargets, IReadOnlyList<int[]> phonemeTargets)
    {
        using var scope = NewDisposeScope();
        Tensor Ctc(Tensor logits, IReadOnlyList<int[]> targets) => nn.functional.ctc_loss(
            nn.functional.log_softmax(logits.to(float32), -1).transpose(0, 1), tensor([.. targets.SelectMany(t => t).Select(i => (long)i)]),
            tensor([.. frames]), tensor([.. targets.Select(t => (long)t.Length)]), 0, zero_infinity: true);
        return (Ctc(words.call(encoded), wordTargets) + Ctc(phonemes.call(encoded), phonemeTargets)).MoveToOuterDisposeScope();
    }
}
