using Retort.Audio;
using Retort.Data;
using Retort.Metrics;
using Retort.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>Takes over the clips of a CED experiment, and holds the spectrograms of those that are only ever seen unchanged.</summary>
public sealed class CedData : IDisposable
{
    private const int EvaluationBatch = 100;
    private readonly List<Tensor> kept = [];
    private readonly IEnumerable<Tensor> validation, test;
    private readonly bool keep;

    /// <param name="train">training clips, labels as training may see them; the students' clips come first</param>
    /// <param name="validationClips">clips by which weights are chosen, with all labels</param>
    /// <param name="testClips">clips of the test, with all labels</param>
    /// <param name="frontEnd">waves to spectrograms</param>
    /// <param name="device">where models are; null for the CPU</param>
    /// <param name="keep">whether the spectrograms of validation and test clips stay in memory; false reads the clips each time</param>
    public CedData(TaggingData train, TaggingData validationClips, TaggingData testClips, MelFrontEnd frontEnd, Device? device = null, bool keep = true)
    {
        (Train, Validation, Test, FrontEnd, Device) = (train, validationClips, testClips, frontEnd, device ?? CPU);
        this.keep = keep;
        validation = keep ? Keep(validationClips) : Batches(validationClips);
        test = keep ? Keep(testClips) : Batches(testClips);
    }

    /// <summary>The data of the settings' made sound world.</summary>
    public static CedData Synthetic(CedSettings settings)
    {
        var world = settings.World with { TrainClips = settings.TeacherClips, ValidationClips = settings.ValidationClips, TestClips = settings.TestClips };
        return new CedData(SoundWorld.Open(world, Split.Train), SoundWorld.Open(world, Split.Validation), SoundWorld.Open(world, Split.Test), new MelFrontEnd(settings.Student.Mel));
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

    /// <summary>Macro mAP of a model on the validation clips.</summary>
    public double ValidationMap(AudioTransformer model) => Map(Score(model, validation), Validation);

    /// <summary>The model's scores (clips x classes, row by row) of the test clips.</summary>
    public float[] TestScores(AudioTransformer model) => Score(model, test);

    /// <summary>Macro mAP of scores of the test clips.</summary>
    public double TestMap(float[] scores) => Map(scores, Test);

    /// <summary>Scores of the test clips by a function of the spectrograms, such as an ensemble's.</summary>
    public float[] TestScores(Func<Tensor, Tensor> score) => Score(score, test);

    /// <summary>Macro mAP on the validation clips by a function of the spectrograms.</summary>
    public double ValidationMap(Func<Tensor, Tensor> score) => Map(Score(score, validation), Validation);

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
    }

    private static double Map(float[] scores, TaggingData data) =>
        AveragePrecision.Macro(ScoredItems.Of(scores, [.. Enumerable.Range(0, data.Count).Select(data.Labels)], data.Classes.Count)).Mean;

    private float[] Score(AudioTransformer model, IEnumerable<Tensor> batches)
    {
        model.eval();
        return Score(model.ForwardMel, batches);
    }

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
        for (var first = 0; first < data.Count; first += EvaluationBatch)
        {
            yield return source.Clean([.. Enumerable.Range(first, Math.Min(EvaluationBatch, data.Count - first))]);
        }
    }
}
