namespace Retort.Data;

/// <summary>
/// A corpus of spoken commands made by espeak-ng: how much, by which voices, and how it sounds. Two records that are equal
/// give the same samples wherever the same espeak-ng is installed.
/// </summary>
public sealed record MadeSpeechSettings
{
    /// <summary>Utterances for training.</summary>
    public int TrainUtterances { get; init; } = 3600;

    /// <summary>Utterances for validation.</summary>
    public int ValidationUtterances { get; init; } = 450;

    /// <summary>Utterances for the test.</summary>
    public int TestUtterances { get; init; } = 900;

    /// <summary>Utterances of the corpus without commands.</summary>
    public int GenericUtterances { get; init; } = 2000;

    /// <summary>The seed of sentences, voices, rooms and noise.</summary>
    public long Seed { get; init; } = 2026;

    /// <summary>Accents of espeak-ng. (Its "en-gb" takes no variant: all of its voices sound the same.)</summary>
    public IReadOnlyList<string> Accents { get; init; } = ["en-us", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-rp", "en-029", "en-us-nyc"];

    /// <summary>Variants (speakers) of training, and of the corpus without commands.</summary>
    public IReadOnlyList<string> TrainVariants { get; init; } = ["m1", "m2", "m3", "m7", "m8", "f1", "f2", "f3", "linda", "steph", "adam", "edward"];

    /// <summary>Variants of validation.</summary>
    public IReadOnlyList<string> ValidationVariants { get; init; } = ["m4", "f5", "david"];

    /// <summary>Variants of the test.</summary>
    public IReadOnlyList<string> TestVariants { get; init; } = ["m5", "m6", "f4", "belinda"];

    /// <summary>The slowest and the fastest speaker, in words a minute.</summary>
    public (int Slowest, int Fastest) Speed { get; init; } = (150, 230);

    /// <summary>The lowest and the highest pitch, of espeak-ng's 0 to 99.</summary>
    public (int Lowest, int Highest) Pitch { get; init; } = (25, 75);

    /// <summary>The lowest and the highest signal-to-noise ratio, in dB.</summary>
    public (double Lowest, double Highest) Snr { get; init; } = (5, 25);

    /// <summary>Early reflections of the room; 0 for none.</summary>
    public int Reflections { get; init; } = 10;

    /// <summary>The longest delay of a reflection, in seconds.</summary>
    public double RoomSeconds { get; init; } = 0.06;

    /// <summary>The voices of a split; no voice is in two.</summary>
    public IReadOnlyList<string> Voices(Split split)
    {
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
}
