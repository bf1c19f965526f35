using Retort.Audio;
using Retort.Data;
using Retort.Losses;
using Retort.Models;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>
/// CED's teachers: audio transformers trained on labels under fresh views of every clip, and their ensemble. (The paper's
/// own five teachers were not published, nor the scripts that trained them.)
/// </summary>
public static class CedTeachers
{
    /// <summary>Trains one teacher.</summary>
    /// <param name="settings">its model and training</param>
    /// <param name="data">clips; the model sees views of <see cref="CedData.Train"/></param>
    /// <param name="member">which member of the ensemble; it decides the start, the order and the views</param>
    /// <param name="folder">where the run is kept and resumed; null to keep nothing</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it</param>
    public static (AudioTransformer Model, TrainResult Result) Train(
        CedSettings settings, CedData data, int member, string? folder = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        var seed = settings.TeacherSeed + member;
        var training = settings.TeacherTraining;
        var model = new AudioTransformer(settings.Teacher with { Classes = data.Classes, Pooling = Pooling.Logit }, seed);
        model.to(data.Device);
        var source = new ViewSource(data.Train, settings.Views, data.FrontEnd, device: data.Device);
        var order = new SampleOrder(data.Train.Count, seed);
        var ahead = new Prefetch<float[][]>(step => source.Read(order.Batch(step, training.Batch).Samples), training.Steps);
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => order.Batch(step, training.Batch).Samples,
            Rate = Schedule.Ced(training.LearningRate, training.WarmUp, training.Steps),
            Step = context =>
            {
                var epoch = order.Batch(context.Step, training.Batch).Epoch;
                var seeds = CedStudent.Seeds(data.Train, context.Batch, seed, epoch);
                return SoftTargets.Bce(model.ForwardMel(source.Mel(context.Batch, seeds, ahead[context.Step])), CedData.MultiHot(data.Train, context.Batch, data.Device));
            },
            Evaluate = () => new Dictionary<string, double> { ["mAP"] = data.ValidationMap(model) },
            Settings = new { settings.Teacher, settings.Views, Data = data.Train.Hash, Validation = data.Validation.Hash, Member = member },
        }, CedStudent.Loop(training, seed), folder, progress, cancel);
        return (model, result);
    }

    /// <summary>
    /// The ensemble: members are trained side by side, one thread each, or read from the folder where they were trained
    /// before with the same settings and data.
    /// </summary>
    /// <param name="settings">the experiment</param>
    /// <param name="data">its clips</param>
    /// <param name="folder">where members are kept</param>
    /// <param name="threads">how many are trained at once</param>
    /// <param name="progress">where they say how far they are</param>
    /// <param name="cancel">stops them</param>
    public static TeacherEnsemble Ensemble(
        CedSettings settings, CedData data, string folder, int threads, Progress? progress = null, CancellationToken cancel = default)
    {
        var members = new AudioTransformer[settings.Teachers];
        var arms = Enumerable.Range(0, settings.Teachers).Select(member => new Arm($"teacher {member + 1}", new { Member = member }, context =>
        {
            var (model, result) = Train(settings, data, member, Path.Combine(folder, $"teacher-{member + 1}"), context.Progress, context.Cancel);
            members[member] = model;
            return new ArmOutcome(result.Values);
        })).ToArray();
        // Members resume from their own folders, so that nothing but the models needs to come back.
        Ablation.Run(arms, [settings.TeacherSeed], new AblationSettings { Threads = threads }, progress, cancel);
        return new TeacherEnsemble(members);
    }

    /// <summary>SHA-256 of a model's weights: what a teacher store knows its teachers by.</summary>
    public static string WeightsHash(AudioTransformer model) => StateDict.Hash(model);
}
