using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// Words in no order, without any command, spoken by the training voices: what an encoder learns to hear from before the
/// first task. Of its 429 words 33 also occur in commands; no sentence does.
/// </summary>
public sealed class GenericSpeech
{
    private readonly IReadOnlyList<SpokenLine> lines;
    private readonly SpeechRecording sound;
    private readonly IReadOnlyDictionary<string, string[]> phonemes;

    private GenericSpeech(IReadOnlyList<SpokenLine> lines, SpeechRecording sound, IReadOnlyDictionary<string, string[]> phonemes, string hash) =>
        (this.lines, this.sound, this.phonemes, Hash) = (lines, sound, phonemes, hash);

    /// <summary>Number of utterances.</summary>
    public int Count => lines.Count;

    /// <summary>SHA-256 (hexadecimal) of everything that decides words and sound.</summary>
    public string Hash { get; }

    /// <summary>The words of an utterance.</summary>
    public string Words(int i) => lines[i].Words;

    /// <summary>
    /// Its phonemes, separated by spaces, with "|" between words; by espeak-ng's names and one pronunciation for all accents.
    /// </summary>
    public string PhonemesOf(int i) => string.Join(" | ", lines[i].Words.Split(' ').Select(word => string.Join(' ', phonemes[word])));

    /// <summary>Number of samples.</summary>
    public long Length(int i) => sound.Length(i);

    /// <summary>Samples at 16 kHz.</summary>
    public float[] Samples(int i) => sound.Samples(i);

    /// <summary>The corpus, spoken first where the cache lacks it.</summary>
    /// <param name="settings">how much, by whom, in what noise; null for the defaults</param>
    /// <param name="grammar">null for the one that comes with the library</param>
    /// <exception cref="BadInputException">espeak-ng is missing or fails.</exception>
    public static GenericSpeech Of(SyntheticSpeechSettings? settings = null, CommandGrammar? grammar = null)
    {
        settings ??= new SyntheticSpeechSettings();
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.GenericUtterances, 1, nameof(settings));
        var words = (grammar ?? CommandGrammar.Embedded).Generic;
        var voices = settings.Voices(Split.Train);
        var lines = Enumerable.Range(0, settings.GenericUtterances).Select(i =>
        {
            var id = $"generic-{i:000000}.wav";
            var draw = RandomStream.Of(settings.Seed, "generic", id);
            var said = string.Join(' ', Enumerable.Range(0, draw.Next(3, 8)).Select(_ => draw.Pick(words)));
            return new SpokenLine(id, said, draw.Pick(voices), draw.Next(settings.Speed.Lowest, settings.Speed.Highest + 1), draw.Next(settings.Pitch.Lowest, settings.Pitch.Highest + 1));
        }).ToArray();
        var hash = SyntheticSpeech.HashOf(lines, settings);
        return new GenericSpeech(lines, SpeechRecording.Of(lines, settings, hash), Phonemes.Of(words), hash);
    }
}
