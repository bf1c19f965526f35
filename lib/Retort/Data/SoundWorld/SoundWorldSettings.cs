using System.Text.Json;

namespace Retort.Data;

/// <summary>
/// What the scenes of the made sound world are like. Label noise and numbers of sounds are those of a trial in which the
/// orderings of CED's ablations showed at small scale; levels are a little kinder, as the classes here are harder to tell
/// apart. They are ours, not the paper's, which uses AudioSet.
/// </summary>
public sealed record SoundWorldSettings
{
    /// <summary>Length of a clip in seconds, 0.1 to 30.</summary>
    public double Seconds { get; init; } = 1;

    /// <summary>Fewest classes of a clip.</summary>
    public int FewestClasses { get; init; } = 1;

    /// <summary>Most classes of a clip.</summary>
    public int MostClasses { get; init; } = 3;

    /// <summary>Length of the shortest event in seconds.</summary>
    public double ShortestEvent { get; init; } = 0.3;

    /// <summary>Length of the longest event in seconds.</summary>
    public double LongestEvent { get; init; } = 0.7;

    /// <summary>Peak level of the softest event, dB below full scale.</summary>
    public double SoftestEvent { get; init; } = -18;

    /// <summary>Peak level of the loudest event, dB below full scale.</summary>
    public double LoudestEvent { get; init; } = -6;

    /// <summary>Root-mean-square level of the softest noise bed under a clip, dB below full scale.</summary>
    public double SoftestBed { get; init; } = -50;

    /// <summary>Root-mean-square level of the loudest noise bed under a clip, dB below full scale.</summary>
    public double LoudestBed { get; init; } = -36;

    /// <summary>
    /// How uneven the classes of the training clips are: the class of rank r is drawn with weight r to the power of minus
    /// this. 0 draws all classes alike, as validation and test always do.
    /// </summary>
    public double LongTail { get; init; } = 0.4;

    /// <summary>Probability that a training label is missing; at least one label of a clip is kept. Validation and test miss none.</summary>
    public double MissingLabels { get; init; } = 0.3;

    /// <summary>Number of training clips.</summary>
    public int TrainClips { get; init; } = 6000;

    /// <summary>Number of validation clips.</summary>
    public int ValidationClips { get; init; } = 1000;

    /// <summary>Number of test clips.</summary>
    public int TestClips { get; init; } = 1000;

    /// <summary>Decides every clip.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>False leaves the class "speech" out, and with it the need for espeak-ng.</summary>
    public bool Speech { get; init; } = true;

    /// <summary>Clips of half a second, with shorter events.</summary>
    public static SoundWorldSettings HalfSecond { get; } = new() { Seconds = 0.5, ShortestEvent = 0.2, LongestEvent = 0.45 };

    /// <summary>Scenes of ten seconds, as long as AudioSet's, with more and longer events.</summary>
    public static SoundWorldSettings TenSeconds { get; } = new() { Seconds = 10, MostClasses = 5, ShortestEvent = 0.5, LongestEvent = 4 };

    /// <summary>Number of clips of a split.</summary>
    public int Clips(Split split) => split switch
    {
        Split.Train => TrainClips,
        Split.Validation => ValidationClips,
        Split.Test => TestClips,
        _ => throw new ArgumentOutOfRangeException(nameof(split)),
    };

    /// <summary>Samples of a clip at 16 kHz.</summary>
    public int Samples => (int)Math.Round(Seconds * 16_000);

    /// <summary>The settings that decide a split's clips, as JSON: the others' numbers of clips are left out.</summary>
    internal string ToJson(Split split) => JsonSerializer.Serialize(this with
    {
        TrainClips = split == Split.Train ? TrainClips : 0,
        ValidationClips = split == Split.Validation ? ValidationClips : 0,
        TestClips = split == Split.Test ? TestClips : 0,
    });

    internal void Check()
    {
        static void Require(bool holds, string what)
        {
            if (!holds)
            {
                throw new ArgumentException($"sound world settings: {what}");
            }
        }
        Require(Seconds is >= 0.1 and <= 30, "a clip lasts 0.1 to 30 seconds");
        Require(FewestClasses >= 1 && MostClasses >= FewestClasses && MostClasses <= 16, "a clip has 1 to 16 classes, the fewest at most the most");
        Require(ShortestEvent >= 0.05 && LongestEvent >= ShortestEvent && LongestEvent <= Seconds, "events last 0.05 seconds or more and at most the clip, the shortest at most the longest");
        Require(LoudestEvent >= SoftestEvent && LoudestEvent <= 0 && LoudestBed >= SoftestBed && LoudestBed <= 0, "levels are at most 0 dB, the softest at most the loudest");
        Require(LongTail is >= 0 and <= 5 && MissingLabels is >= 0 and <= 1, "the long tail lies between 0 and 5, the share of missing labels between 0 and 1");
        Require(TrainClips >= 0 && ValidationClips >= 0 && TestClips >= 0, "a number of clips is at least 0");
    }
}
