using Retort.Randomness;
using Retort.Text;

namespace Retort.Data;

/// <summary>
/// Commands of 18 scenarios spoken by espeak-ng in many voices, rooms and noises: the embedded stand-in for SLURP. No sentence
/// and no voice is in two splits. Made once, kept in the cache.
/// </summary>
public sealed class SyntheticSpeech : SpokenData
{
    private const string Version = "made speech 1";
    private const int Tries = 2000;
    private readonly SpeechRecording sound;

    private SyntheticSpeech(IReadOnlyList<SlurpRecording> recordings, IReadOnlyList<string> voices, SpeechRecording sound, string hash) =>
        (Recordings, Voices, this.sound, Hash) = (recordings, voices, sound, hash);

    /// <inheritdoc/>
    public override IReadOnlyList<SlurpRecording> Recordings { get; }

    /// <summary>The voice of each recording.</summary>
    public IReadOnlyList<string> Voices { get; }

    /// <inheritdoc/>
    public override string Hash { get; }

    /// <inheritdoc/>
    public override long Length(int i) => sound.Length(i);

    /// <inheritdoc/>
    public override float[] Samples(int i) => sound.Samples(i);

    /// <summary>A split of the corpus, spoken first where the cache lacks it.</summary>
    /// <param name="settings">how much, by whom, in what noise; null for the defaults</param>
    /// <param name="split">the split</param>
    /// <param name="grammar">null for the one that comes with the library</param>
    /// <exception cref="BadInputException">espeak-ng is missing or fails, or an intent has too few sentences.</exception>
    public static SyntheticSpeech Of(SyntheticSpeechSettings? settings, Split split, CommandGrammar? grammar = null)
    {
        settings ??= new SyntheticSpeechSettings();
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Utterances(split), 1, nameof(settings));
        grammar ??= CommandGrammar.Embedded;
        var voices = settings.Voices(split);
        var (recordings, lines, seen) = (new List<SlurpRecording>(), new List<SpokenLine>(), new HashSet<string>());
        foreach (var (scenario, action) in Shares(grammar, settings.Utterances(split), settings.EvenIntents.Contains(split), settings))
        {
            var id = $"{split.ToString().ToLowerInvariant()}-{recordings.Count:000000}.wav";
            var draw = RandomStream.Of(settings.Seed, "sentence", id);
            var (sentence, meaning) = Sentence(grammar, scenario, action, split, settings, draw, seen);
            recordings.Add(new SlurpRecording(id, sentence, meaning, true));
            lines.Add(new SpokenLine(id, sentence, draw.Pick(voices), draw.Next(settings.Speed.Lowest, settings.Speed.Highest + 1), draw.Next(settings.Pitch.Lowest, settings.Pitch.Highest + 1)));
        }
        var hash = HashOf(lines, settings);
        return new SyntheticSpeech(recordings, [.. lines.Select(l => l.Voice)], SpeechRecording.Of(lines, settings, hash), hash);
    }

    /// <summary>Hash of everything that decides the samples.</summary>
    internal static string HashOf(IReadOnlyList<SpokenLine> lines, SyntheticSpeechSettings settings) => Hashing.Of([
        Version, FormattableString.Invariant($"{settings.Seed} ({settings.Snr.Lowest}, {settings.Snr.Highest}) {settings.Reflections} {settings.RoomSeconds}"),
        .. lines.Select(l => FormattableString.Invariant($"{l.Id}|{l.Words}|{l.Voice}|{l.Speed}|{l.Pitch}"))]);

    // Scenarios by their weights, or by their numbers of actions; their actions evenly. A scenario for which nothing is left takes from the largest.
    private static IEnumerable<(string Scenario, string Action)> Shares(CommandGrammar grammar, int utterances, bool even, SyntheticSpeechSettings settings)
    {
        var scenarios = settings.Scenarios is { } chosen ? [.. chosen.Order(StringComparer.Ordinal)] : grammar.Scenarios;
        if (scenarios.FirstOrDefault(s => !grammar.Scenarios.Contains(s)) is { } unknown)
        {
            throw new BadInputException(nameof(SyntheticSpeechSettings), nameof(SyntheticSpeechSettings.Scenarios), $"\"{unknown}\" is not known; known are {string.Join(", ", grammar.Scenarios)}");
        }
        double Weight(string scenario) => even ? Math.Min(grammar.Actions(scenario).Count, settings.Actions) : grammar.Weight(scenario);
        var total = scenarios.Sum(Weight);
        var counts = new int[scenarios.Count];
        var (given, share) = (0, 0.0);
        for (var s = 0; s < counts.Length; s++)
        {
            share += Weight(scenarios[s]) / total * utterances;
            counts[s] = (int)Math.Round(share) - given;
            given += counts[s];
        }
        while (Array.IndexOf(counts, 0) is >= 0 and var empty && counts.Max() > 1)
        {
            counts[Array.IndexOf(counts, counts.Max())]--;
            counts[empty]++;
        }
        return scenarios.SelectMany((scenario, s) =>
        {
            var actions = grammar.Actions(scenario).Take(settings.Actions).ToArray();
            return Enumerable.Range(0, counts[s]).Select(i => (scenario, actions[i % actions.Length]));
        });
    }

    // A sentence belongs to a split by the hash of its words, so that none is in two. New ones are preferred.
    private static (string, Meaning) Sentence(CommandGrammar grammar, string scenario, string action, Split split, SyntheticSpeechSettings settings, RandomStream draw, HashSet<string> seen)
    {
        (string, Meaning)? known = null;
        for (var i = 0; i < Tries; i++)
        {
            var (sentence, meaning) = grammar.Sentence(scenario, action, draw, settings.Fillers, settings.Templates);
            if (SplitOf(sentence, settings.Seed) != split)
            {
                continue;
            }
            if (seen.Add(sentence))
            {
                return (sentence, meaning);
            }
            known = (sentence, meaning);
            if (i > 20)
            {
                break;
            }
        }
        return known ?? throw new BadInputException(CommandGrammar.FileName, $"action \"{scenario}_{action}\"", $"no sentence for the split {split} in {Tries} draws: it needs more templates");
    }

    internal static Split SplitOf(string sentence, long seed) => RandomStream.Of(seed, "split", sentence).Next(10) switch
    {
        < 6 => Split.Train,
        < 8 => Split.Validation,
        _ => Split.Test,
    };
}
