using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Training;
using TorchSharp;

namespace Retort.Papers.Ced;

/// <summary>Trains one model of an arm: a student on stored scores, a teacher or a fine-tuned checkpoint on labels.</summary>
public static class CedStudent
{
    /// <summary>What an evaluation calls the binary cross-entropy of the model's outputs against the validation clips' labels.</summary>
    public const string ValidationLoss = "validation loss";

    /// <summary>Trains the arm's model; the weights are those of the best evaluations on the validation clips, by mAP or by loss (<see cref="CedTraining.ByLoss"/>).</summary>
    /// <param name="arm">loss and settings</param>
    /// <param name="data">clips for validation, device and front-end</param>
    /// <param name="clips">what it is trained on</param>
    /// <param name="seed">decides start, order and all that the batches draw</param>
    /// <param name="folder">where the run is kept and resumed; null to keep nothing</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    /// <returns>the model, whose outputs are logits, and how the training went</returns>
    /// <exception cref="BadInputException">The clips' classes are not the validation clips'.</exception>
    public static (AudioTransformer Model, TrainResult Result) Train(
        CedArm arm, CedData data, CedClips clips, long seed, string? folder = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        clips.Data.RequireClasses(data.Train.Classes, "clips", "the experiment's");
        var (training, views) = (arm.Training, clips.Views);
        var model = new AudioTransformer(arm.Student with { Classes = data.Classes, Pooling = Pooling.Logit }, seed);
        arm.Start?.Invoke(model);
        model.to(data.Device);
        var order = new SampleOrder(clips.Data.Count, seed);
        // Files are read and decoded ahead of the step that needs them.
        var ahead = views.Keeps ? null
            : new Prefetch<float[][]>(step => views.Read(order.Batch(step, training.Batch).Samples), training.Steps, Environment.ProcessorCount);
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => order.Batch(step, training.Batch).Samples,
            Rate = Schedule.Ced(training.LearningRate, training.WarmUp, training.Steps),
            Step = context =>
            {
                using var batch = new CedBatch(clips, arm, seed, context.Step, order.Batch(context.Step, training.Batch).Epoch, context.Batch, ahead?[context.Step]);
                return arm.Loss(model, batch);
            },
            Evaluate = () => data.Evaluate(model),
            Settings = new { arm.Name, Student = model.Settings, training.LearningRate, training.WarmUp, training.Batch, arm.TopK, arm.Fill, arm.Views, Clips = clips.ResultKey, Validation = data.Validation.Hash },
        }, training.Loop(seed), folder, progress, cancel);
        return (model, result);
    }

    /// <summary>
    /// Trains the arm's model as a run of an ablation and measures it on the test clips, once: its outputs are kept as
    /// "scores" (logits, clips x classes).
    /// </summary>
    /// <param name="arm">loss and settings</param>
    /// <param name="data">clips for validation and test</param>
    /// <param name="clips">what it is trained on</param>
    /// <param name="run">seed, folder and progress of the run</param>
    public static ArmOutcome Train(CedArm arm, CedData data, CedClips clips, ArmContext run)
    {
        var (model, result) = Train(arm, data, clips, run.Seed, run.Folder, run.Progress, run.Cancel);
        using (model)
        {
            var scores = data.TestScores(model);
            return new ArmOutcome(
                new Dictionary<string, double>
                {
                    ["validation mAP"] = 100 * result.Values["mAP"],
                    [ValidationLoss] = result.Values[ValidationLoss],
                    ["parameters"] = model.parameters().Where(p => p.requires_grad).Sum(p => p.numel()),
                },
                new Dictionary<string, Curve>
                {
                    ["validation mAP"] = new(result.Curve("mAP").X, [.. result.Curve("mAP").Y.Select(y => 100 * y)]),
                    ["loss"] = result.Curve("loss"),
                    [ValidationLoss] = result.Curve(ValidationLoss),
                },
                new Dictionary<string, float[]> { ["scores"] = scores });
        }
    }
}
