using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Retort.Audio;
using Retort.Data;
using Retort.Metrics;
using Retort.Models;
using Retort.Plots;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>
/// The clips of a CED experiment, and how models are measured on them. Spectrograms of clips that are only ever seen
/// unchanged are kept where they fit in memory.
/// </summary>
public sealed class CedData : IResultKey, IDisposable
{
    private const int Together = 100;
    private readonly List<Tensor> kept = [];
    private readonly IEnumerable<Tensor> validation, test;
    private readonly bool keep;
    private readonly ConcurrentDictionary<(string, string), ViewSource> views = new();
    private readonly ConditionalWeakTable<RunOutputs, ScoredItems> scored = [];
    private readonly Lazy<int[]> lengths;

    /// <summary>Takes over the clips; whoever disposes of this disposes of them.</summary>
    /// <param name="train">training clips, labels as training may see them; the students' clips come first</param>
    /// <param name="validationClips">clips by which weights are chosen</param>
    /// <param name="testClips">clips of the test</param>
    /// <param name="frontEnd">waves to spectrograms; null for the published one</param>
    /// <param name="device">where models are; null for the CPU</param>
    /// <param name="keep">whether the spectrograms of validation and test clips stay in memory; false reads the clips each time</param>
    /// <exception cref="BadInputException">The parts' classes differ, or stand in another order, or a part is empty.</exception>
    public CedData(TaggingData train, TaggingData validationClips, TaggingData testClips, MelFrontEnd? frontEnd = null, Device? device = null, bool keep = true)
    {
        foreach (var (name, part) in new[] { ("training clips", train), ("validation clips", validationClips), ("test clips", testClips) })
        {
            if (part.Count == 0)
            {
                throw new BadInputException(name, "", "there are none");
            }
            part.RequireClasses(train.Classes, name, "the training clips'");
        }
        (Train, Validation, Test, Device, this.keep) = (train, validationClips, testClips, device ?? CPU, keep);
        FrontEnd = frontEnd ?? new MelFrontEnd();
        FrontEnd.to(Device);
        validation = keep ? Keep(validationClips) : Batches(validationClips);
        test = keep ? Keep(testClips) : Batches(testClips);
        lengths = new(() => SampledLengths(Train));
    }

    /// <summary>Scenes of the synthetic sound world, made on first use: training clips lack some labels, the others none.</summary>
    public static CedData Synthetic(SoundWorldSettings world, MelFrontEnd? frontEnd = null) =>
        new(SoundWorld.Open(world, Split.Train), SoundWorld.Open(world, Split.Validation), SoundWorld.Open(world, Split.Test), frontEnd);

    /// <summary>
    /// One list of clips, such as a <see cref="CsvFolder"/>, divided at random so that each part has its share of each label,
    /// and decoded once into the cache.
    /// </summary>
    /// <param name="clips">the clips</param>
    /// <param name="validationShare">share of the clips by which weights are chosen</param>
    /// <param name="testShare">share of the clips held out for the test</param>
    /// <param name="seed">decides the division</param>
    /// <param name="frontEnd">waves to spectrograms; null for the published one</param>
    /// <param name="device">where models are; null for the CPU</param>
    public static CedData Divide(TaggingData clips, double validationShare = 0.1, double testShare = 0.2, long seed = 1, MelFrontEnd? frontEnd = null, Device? device = null)
    {
        var parts = DecodedClips.Of(clips).Divide(seed, 1 - validationShare - testShare, validationShare, testShare);
        return new CedData(parts[0], parts[1], parts[2], frontEnd, device);
    }

    /// <summary>Training clips.</summary>
    public TaggingData Train { get; }

    /// <summary>Validation clips.</summary>
    public TaggingData Validation { get; }

    /// <summary>Test clips.</summary>
    public TaggingData Test { get; }

    /// <summary>Waves to spectrograms.</summary>
    public MelFrontEnd FrontEnd { get; }

    /// <summary>Where models are.</summary>
    public Device Device { get; }

    /// <summary>Number of classes.</summary>
    public int Classes => Train.Classes.Count;

    /// <summary>Frames of a typical clip: of the median length of up to 200 training clips.</summary>
    public int TypicalFrames => FrontEnd.Settings.Frames(lengths.Value[lengths.Value.Length / 2]);

    /// <summary>The paper's views with the time mask as long for these clips as it is for 10 s: less than 19.2 % of the frames.</summary>
    public ViewSettings DefaultViews => new() { TimeMask = Math.Max((int)Math.Round(0.192 * TypicalFrames), 1) };

    /// <summary>
    /// Views for sounds that have a beginning and an end, such as words: shifted by a tenth of the clip at most, masks of less than a tenth of the frames and an
    /// eighth of the mel bins. Half-turned words and the paper's wide masks cost most of what a small model learns of them (chosen on validation clips of synthetic spoken digits).
    /// </summary>
    public ViewSettings LightViews => new()
    {
        MaximumShift = 0.1,
        TimeMask = Math.Max((int)Math.Round(0.096 * TypicalFrames), 1),
        FrequencyMask = Math.Max(FrontEnd.Settings.Mels / 8, 1),
    };

