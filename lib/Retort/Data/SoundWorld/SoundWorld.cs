// The made sound world: scenes of synthesized events, the embedded default where there is no AudioSet. Recipe:
// data/sound-world.json; how each sound is made: TonalSounds, NoisySounds, CreatureSounds. Clips of a split are made once,
// on all cores, into one record file of the cache: a row is (labels given u64 | all labels u64 | 16-bit samples).

using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Retort.Data;

/// <summary>
/// A split of the made sound world, memory-mapped from the cache. Polyphonic scenes with several labels; training labels
/// are partly missing and their classes long-tailed, validation and test are clean and even. A clip is a function of
/// (recipe, settings, split, number): made anew it has the same bits, whatever the number of threads.
/// </summary>
public sealed class SoundWorld : TaggingData, IDisposable
{
    private const string ClipsFile = "clips.records";
    private const int LabelBytes = 16;
    private readonly RecordFile clips;
    private readonly string prefix;

    private SoundWorld(RecordFile clips, SoundWorldSettings settings, Split split, IReadOnlyList<string> classes, string hash)
    {
        this.clips = clips;
        Settings = settings;
        Split = split;
        Classes = classes;
        Hash = hash;
        prefix = split.ToString().ToLowerInvariant();
    }

    /// <summary>What the scenes are like.</summary>
    public SoundWorldSettings Settings { get; }

