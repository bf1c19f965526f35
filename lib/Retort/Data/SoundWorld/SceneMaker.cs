using System.Globalization;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// Makes the scenes of a split. A scene depends on (recipe, settings, split, index) and on nothing else: each event, the
/// bed and the missing labels have streams of their own, named by the split, so that no event is in two splits.
/// </summary>
internal sealed class SceneMaker
{
    private readonly SoundWorldSettings settings;
    private readonly Split split;
    private readonly double[] weights;
    private readonly SpeechBank? speech;

    public SceneMaker(SoundWorldSettings settings, Split split, SoundRecipe? recipe = null)
    {
        settings.Check();
        recipe ??= SoundRecipe.Embedded;
        this.settings = settings;
        this.split = split;
        Classes = [.. recipe.Classes.Where(c => settings.Speech || c.Sound != SoundRecipe.Speaking)];
        if (settings.MostClasses > Classes.Count || Classes.Count > 64)
        {
            throw new ArgumentException($"sound world settings: {settings.MostClasses} classes in a clip, {Classes.Count} in all; at most 64");
        }
        var rank = RandomStream.Of(settings.Seed, "class ranks").Permutation(Classes.Count);
        weights = [.. rank.Select(r => split == Split.Train ? Math.Pow(r + 1, -settings.LongTail) : 1)];
        speech = Classes.Any(c => c.Sound == SoundRecipe.Speaking) ? SpeechBank.Of(recipe, split) : null;
    }

    public IReadOnlyList<SoundClass> Classes { get; }

    public Scene Make(int index)
    {
        var draw = RandomStream.Of(settings.Seed, $"scene/{split}", "", index);
        var clip = Bed(draw);
        var labels = PickClasses(draw);
        var events = new List<SceneEvent>();
        var number = 0;
        foreach (var what in labels)
        {
            // Once in short clips; in long ones now and then again.
            var times = 1 + draw.Next(Math.Max(1, (int)Math.Round(settings.Seconds / 3)));
            for (var time = 0; time < times; time++, number++)
            {
                var length = Signal.At(draw.Uniform(settings.ShortestEvent, settings.LongestEvent));
                var start = draw.Next(Math.Max(1, clip.Length - length + 1));
                length = Math.Min(length, clip.Length - start);
                var level = draw.Uniform(settings.SoftestEvent, settings.LoudestEvent);
                Add(Event(what, index * 1024L + number, length), Signal.Gain(level), clip.AsSpan(start));
                events.Add(new SceneEvent(what, (double)start / Signal.Rate, (double)length / Signal.Rate, level));
            }
        }
        var peak = Signal.Peak(clip);
        if (peak > 0.99f)
        {
            Add(clip, 0.99f / peak - 1, clip);
        }
        int[] sorted = [.. labels.Order()];
        var given = split == Split.Train
            ? MissingLabels.Drop(sorted, settings.MissingLabels, RandomStream.Of(settings.Seed, "missing labels/scene", "", index))
            : sorted;
        return new Scene(clip, events, sorted, given);
    }

    /// <summary>One event alone, peak 1.</summary>
    public float[] Event(int what, long number, int samples)
    {
        var sound = Classes[what];
        var draw = RandomStream.Of(settings.Seed, $"event/{split}", sound.Name, number);
        var x = new float[samples];
        if (sound.Sound == SoundRecipe.Speaking)
        {
            speech!.Say(x, draw);
        }
        else
        {
            Sounds.Makers[sound.Sound](x, new EventDraw(draw, sound));
        }
        Signal.Ramp(x, 0.002, 0.01);
        var peak = Signal.Peak(x);
        if (!(peak > 1e-6f) || !float.IsFinite(peak))
        {
            throw new BadInputException(SoundRecipe.FileName, $"class \"{sound.Name}\"", string.Create(CultureInfo.InvariantCulture, $"event {number} of {split} has the peak {peak}: the ranges make no sound"));
        }
        Add(x, 1 / peak - 1, x);
        return x;
    }

    private float[] Bed(RandomStream draw)
    {
        var bed = new float[settings.Samples];
        Signal.AddNoise(bed, draw, 1);
        // Between white and strongly low-pass: backgrounds differ in colour as well as in level.
        var color = (float)(0.9 * draw.NextDouble());
        float last = 0, sum = 0;
        for (var i = 0; i < bed.Length; i++)
        {
            last = (1 - color) * bed[i] + color * last;
            bed[i] = last;
            sum += last * last;
        }
        var gain = Signal.Gain(draw.Uniform(settings.SoftestBed, settings.LoudestBed)) / MathF.Sqrt(sum / bed.Length);
        Add(bed, gain - 1, bed);
        return bed;
    }

    private int[] PickClasses(RandomStream draw)
    {
        var left = (double[])weights.Clone();
        var picked = new int[draw.Next(settings.FewestClasses, settings.MostClasses + 1)];
        for (var i = 0; i < picked.Length; i++)
        {
            var at = draw.NextDouble() * left.Sum();
            var c = 0;
            while (c < left.Length - 1 && (left[c] == 0 || at >= left[c]))
            {
                at -= left[c++];
            }
            // Rounding may run past the last class that is left.
            while (left[c] == 0)
            {
                c--;
            }
            (picked[i], left[c]) = (c, 0);
        }
        return picked;
    }

    private static void Add(ReadOnlySpan<float> from, float gain, Span<float> into)
    {
        for (var i = 0; i < from.Length; i++)
        {
            into[i] += gain * from[i];
        }
    }
}
