namespace Retort.Data;

/// <summary>Settings of <see cref="SyntheticFaces"/>.</summary>
public sealed record SyntheticFacesSettings
{
    /// <summary>What everything is drawn from.</summary>
    public long Seed { get; init; } = 7;

    /// <summary>espeak-ng's voices; each is a speaker with a style of moving the head.</summary>
    public IReadOnlyList<string> Voices { get; init; } = ["en-us+m1", "en-us+f1", "en-us+m3", "en-us+f2", "en-us+m5", "en-us+f4", "en-us+m7", "en-us+m2", "en-us+f3", "en-us+m4"];

    /// <summary>Training clips a speaker.</summary>
    public int TrainClips { get; init; } = 14;

    /// <summary>Validation clips a speaker.</summary>
    public int ValidationClips { get; init; } = 1;

    /// <summary>Test clips a speaker.</summary>
    public int TestClips { get; init; } = 2;

    /// <summary>Video frames of each clip, at 25 a second.</summary>
    public int Frames { get; init; } = 112;

    /// <summary>
    /// How much the lips' and the head's movement depend on the face at rest, which is drawn a clip: without it voice and reference frame
    /// say all that canonical keypoints could. 0: not at all.
    /// </summary>
    public double CanonicalEffect { get; init; } = 0.5;

    /// <summary>
    /// Whether numbers that the face never moves hold a little noise, as an extractor's do. Normalised to variance 1 it is a quarter of the
    /// published targets (17 of 70).
    /// </summary>
    public bool ExtractorNoise { get; init; }

    /// <summary>Clips of a split, of all speakers.</summary>
    public int Clips(Split split) => Voices.Count * (split switch { Split.Train => TrainClips, Split.Validation => ValidationClips, _ => TestClips });
}