    /// <summary>
    /// A model to begin with on two cores: four blocks of width 64, 0.2 million parameters. Nearly all clips are seen whole, and shorter ones
    /// continued with silence; of clips under a second in patches of half the published side, as they would have next to no patches else.
    /// </summary>
    public AudioTransformerSettings SmallModel => new()
    {
        Width = 64,
        Depth = 4,
        Heads = 2,
        Classes = Classes,
        Patch = TypicalFrames < 100 ? 8 : 16,
        TargetFrames = Math.Max(Math.Min(FrontEnd.Settings.Frames(lengths.Value[^1]), 3 * TypicalFrames), 32),
        PadShort = true,
        Mel = FrontEnd.Settings,
    };

    /// <inheritdoc/>
    public string ResultKey => string.Join('|', Train.Hash, Validation.Hash, Test.Hash, FrontEnd.Settings.Identity);

    /// <summary>Clips of a number of seconds and labels, by part: one row a part.</summary>
    public Table Table()
    {
        var table = new Table("part", "clips", "hours", "labels a clip", "rarest class", "commonest class")
            .WithFormat("clips", "N0").WithFormat("hours", "F2").WithFormat("labels a clip", "F2");
        foreach (var (name, data) in new[] { ("training", Train), ("validation", Validation), ("test", Test) })
        {
            var counts = new int[Classes];
            double seconds = 0;
            for (var i = 0; i < data.Count; i++)
            {
                seconds += data.Samples(i).Length / (double)FrontEnd.Settings.SampleRate;
                foreach (var label in data.Labels(i))
                {
                    counts[label]++;
                }
            }
            string Class(int count) => $"{data.Classes[Array.IndexOf(counts, count)]} ({count})";
            table = table.WithRow(name, data.Count, seconds / 3600, (double)counts.Sum() / data.Count, Class(counts.Min()), Class(counts.Max()));
        }
        return table;
    }

    /// <summary>Views of clips, whose spectrograms are kept in memory; those of the same clips and settings are made once.</summary>
    /// <param name="clips">the clips</param>
    /// <param name="settings">what a view may undergo; null for <see cref="DefaultViews"/></param>
    /// <param name="keep">false to make each view anew, where there are too many to keep</param>
    /// <exception cref="BadInputException">The time mask may cover more than half of a typical clip.</exception>
    public ViewSource Views(TaggingData clips, ViewSettings? settings = null, bool keep = true)
    {
        settings ??= DefaultViews;
        var frames = FrontEnd.Settings.Frames(TypicalSamples(clips));
        // Released scores were made with the mask they were made with, whatever the clips' length.
        return settings.TimeMask > frames / 2 && settings.Algorithm != ViewAlgorithm.Upstream
            ? throw new BadInputException("view settings", "TimeMask", $"a mask of up to {settings.TimeMask} frames on clips of {frames} frames leaves little to hear; " +
                $"expected at most {frames / 2}: CedData.DefaultViews follows the clips' length")
            : keep ? views.GetOrAdd((clips.Hash, settings.Identity), _ => new ViewSource(clips, settings, FrontEnd, keep: true, Device))
            : new ViewSource(clips, settings, FrontEnd, device: Device);
    }

    /// <summary>Macro mAP of a model on the validation clips, 0 to 1.</summary>
    public double ValidationMap(AudioTransformer model) => ValidationMap(Logits(model));

    /// <summary>Macro mAP on the validation clips by a function of the spectrograms, such as an ensemble's, 0 to 1.</summary>
    public double ValidationMap(Func<Tensor, Tensor> score) => Map(Score(score, validation), Validation);

    /// <summary>What training is watched and its weights chosen by: macro mAP, 0 to 1, and binary cross-entropy against the labels, mean over clips and classes.</summary>
    /// <param name="model">its outputs are logits</param>
    internal Dictionary<string, double> Evaluate(AudioTransformer model)
    {
        var logits = Score(Logits(model), validation);
        var labels = new float[logits.Length];
        for (var i = 0; i < Validation.Count; i++)
        {
            Validation.MultiHot(i, labels.AsSpan(i * Classes, Classes));
        }
        // -[y log s(z) + (1 - y) log(1 - s(z))], without overflow.
        var loss = logits.Zip(labels, (z, y) => Math.Max(z, 0) - z * y + Math.Log(1 + Math.Exp(-Math.Abs(z)))).Average();
        return new() { ["mAP"] = Map(logits, Validation), [CedStudent.ValidationLoss] = loss };
    }

    /// <summary>Outputs (clips x classes, row by row) of the validation clips by a function of the spectrograms, such as to choose a threshold by.</summary>
    public float[] ValidationScores(Func<Tensor, Tensor> score) => Score(score, validation);

