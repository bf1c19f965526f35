namespace Retort.Data;

/// <summary>
/// A corpus of spoken commands made by espeak-ng: how much, by which voices, and how it sounds. The same settings give the
/// same samples wherever the same espeak-ng is installed.
/// </summary>
public sealed record SyntheticSpeechSettings
{
    /// <summary>Utterances for training.</summary>
    public int TrainUtterances { get; init; } = 3600;

    /// <summary>Utterances for validation.</summary>
    public int ValidationUtterances { get; init; } = 450;

    /// <summary>Utterances for the test.</summary>
    public int TestUtterances { get; init; } = 900;

    /// <summary>Utterances of the corpus without commands.</summary>
    public int GenericUtterances { get; init; } = 2000;

    /// <summary>Fillers of each type of entity that are used: with all of them a small model needs several times as long.</summary>
    public int Fillers { get; init; } = 6;

    /// <summary>The scenarios that are spoken of, by their names in the grammar; null for all.</summary>
    public IReadOnlyList<string>? Scenarios { get; init; }

    /// <summary>Actions of each scenario that are used, the first of them: fewer make a smaller world.</summary>
    public int Actions { get; init; } = int.MaxValue;

    /// <summary>Splits in which every intent is spoken as often as every other; in the others scenarios go by the grammar's weights, which are nearly SLURP's.</summary>
    public IReadOnlyList<Split> EvenIntents { get; init; } = [];

    /// <summary>Templates of each action that are used, the first of them.</summary>
    public int Templates { get; init; } = int.MaxValue;

    /// <summary>The seed of sentences, voices, rooms and noise.</summary>
    public long Seed { get; init; } = 2026;

    /// <summary>Accents of espeak-ng. Its "en-gb" takes no variant (all of its voices sound the same); "en" is the same accent and does.</summary>
    public IReadOnlyList<string> Accents { get; init; } = ["en-us", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-rp", "en-029", "en-us-nyc"];

    /// <summary>Variants (speakers) of training, and of the corpus without commands.</summary>
    public IReadOnlyList<string> TrainVariants { get; init; } = ["m1", "m2", "m3", "m7", "m8", "f1", "f2", "f3", "linda", "steph", "adam", "edward"];

    /// <summary>Variants of validation.</summary>
    public IReadOnlyList<string> ValidationVariants { get; init; } = ["m4", "f5", "david"];

    /// <summary>Variants of the test.</summary>
    public IReadOnlyList<string> TestVariants { get; init; } = ["m5", "m6", "f4", "belinda"];

    /// <summary>The slowest and the fastest speaker, in words a minute.</summary>
    public Limits<int> Speed { get; init; } = (150, 210);

    /// <summary>The lowest and the highest pitch, of espeak-ng's 0 to 99.</summary>
    public Limits<int> Pitch { get; init; } = (25, 75);

    /// <summary>The lowest and the highest signal-to-noise ratio, in dB.</summary>
    public Limits<double> Snr { get; init; } = (10, 30);

    /// <summary>Early reflections of the room; 0 for none.</summary>
    public int Reflections { get; init; } = 6;

    /// <summary>The longest delay of a reflection, in seconds.</summary>
    public double RoomSeconds { get; init; } = 0.06;

    /// <summary>The voices of a split; no voice is in two.</summary>
    /// <exception cref="ArgumentException">A variant is in two splits or twice in one, or the accent takes none.</exception>
    public IReadOnlyList<string> Voices(Split split)
    {
        Check();
        var variants = split switch
        {
            Split.Train => TrainVariants,
            Split.Validation => ValidationVariants,
            Split.Test => TestVariants,
            _ => throw new ArgumentOutOfRangeException(nameof(split), split, "no split"),
        };
        return [.. Accents.SelectMany(accent => variants.Select(variant => $"{accent}+{variant}"))];
    }

    /// <summary>How many utterances a split has.</summary>
    public int Utterances(Split split) => split switch
    {
        Split.Train => TrainUtterances,
        Split.Validation => ValidationUtterances,
        _ => TestUtterances,
    };

    // espeak-ng gives no error for these: it speaks another voice than the one asked for.
    private void Check()
    {
        var all = TrainVariants.Concat(ValidationVariants).Concat(TestVariants).ToArray();
        if (all.GroupBy(v => SameSound.GetValueOrDefault(v, v)).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"the variants {string.Join(" and ", twice)} are one voice: no voice may be in two splits, or twice in one");
        }
        if (TrainVariants.Count == 0 || ValidationVariants.Count == 0 || TestVariants.Count == 0 || Accents.Count == 0 || Accents.Distinct().Count() < Accents.Count)
        {
            throw new ArgumentException("each split needs a variant, and the accents must be different ones");
        }
        if (Accents.FirstOrDefault(a => a is "en-gb" or "en-uk") is { } deaf)
        {
            throw new ArgumentException($"espeak-ng's accent {deaf} takes no variant: its voices all sound the same; \"en\" is the same accent and takes them");
        }
        if (Speed.Lowest > Speed.Highest || Pitch.Lowest > Pitch.Highest || !(Snr.Lowest <= Snr.Highest) || !double.IsFinite(Snr.Lowest) || !double.IsFinite(Snr.Highest)
            || Reflections < 0 || !(RoomSeconds >= 0) || !double.IsFinite(RoomSeconds))
        {
            throw new ArgumentException($"expected limits with the lowest first and a room of no negative size, not speed {Speed}, pitch {Pitch}, ratio {Snr}, {Reflections} reflections within {RoomSeconds} s");
        }
    }

    // Compared sample by sample with espeak-ng 1.51.
    private static readonly Dictionary<string, string> SameSound = new() { ["caleb"] = "klatt", ["klatt6"] = "klatt" };
}
