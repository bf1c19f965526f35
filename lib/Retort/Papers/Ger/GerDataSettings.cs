using Retort.Audio;
using Retort.Data;
using Retort.Models;

namespace Retort.Papers.Ger;

/// <summary>How much noisy speech is made, how it is recognised, and what of it is kept. The same settings give the same lists.</summary>
public sealed record GerDataSettings
{
    /// <summary>Sentences that the recogniser learns from.</summary>
    public int RecogniserUtterances { get; init; } = 3000;

    /// <summary>Lists that corrections are learned from.</summary>
    public int TrainLists { get; init; } = 2500;

    /// <summary>Lists that settings are chosen on.</summary>
    public int ValidationLists { get; init; } = 300;

    /// <summary>Lists that are reported.</summary>
    public int TestLists { get; init; } = 1200;

    /// <summary>Sentences of text that the language model learns from.</summary>
    public int TextSentences { get; init; } = 20_000;

    /// <summary>Share of sentences outside all templates.</summary>
    public double OutsideShare { get; init; } = 0.12;

    /// <summary>Signal-to-noise ratios, in dB; each list has one of them.</summary>
    public IReadOnlyList<double> Ratios { get; init; } = [0, 5, 10, 15, 20];

    /// <summary>Share of lists without noise.</summary>
    public double CleanShare { get; init; } = 1.0 / 6;

    /// <summary>Noises of training and validation.</summary>
    public IReadOnlyList<NoiseKind> TrainNoises { get; init; } = [NoiseKind.White, NoiseKind.Pink, NoiseKind.Car, NoiseKind.Babble, NoiseKind.Machine, NoiseKind.Street];

    /// <summary>Noises of the test: those of training and one that training never sees.</summary>
    public IReadOnlyList<NoiseKind> TestNoises { get; init; } = [NoiseKind.White, NoiseKind.Pink, NoiseKind.Car, NoiseKind.Babble, NoiseKind.Machine, NoiseKind.Street, NoiseKind.Cry];

    /// <summary>Hypotheses of a list, N.</summary>
    public int Hypotheses { get; init; } = 5;

    /// <summary>Most words of a hypothesis; the rest is cut off, which only a recogniser that has hardly learned needs.</summary>
    public int MostWords { get; init; } = 20;

    /// <summary>Prefixes kept at each frame.</summary>
    public int Beams { get; init; } = 20;

    /// <summary>Segments that an utterance's encoder output is pooled to, for the arm that gets audio: as many as the adapter has rows.</summary>
    public int Segments { get; init; } = 20;

    /// <summary>The recogniser's encoder.</summary>
    public LogMelEncoderSettings Encoder { get; init; } = new() { Convolutions = true, Width = 128, Depth = 3 };

    /// <summary>Steps of the recogniser's training.</summary>
    public long RecogniserSteps { get; init; } = 1500;

    /// <summary>Utterances in its batches.</summary>
    public int RecogniserBatch { get; init; } = 16;

    /// <summary>Its highest learning rate.</summary>
    public double RecogniserRate { get; init; } = 1e-3;

    /// <summary>Whether the recogniser's products are in bfloat16, where the processor multiplies it.</summary>
    public bool RecogniserMixed { get; init; }

    /// <summary>Masks on its training features; null for none.</summary>
    public FrameMasks? RecogniserMasks { get; init; } = new();

    /// <summary>Ratios of the noise that half of its training sentences have: mild.</summary>
    public Limits<double> MildRatios { get; init; } = (10, 25);

    /// <summary>Voices and how they speak; the room adds next to no noise of its own.</summary>
    public SyntheticSpeechSettings Speech { get; init; } = new() { Snr = (45, 55) };

    /// <summary>The seed of sentences, voices, noises and the recogniser.</summary>
    public long Seed { get; init; } = 2024;
}

/// <summary>One utterance as the recogniser met it.</summary>
/// <param name="List">its list and what was said</param>
/// <param name="Noise">the kind of noise; null for none</param>
/// <param name="Ratio">signal-to-noise ratio in dB; positive infinity without noise</param>
/// <param name="Segments">encoder output of the noisy recording, pooled to segments: segments times width values</param>
public sealed record GerItem(NBestList List, NoiseKind? Noise, double Ratio, float[] Segments)
{
    /// <summary>The condition in words, such as "Car 5 dB".</summary>
    public string Condition => Noise is null ? "clean" : FormattableString.Invariant($"{Noise} {Ratio} dB");
}