    /// <summary>The model's outputs (clips x classes, row by row) of the test clips.</summary>
    public float[] TestScores(AudioTransformer model) => Score(Logits(model), test);

    /// <summary>Outputs of the test clips by a function of the spectrograms, such as an ensemble's.</summary>
    public float[] TestScores(Func<Tensor, Tensor> score) => Score(score, test);

    /// <summary>Share of the test clips, 0 to 1, whose best score is that of one of their labels.</summary>
    public double Accuracy(AudioTransformer model) => RightOf(TestScores(model)).Average(right => right ? 1.0 : 0.0);

    /// <summary>Macro mAP of scores of the test clips, 0 to 1.</summary>
    public double TestMap(float[] scores) => Map(scores, Test);

    /// <summary>Macro mAP of a run's outputs "scores" on the test clips, in percent.</summary>
    public Measure MapMeasure => new("test mAP", Test.Count, (outputs, weights) =>
        100 * (weights is null ? AveragePrecision.Macro(Items(outputs)).Mean : AveragePrecision.MacroOfMany(Items(outputs), [weights])[0]))
    {
        OfMany = (outputs, weights) => Array.ConvertAll(AveragePrecision.MacroOfMany(Items(outputs), weights), map => 100 * map),
    };

    /// <summary>Share of the test clips whose best score is that of one of their labels, in percent: for clips of one label each.</summary>
    public Measure AccuracyMeasure => new("accuracy", Test.Count, (outputs, weights) =>
    {
        var right = RightOf(outputs["scores"]);
        double sum = 0, all = 0;
        for (var i = 0; i < right.Length; i++)
        {
            var weight = weights?[i] ?? 1;
            sum += right[i] ? weight : 0;
            all += weight;
        }
        return 100 * sum / all;
    });

    /// <summary>Which test clips' best score is that of one of their labels.</summary>
    /// <param name="scores">clips x classes, row by row</param>
    public bool[] RightOf(float[] scores) => [.. Enumerable.Range(0, Test.Count)
        .Select(i => Test.Labels(i).Contains(Enumerable.Range(0, Classes).MaxBy(c => scores[i * Classes + c])))];

    /// <summary>A run's outputs "scores" beside the test clips' labels.</summary>
    public ScoredItems Items(RunOutputs outputs) => scored.GetValue(outputs, o => Items(o["scores"], Test));

    /// <summary>Zeros and ones of clips' labels: (B, Classes).</summary>
    public static Tensor MultiHot(TaggingData data, ReadOnlySpan<int> clips, Device? device = null)
    {
        var classes = data.Classes.Count;
        var targets = new float[clips.Length * classes];
        for (var b = 0; b < clips.Length; b++)
        {
            data.MultiHot(clips[b], targets.AsSpan(b * classes, classes));
        }
        return tensor(targets, [clips.Length, classes], device: device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var clips in new[] { Train, Validation, Test })
        {
            (clips as IDisposable)?.Dispose();
        }
        foreach (var batch in kept)
        {
            batch.Dispose();
        }
        kept.Clear();
        views.Clear();
    }

    internal static int TypicalSamples(TaggingData data)
    {
        var sampled = SampledLengths(data);
        return sampled[sampled.Length / 2];
    }

    // In samples, of up to 200 clips, ascending.
    private static int[] SampledLengths(TaggingData data)
    {
        var count = Math.Min(data.Count, 200);
        return [.. Enumerable.Range(0, count).Select(i => data.Samples((int)((long)i * data.Count / count)).Length).Order()];
    }

    private static Func<Tensor, Tensor> Logits(AudioTransformer model)
    {
        model.eval();
        return model.ForwardMel;
    }

    private static double Map(float[] scores, TaggingData data) => AveragePrecision.Macro(Items(scores, data)).Mean;

    private static ScoredItems Items(float[] scores, TaggingData data) =>
        ScoredItems.Of(scores, [.. Enumerable.Range(0, data.Count).Select(data.Labels)], data.Classes.Count);

    private float[] Score(Func<Tensor, Tensor> score, IEnumerable<Tensor> batches)
    {
        using var none = no_grad();
        var scores = new List<float>();
        foreach (var batch in batches)
        {
            using var scope = NewDisposeScope();
            scores.AddRange(score(batch).to(float32).cpu().contiguous().data<float>().ToArray());
            if (!keep)
            {
                batch.Dispose();
            }
        }
        return [.. scores];
    }

    private List<Tensor> Keep(TaggingData data)
    {
        var batches = Batches(data).Select(batch => batch.DetachFromDisposeScope()).ToList();
        kept.AddRange(batches);
        return batches;
    }

    // Made one at a time; whoever asks for a batch disposes of it.
    private IEnumerable<Tensor> Batches(TaggingData data)
    {
        var source = new ViewSource(data, ViewSettings.Clean, FrontEnd, device: Device);
        for (var first = 0; first < data.Count; first += Together)
        {
            yield return source.Clean([.. Enumerable.Range(first, Math.Min(Together, data.Count - first))]);
        }
    }
}
