using System.Globalization;
using System.Text.Json;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>Which clips of the captioned scenes: no event is in two parts.</summary>
public enum CaptionPart
{
    /// <summary>Clips with one caption.</summary>
    Train,

    /// <summary>Clips without captions.</summary>
    AudioOnly,

    /// <summary>Clips with five captions, by which weights are chosen.</summary>
    Validation,

    /// <summary>Clips with five captions, looked at once a run.</summary>
    Test,
}

/// <summary>What the captioned scenes are like. Ours, not the paper's, which uses AudioCaps and Clotho.</summary>
public sealed record CaptionSceneSettings
{
    /// <summary>Length of a clip in seconds.</summary>
    public double Seconds { get; init; } = 2;

    /// <summary>Probability that a clip has two events and not one.</summary>
    public double TwoEvents { get; init; } = 0.65;

    /// <summary>Probability that an event is loud, and as often faint.</summary>
    public double Attribute { get; init; } = 0.3;

    /// <summary>Peak levels in dB below full scale of faint, plain and loud events; each is drawn within 1 dB of its level.</summary>
    public IReadOnlyList<double> Levels { get; init; } = [-25, -14, -4];

    /// <summary>Root-mean-square levels of the softest and the loudest noise bed, in dB below full scale.</summary>
    public IReadOnlyList<double> Bed { get; init; } = [-55, -42];

    /// <summary>Decides every clip.</summary>
    public long Seed { get; init; } = 2024;
}

/// <summary>One event of a captioned scene as it sounds.</summary>
/// <param name="Class">its class, an index into <see cref="CaptionGrammar.Classes"/></param>
/// <param name="Start">where it begins, in seconds</param>
/// <param name="Seconds">how long it lasts, pauses between its occurrences included</param>
public sealed record CaptionSound(int Class, double Start, double Seconds);

/// <summary>
/// Synthetic scenes with captions: one or two events of the sound world, loud, faint or plain, once, twice or repeatedly, one after
/// another or together. What is true is known, and so is every caption that says it. A clip is a function of (settings, part, number).
/// </summary>
public sealed class CaptionScenes : CaptionData
{
    private readonly SceneMaker maker;
    private readonly int[] sounds;

    /// <param name="part">which clips</param>
    /// <param name="count">how many</param>
    /// <param name="settings">what they are like; null for the defaults</param>
    public CaptionScenes(CaptionPart part, int count, CaptionSceneSettings? settings = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        (Part, Count, Settings) = (part, count, settings ?? new CaptionSceneSettings());
        if (!(Settings.Seconds is >= 1 and <= 30) || Settings.Levels.Count != 3 || Settings.Bed.Count != 2)
        {
            throw new ArgumentException($"caption scenes: {Settings.Seconds} seconds (1 to 30), {Settings.Levels.Count} levels (3), {Settings.Bed.Count} bed levels (2)", nameof(settings));
        }
        // Validation and test events are those of the sound world's splits.
        var split = part switch { CaptionPart.Validation => Split.Validation, CaptionPart.Test => Split.Test, _ => Split.Train };
        maker = new SceneMaker(new SoundWorldSettings { Speech = false, Seed = Settings.Seed + (part == CaptionPart.AudioOnly ? 1 : 0) }, split);
        var names = maker.Classes.Select(c => c.Name).ToList();
        sounds = [.. CaptionGrammar.Classes.Select(c => names.IndexOf(c))];
        Hash = Hashing.Of("caption scenes", CaptionGrammar.Hash, SoundRecipe.Embedded.Hash, Sounds.Version.ToString(CultureInfo.InvariantCulture), JsonSerializer.Serialize(Settings), $"{part}", $"{count}");
    }

    /// <summary>Which clips these are.</summary>
    public CaptionPart Part { get; }

    /// <summary>What they are like.</summary>
    public CaptionSceneSettings Settings { get; }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override string Hash { get; }

