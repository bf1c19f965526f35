using Retort.Audio;
using Retort.Data;
using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>Trains one student of CED on stored scores, or on labels where the arm asks for them.</summary>
public static class CedStudent
{
    /// <summary>Trains a student of an arm.</summary>
    /// <param name="settings">the experiment</param>
    /// <param name="arm">what is changed</param>
    /// <param name="data">clips for validation and test</param>
    /// <param name="stage">the arm's clips, their views and their stored scores</param>
    /// <param name="seed">decides start, order and mixup</param>
    /// <param name="start">weights to start from, instead of fresh ones; null for fresh ones</param>
    /// <param name="folder">where the run is kept and resumed; null to keep nothing</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it</param>
    public static (AudioTransformer Model, TrainResult Result) Train(
        CedSettings settings, CedArm arm, CedData data, CedStage stage, long seed, Action<AudioTransformer>? start = null,
        string? folder = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        var training = arm.Mixup == 0 ? settings.StudentTraining : settings.StudentTraining with { Mixup = arm.Mixup };
        training = arm.Mixed ? training with { Mixed = true } : training;
        var model = new AudioTransformer(Model(settings, arm, data.Classes), seed);
        start?.Invoke(model);
        model.to(data.Device);
        var order = new SampleOrder(stage.Clips.Count, seed);
        // Files are read and decoded ahead of the step that needs them.
        var ahead = stage.Source.Keeps ? null
            : new Prefetch<float[][]>(step => stage.Source.Read(order.Batch(step, training.Batch).Samples), training.Steps, Environment.ProcessorCount);
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => order.Batch(step, training.Batch).Samples,
            Rate = Schedule.Ced(training.LearningRate, training.WarmUp, training.Steps),
            Step = context => Loss(arm, training, data.Device, stage, model, seed, order.Batch(context.Step, training.Batch).Epoch, context.Batch, ahead?[context.Step]),
            Evaluate = () => new Dictionary<string, double> { ["mAP"] = data.ValidationMap(model) },
            Settings = new { Student = model.Settings, settings.Views, Arm = arm, Data = stage.Clips.Hash, Validation = data.Validation.Hash },
        }, Loop(training, seed), folder, progress, cancel);
        return (model, result);
    }

    /// <summary>
    /// The arm's model: one head for each whole 32 of width where another width than the settings' is asked for. Of a student
    /// of half clips no time position is seen at the test that it was not trained on: it looks at the test clips by halves.
    /// </summary>
    public static AudioTransformerSettings Model(CedSettings settings, CedArm arm, int classes)
    {
        var model = settings.Student with { Classes = classes };
        if (arm.HalfClips)
        {
            model = model with { TargetFrames = model.Mel.Frames(settings.World.Samples / 2) };
        }
        return arm.Width == 0 ? model : model with { Width = arm.Width, Heads = Math.Max(arm.Width / 32, 1) };
    }

    /// <summary>The seeds of clips' views of a number: <see cref="View.SeedOf"/> of each.</summary>
    public static uint[] Seeds(TaggingData data, ReadOnlySpan<int> clips, long seed, long view)
    {
        var seeds = new uint[clips.Length];
        for (var b = 0; b < seeds.Length; b++)
        {
            seeds[b] = (uint)View.SeedOf(seed, data.Id(clips[b]), view);
        }
        return seeds;
    }

    internal static TrainSettings Loop(CedTraining training, long seed) => new()
    {
        Seed = seed,
        Steps = training.Steps,
        EvaluateEvery = training.EvaluateEvery,
        KeepBest = training.KeepBest,
        Patience = training.Patience,
        Mixed = training.Mixed,
        LogEvery = Math.Max(training.EvaluateEvery / 10, 1),
    };

    private static Tensor Loss(CedArm arm, CedTraining training, Device device, CedStage stage, AudioTransformer model, long seed, long epoch, int[] batch, float[][]? read)
    {
        var views = arm.Views == 0 ? stage.Views : arm.Views;
        var view = (int)(epoch % views);
        var (mel, targets) = arm.Target switch
        {
            CedTarget.Consistent => (View(), Stored(stage.Scores, view)),
            CedTarget.CleanTeacher => (View(), Stored(stage.CleanScores, 0)),
            CedTarget.FreshMasks => (stage.MaskOnly.Mel(batch, Seeds(stage.Clips, batch, ~seed, epoch)), Stored(stage.Scores, view)),
            CedTarget.Labels => (View(), CedData.MultiHot(stage.Clips, batch, device)),
            CedTarget.LabelsClean => (stage.Source.Clean(batch), CedData.MultiHot(stage.Clips, batch, device)),
            CedTarget.TeacherClean => (stage.Source.Clean(batch), Stored(stage.CleanScores, 0)),
            _ => throw new ArgumentOutOfRangeException(nameof(arm), arm.Target, "not a target"),
        };
        if (training.Mixup == 0)
        {
            return SoftTargets.Bce(model.ForwardMel(mel), targets);
        }
        // Mixed after the masks, as published: the teachers never see it.
        var weights = Augment.MixupWeights(seed, [.. batch.Select(stage.Clips.Id)], epoch, training.Mixup);
        return SoftTargets.BceMixed(model.ForwardMel(Augment.Mixup(mel, weights)), targets, weights);

        // By the seeds that were stored with the scores, so that the two cannot part.
        Tensor View() => stage.Source.Mel(batch, [.. batch.Select(clip => stage.Scores.Seed(stage.Scores.Row(clip, view)))], read);

        Tensor Stored(TeacherStore? store, int number)
        {
            if (store is null)
            {
                throw new ArgumentException($"the arm \"{arm.Name}\" needs scores of the unchanged clips, which the stage has not", nameof(stage));
            }
            var rows = new long[batch.Length];
            for (var b = 0; b < rows.Length; b++)
            {
                rows[b] = store.Row(batch[b], number);
            }
            var classes = store.Card.Classes.Count;
            var dense = new float[batch.Length * classes];
            store.Scatter(rows, dense, write: (row, target, values, ids) =>
                TopKTargets.Fill(target, values, ids, arm.Fill, arm.Fill == TargetFill.LastRandom ? RandomStream.Of(seed, "fill", $"{row}", epoch) : null), topK: arm.TopK);
            return tensor(dense, [batch.Length, classes], device: device);
        }
    }
}