    /// <summary>Which part this is.</summary>
    public Split Split { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public override int Count => (int)clips.Count;

    /// <summary>SHA-256 of all samples and labels.</summary>
    public override string Hash { get; }

    /// <summary>Opens a split; makes it first where the cache has it not.</summary>
    /// <param name="settings">what the scenes are like; null for the defaults</param>
    /// <param name="split">which part</param>
    /// <exception cref="BadInputException">espeak-ng is missing, the cache cannot be written, or its file is damaged.</exception>
    public static SoundWorld Open(SoundWorldSettings? settings = null, Split split = Split.Train)
    {
        settings ??= new SoundWorldSettings();
        settings.Check();
        var recipe = SoundRecipe.Embedded;
        var key = Hashing.Of("sound world", recipe.Hash, Sounds.Version.ToString(CultureInfo.InvariantCulture), settings.ToJson(split), split.ToString());
        string[] classes = [.. recipe.Classes.Where(c => settings.Speech || c.Sound != SoundRecipe.Speaking).Select(c => c.Name)];
        var folder = Cache.Entry("sound-world", key, into => MakeAll(into, settings, split));
        try
        {
            var clips = RecordFile.Open(Path.Combine(folder, ClipsFile));
            if (clips.RowBytes != LabelBytes + 2 * settings.Samples || clips.Count != settings.Clips(split))
            {
                clips.Dispose();
                throw new BadInputException(folder, "", $"{clips.Count} clips are there, {settings.Clips(split)} were made");
            }
            return new SoundWorld(clips, settings, split, classes, File.ReadAllText(Path.Combine(folder, "hash")).Trim());
        }
        catch (Exception e) when (e is IOException or BadInputException)
        {
            throw new BadInputException(folder, "", $"the made clips are damaged ({e.Message}): remove this folder and they are made again", e);
        }
    }

    /// <summary>One scene, made now and not read from the cache, with its events.</summary>
    public static Scene Scene(SoundWorldSettings settings, Split split, int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        return new SceneMaker(settings, split).Make(number);
    }

    /// <summary>One event alone, to hear and see: 16 kHz, peak 0.5.</summary>
    /// <param name="className">one of the recipe's classes, such as "siren"</param>
    /// <param name="number">which of its variations</param>
    /// <param name="seconds">how long</param>
    /// <param name="split">which split's variations</param>
    /// <exception cref="ArgumentException">There is no such class.</exception>
    public static float[] Event(string className, long number = 0, double seconds = 0.6, Split split = Split.Train)
    {
        if (!(seconds is >= 0.05 and <= 30))
        {
            throw new ArgumentOutOfRangeException(nameof(seconds), seconds, "an event lasts 0.05 to 30 seconds");
        }
        var recipe = SoundRecipe.Embedded;
        var sound = recipe.Classes.FirstOrDefault(c => c.Name == className)
            ?? throw new ArgumentException($"there is no class \"{className}\"; there are {string.Join(", ", recipe.Classes.Select(c => c.Name))}", nameof(className));
        var maker = new SceneMaker(new SoundWorldSettings { Speech = sound.Sound == SoundRecipe.Speaking }, split);
        // Negative numbers: streams that no scene uses.
        var samples = maker.Event(maker.Classes.Select(c => c.Name).ToList().IndexOf(className), -1 - number, Signal.At(seconds));
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] *= 0.5f;
        }
        return samples;
    }

    /// <inheritdoc/>
    public override string Id(int i)
    {
        CheckNumber(i);
        return string.Create(CultureInfo.InvariantCulture, $"{prefix}-{i}");
    }

    /// <inheritdoc/>
    public override float[] Samples(int i)
    {
        CheckNumber(i);
        var row = clips.Row(i)[LabelBytes..];
        var samples = new float[row.Length / 2];
        for (var s = 0; s < samples.Length; s++)
        {
            samples[s] = BinaryPrimitives.ReadInt16LittleEndian(row[(2 * s)..]) / 32768f;
        }
        return samples;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Labels(int i) => Mask(i, 0);

    /// <summary>All classes of the clip, those that training does not see included.</summary>
    public IReadOnlyList<int> AllLabels(int i) => Mask(i, 8);

    /// <inheritdoc/>
    public override TaggingData WithAllLabels() => new Complete(this);

    /// <inheritdoc/>
    public void Dispose() => clips.Dispose();

    private int[] Mask(int i, int at)
    {
        CheckNumber(i);
        var mask = BinaryPrimitives.ReadUInt64LittleEndian(clips.Row(i)[at..]);
        return [.. Enumerable.Range(0, Classes.Count).Where(c => (mask >> c & 1) != 0)];
    }

    internal static void MakeAll(string folder, SoundWorldSettings settings, Split split, int threads = 0)
    {
        var maker = new SceneMaker(settings, split);
        var (count, rowBytes) = (settings.Clips(split), LabelBytes + 2 * settings.Samples);
        var perBlock = Math.Max(1, (16 << 20) / rowBytes);
        var card = JsonSerializer.Serialize(new { kind = "sound world", split = split.ToString(), recipe = SoundRecipe.Embedded.Hash, settings, classes = maker.Classes.Select(c => c.Name) });
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (var writer = RecordFileWriter.Create(Path.Combine(folder, ClipsFile), rowBytes, card, perBlock))
        {
            var rows = new byte[Math.Min(perBlock, 256) * rowBytes];
            for (var first = 0; first < count; first += rows.Length / rowBytes)
            {
                var part = Math.Min(rows.Length / rowBytes, count - first);
                AllCores.For(part, i => Encode(maker.Make(first + i), rows.AsSpan(i * rowBytes, rowBytes)), threads);
                writer.Append(rows.AsSpan(0, part * rowBytes));
                hash.AppendData(rows, 0, part * rowBytes);
            }
        }
        File.WriteAllText(Path.Combine(folder, "hash"), Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant() + "\n");
    }

    private static void Encode(Scene scene, Span<byte> row)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(row, Bits(scene.LabelsGiven));
        BinaryPrimitives.WriteUInt64LittleEndian(row[8..], Bits(scene.Labels));
        var samples = row[LabelBytes..];
        for (var i = 0; i < scene.Samples.Length; i++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(samples[(2 * i)..], (short)Math.Clamp(MathF.Round(scene.Samples[i] * 32768), short.MinValue, short.MaxValue));
        }
    }

    private static ulong Bits(IReadOnlyList<int> labels) => labels.Aggregate(0UL, (mask, label) => mask | 1UL << label);

    private sealed class Complete(SoundWorld world) : TaggingData
    {
        public override IReadOnlyList<string> Classes => world.Classes;

        public override int Count => world.Count;

        public override string Hash { get; } = Hashing.Of("all labels", world.Hash);

        public override string Id(int i) => world.Id(i);

        public override float[] Samples(int i) => world.Samples(i);

        public override IReadOnlyList<int> Labels(int i) => world.AllLabels(i);
    }
}
