using System.Text.Json.Serialization;
using Retort.Audio;
using Retort.Losses;
using Retort.Models;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>
/// One student of an ablation: a name, what it learns as a function from model and batch to a loss, and plain settings. The
/// defaults are the paper's for CED-Tiny on AS-20K; a variant is <c>ced with { Name = "top 3", TopK = 3 }</c>.
/// </summary>
/// <param name="Name">the arm's name, as tables and figures show it</param>
/// <param name="Loss">the student and a batch to a scalar loss; what it needs of the batch is made when it asks</param>
public sealed record CedArm(string Name, Func<AudioTransformer, CedBatch, Tensor> Loss) : IArm
{
    /// <summary>The student's model; its number of classes is the data's.</summary>
    public AudioTransformerSettings Student { get; init; } = AudioTransformerSettings.Tiny with { Pooling = Pooling.Logit };

    /// <summary>How it is trained.</summary>
    public CedTraining Training { get; init; } = new();

    /// <summary>Stored scores used of each view; 0 for all that are stored.</summary>
    public int TopK { get; init; }

    /// <summary>What the classes without a stored score get as target.</summary>
    public TargetFill Fill { get; init; } = TargetFill.Zero;

    /// <summary>Stored views that are cycled through; 0 for all.</summary>
    public int Views { get; init; }

    /// <summary>Other teachers than the ablation's, with their own stored scores; null for the ablation's.</summary>
    public CedTeachers? Teachers { get; init; }

    /// <summary>Gives the fresh student weights to start from, such as <see cref="CedPretraining.Into"/>; null for random ones.</summary>
    public Action<AudioTransformer>? Start { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public IReadOnlyList<long>? Seeds { get; init; }
}

/// <summary>How one of CED's models is trained. The defaults are the published AS-20K configuration.</summary>
public sealed record CedTraining
{
    /// <summary>Steps of the optimizer. Published: 300 epochs of 22 k clips in batches of 32.</summary>
    public long Steps { get; init; } = 206_400;

    /// <summary>Clips in a batch.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>The highest learning rate: 1e-3 for tiny and mini, 3e-4 for small and base.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Steps of the warm-up.</summary>
    public long WarmUp { get; init; } = 5000;

    /// <summary>Steps between evaluations on validation clips.</summary>
    public long EvaluateEvery { get; init; } = 3440;

    /// <summary>The best evaluations whose weights are averaged.</summary>
    public int KeepBest { get; init; } = 4;

    /// <summary>Evaluations without a better one after which training ends; 0 for never.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>
    /// Whether evaluations are compared by the loss against the validation clips' labels, lower being better, in place of mAP as published: where mAP reaches 100 % long
    /// before the training's end the first evaluation of many equal ones would be taken, right about the order and unsure of the scores, which is what a teacher teaches.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ByLoss { get; init; }

    /// <summary>Mixed precision: bfloat16 products, float32 weights. (Published: float16 with loss scaling.)</summary>
    public bool Mixed { get; init; }

    /// <summary>
    /// A short run: a warm-up of at most 300 steps and a tenth of the run, ten evaluations, no early end, and the weights of the
    /// best evaluation alone: a tenth of a short run lies between two of them, and the mean of the best four was 2 to 4 points of
    /// validation mAP worse than the best.
    /// </summary>
    public static CedTraining Of(long steps) => new()
    {
        Steps = steps,
        WarmUp = Math.Min(steps / 10, 300),
        EvaluateEvery = Math.Max(steps / 10, 1),
        KeepBest = 1,
        Patience = 0,
    };

    internal TrainSettings Loop(long seed) => new()
    {
        Seed = seed,
        Steps = Steps,
        EvaluateEvery = EvaluateEvery,
        BestBy = ByLoss ? CedStudent.ValidationLoss : "mAP",
        LowerIsBetter = ByLoss,
        KeepBest = KeepBest,
        Patience = Patience,
        Mixed = Mixed,
        LogEvery = Math.Max(EvaluateEvery / 10, 1),
    };
}

/// <summary>The losses of the published runs, as <see cref="CedArm.Loss"/> takes them. A notebook writes its own in a line.</summary>
public static class CedLoss
{
    /// <summary>Consistent teaching: binary cross-entropy against the stored scores of the very view that the student sees.</summary>
    public static Tensor Consistent(AudioTransformer student, CedBatch batch) => SoftTargets.Bce(student.ForwardMel(batch.View), batch.TeacherScores);

    /// <summary>
    /// As <see cref="Consistent"/> under mixup with Beta(0.5, 0.5), after the masks, as published for AS-20K: the teachers
    /// never see it.
    /// </summary>
    public static Tensor ConsistentMixup(AudioTransformer student, CedBatch batch)
    {
        var weights = batch.MixupWeights(0.5);
        return SoftTargets.BceMixed(student.ForwardMel(Augment.Mixup(batch.View, weights)), batch.TeacherScores, weights);
    }

    /// <summary>No teacher: binary cross-entropy against the data set's labels. Teachers are trained by it, and checkpoints fine-tuned.</summary>
    public static Tensor Labels(AudioTransformer student, CedBatch batch) => SoftTargets.Bce(student.ForwardMel(batch.View), batch.Labels);
}
