using Retort.Audio;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>Sentences spoken by synthetic voices, clean and in noise: what is said, who says it, and in which noise.</summary>
public sealed class NoisySpeech
{
    private readonly SpeechRecording sound;
    private readonly Func<int, (NoiseKind? Kind, double Ratio)> condition;
    private readonly long seed;
    private readonly string name;
    private readonly IReadOnlyList<float[]>? babble;

    internal NoisySpeech(string name, string[] sentences, Split voices, SyntheticSpeechSettings settings, long seed, IReadOnlyList<float[]>? babble, Func<int, (NoiseKind?, double)> condition)
    {
        (this.name, Sentences, this.babble, this.condition, this.seed) = (name, sentences, babble, condition, seed);
        var speakers = settings.Voices(voices);
        var lines = sentences.Select((sentence, i) =>
        {
            var draw = RandomStream.Of(seed, $"voice {name}", $"{i}");
            return new SpokenLine($"{name}-{i:000000}.wav", sentence, draw.Pick(speakers), draw.Next(settings.Speed.Lowest, settings.Speed.Highest + 1), draw.Next(settings.Pitch.Lowest, settings.Pitch.Highest + 1));
        }).ToArray();
        sound = SpeechRecording.Of(lines, settings, SyntheticSpeech.HashOf(lines, settings));
    }

    /// <summary>What is said.</summary>
    public IReadOnlyList<string> Sentences { get; }

    /// <summary>The noise of an utterance and its ratio.</summary>
    public (NoiseKind? Kind, double Ratio) Condition(int i) => condition(i);

    /// <summary>Samples of an utterance.</summary>
    public int Length(int i) => sound.Length(i);

    /// <summary>An utterance without noise, 16 kHz.</summary>
    public float[] Clean(int i) => sound.Samples(i);

    /// <summary>An utterance in its noise, scaled to a peak of 1 where it would be above.</summary>
    public float[] Noisy(int i)
    {
        var (kind, ratio) = condition(i);
        return kind is { } noise ? In(i, noise, ratio) : Clean(i);
    }

    /// <summary>An utterance in any noise.</summary>
    /// <param name="i">the utterance</param>
    /// <param name="kind">the noise</param>
    /// <param name="ratio">signal-to-noise ratio, in dB</param>
    public float[] In(int i, NoiseKind kind, double ratio)
    {
        var clean = Clean(i);
        var mixed = Noise.Mix(clean, Noise.Make(kind, clean.Length, RandomStream.Of(seed, $"noise {name}", $"{i}"), speech: babble), ratio);
        var peak = mixed.Max(Math.Abs);
        return peak <= 1 ? mixed : [.. mixed.Select(x => x / peak)];
    }
}