    /// <inheritdoc/>
    public override string Id(int i)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)i, (uint)Count);
        return string.Create(CultureInfo.InvariantCulture, $"{Part.ToString().ToLowerInvariant()}-{i}");
    }

    /// <inheritdoc/>
    public override float[] Samples(int i) => Scene(i).Samples;

    /// <summary>One caption of a training clip, five of a validation or test clip, none of a clip without.</summary>
    public override IReadOnlyList<string> Captions(int i)
    {
        var random = Random("captions", i);
        return Part switch
        {
            CaptionPart.Train => [CaptionGrammar.Say(Truth(i), random.Next(5), random)],
            CaptionPart.AudioOnly => [],
            _ => CaptionGrammar.Paraphrases(Truth(i), random),
        };
    }

    /// <summary>What is true of a clip. Of a clip without captions too; training does not see it.</summary>
    public CaptionTruth Truth(int i)
    {
        _ = Id(i);
        var random = Random("truth", i);
        var classes = random.Permutation(CaptionGrammar.Classes.Count);
        var count = random.Chance(Settings.TwoEvents) ? 2 : 1;
        var events = Enumerable.Range(0, count).Select(k =>
        {
            var u = random.NextDouble();
            var loudness = u < Settings.Attribute ? Loudness.Loud : u < 2 * Settings.Attribute ? Loudness.Faint : Loudness.Plain;
            return new CaptionEvent(classes[k], loudness, CaptionGrammar.IsCounted(classes[k]) ? (Times)(1 + random.Next(3)) : Times.Plain);
        }).ToArray();
        return new CaptionTruth(events, random.Chance(0.5) ? Relation.Then : Relation.While);
    }

    /// <summary>A clip's samples and where its events lie.</summary>
    public (float[] Samples, IReadOnlyList<CaptionSound> Sounds) Scene(int i)
    {
        var truth = Truth(i);
        var random = Random("scene", i);
        var samples = new float[Signal.At(Settings.Seconds)];
        Signal.AddNoise(samples, random, Signal.Gain(random.Uniform(Settings.Bed[0], Settings.Bed[1])) * Math.Sqrt(3));
        var placed = new List<CaptionSound>();
        var whole = Settings.Seconds;
        for (var k = 0; k < truth.Events.Count; k++)
        {
            var (from, to) = truth.Events.Count == 1 || truth.Relation == Relation.While ? (0.1 * whole, 0.9 * whole)
                : k == 0 ? (0.02 * whole, 0.47 * whole) : (0.53 * whole, 0.98 * whole);
            placed.Add(Place(samples, truth.Events[k], from, to, i * 64L + k * 8, random));
        }
        var peak = Signal.Peak(samples);
        if (peak > 0.99f)
        {
            for (var s = 0; s < samples.Length; s++)
            {
                samples[s] *= 0.99f / peak;
            }
        }
        return (samples, placed);
    }

    private CaptionSound Place(float[] into, CaptionEvent e, double from, double to, long number, RandomStream random)
    {
        var room = to - from;
        var occurrences = e.Times switch { Times.Twice => 2, Times.Repeatedly => 4, _ => 1 };
        // Lasting sounds fill most of their room; counted ones are short, with pauses that can be heard.
        var (length, pause) = e.Times == Times.Plain ? (room * random.Uniform(0.7, 1), 0.0)
            : occurrences == 4 ? (0.16, 0.06) : (random.Uniform(0.22, 0.3), random.Uniform(0.12, 0.2));
        var total = occurrences * length + (occurrences - 1) * pause;
        var start = from + Math.Max(0, room - total) * random.NextDouble();
        var gain = Signal.Gain(Settings.Levels[e.Loudness switch { Loudness.Faint => 0, Loudness.Plain => 1, _ => 2 }] + random.Uniform(-1, 1));
        for (var o = 0; o < occurrences; o++)
        {
            // Repetitions are of one source: the same draw each time.
            var sound = maker.Event(sounds[e.Class], number, Signal.At(length));
            var at = Signal.At(start + o * (length + pause));
            for (var s = 0; s < sound.Length && at + s < into.Length; s++)
            {
                into[at + s] += gain * sound[s];
            }
        }
        return new CaptionSound(e.Class, start, total);
    }

    private RandomStream Random(string purpose, int i) => RandomStream.Of(Settings.Seed, $"caption scenes/{Part}/{purpose}", "", i);
}
