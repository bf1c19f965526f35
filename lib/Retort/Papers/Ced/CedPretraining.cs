using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>
/// The start of the arm "MAE start": an encoder trained as a masked autoencoder on the teachers' clips, without labels.
/// (CED's published models all start from such an encoder, trained on AudioSet.)
/// </summary>
public sealed class CedPretraining : IDisposable
{
    private const int EvaluationBatch = 100;
    private readonly Dictionary<string, Tensor> weights;

    private CedPretraining(AudioTransformer encoder, TrainResult result)
    {
        Result = result;
        using var scope = NewDisposeScope();
        using var none = no_grad();
        weights = encoder.state_dict().Where(p => !p.Key.StartsWith("outputlayer.", StringComparison.Ordinal))
            .ToDictionary(p => p.Key, p => p.Value.detach().clone().DetachFromDisposeScope());
    }

    /// <summary>How the training ended; "reconstruction" is the loss on the validation clips.</summary>
    public TrainResult Result { get; }

    /// <summary>The names of the tensors that <see cref="Into"/> copies: all of the encoder's, the input norm's statistics included, none of the head's.</summary>
    public IReadOnlyList<string> Copied => [.. weights.Keys];

    /// <summary>
    /// Trains the encoder of the experiment's student, or goes on with or reads what is kept in the experiment's folder. It
    /// sees the training clips under the views' shift, without masks of their own and without labels.
    /// </summary>
    /// <param name="experiment">data, student, number of steps, and the folder</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    public static CedPretraining Weights(CedExperiment experiment, Progress? progress = null, CancellationToken cancel = default)
    {
        var settings = experiment.Settings;
        var name = SettingsJson.Hash(SettingsJson.Write(settings.Pretraining, SettingsJson.Line))[..8];
        var run = progress?.Run("masked autoencoder");
        run?.Begin();
        var start = Train(settings, experiment.Data, Path.Combine(experiment.Folder, "pretraining", name), run, cancel);
        run?.Done($"reconstruction {start.Result.Values["reconstruction"]:F3}");
        return start;
    }

    /// <summary>Trains without an experiment around it; see <see cref="Weights"/>.</summary>
    /// <param name="settings">student, steps, batch, and how it is trained</param>
    /// <param name="data">its training and validation clips</param>
    /// <param name="folder">where the run is kept and resumed; null to keep nothing</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    public static CedPretraining Train(
        CedSettings settings, CedData data, string? folder = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        var (how, steps, seed) = (settings.Pretraining, settings.PretrainingSteps, settings.TeacherSeed);
        using var model = new MaskedAutoencoder(
            new AudioTransformer(CedStudent.Model(settings, CedArms.Ced, data.Classes), seed), how.Autoencoder, seed);
        model.to(data.Device);
        var views = settings.Views with { TimeMask = 0, FrequencyMask = 0 };
        var source = new ViewSource(data.Train, views, data.FrontEnd, device: data.Device);
        var validation = new ViewSource(data.Validation, ViewSettings.Clean, data.FrontEnd, keep: true, data.Device);
        var order = new SampleOrder(data.Train.Count, seed);
        var batch = settings.StudentTraining.Batch;
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => order.Batch(step, batch).Samples,
            Rate = Schedule.Ced(how.LearningRate, (long)(how.WarmUpShare * steps), steps, how.Floor),
            Step = context =>
            {
                var epoch = order.Batch(context.Step, batch).Epoch;
                var mel = source.Mel(context.Batch, CedStudent.Seeds(data.Train, context.Batch, seed, epoch));
                return Loss(model, mel, data.Train, context.Batch, seed, epoch);
            },
            Evaluate = () => new Dictionary<string, double> { ["reconstruction"] = Reconstruction(model, validation, data.Validation, seed) },
            Settings = new { Encoder = model.Encoder.Settings, Pretraining = how, Views = views, Batch = batch, Data = data.Train.Hash, Validation = data.Validation.Hash },
        }, new TrainSettings
        {
            Seed = seed,
            Steps = steps,
            Adam = how.Adam,
            EvaluateEvery = Math.Max(steps / how.Evaluations, 1),
            BestBy = "reconstruction",
            LowerIsBetter = true,
            KeepBest = 1,
            Patience = 0,
            Final = FinalWeights.Best,
            Mixed = settings.StudentTraining.Mixed,
            LogEvery = Math.Max(steps / 100, 1),
        }, folder, progress, cancel);
        return new CedPretraining(model.Encoder, result);
    }

    /// <summary>Copies the encoder into a student; its head keeps its fresh weights. Safe from several threads at once for students of their own.</summary>
    /// <exception cref="ArgumentException">The student's encoder is not of the pre-trained one's shape; nothing is copied then.</exception>
    public void Into(AudioTransformer student)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var state = student.state_dict();
        foreach (var name in weights.Keys.Union(state.Keys).Where(k => !k.StartsWith("outputlayer.", StringComparison.Ordinal)))
        {
            if (!weights.TryGetValue(name, out var there) || !state.TryGetValue(name, out var here) || !there.shape.SequenceEqual(here.shape))
            {
                throw new ArgumentException($"the student and the pre-trained encoder differ in {name}: they must have the same settings", nameof(student));
            }
        }
        foreach (var (name, value) in weights)
        {
            state[name].copy_(value);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in weights.Values)
        {
            value.Dispose();
        }
        weights.Clear();
    }

    private static Tensor Loss(MaskedAutoencoder model, Tensor mel, TaggingData clips, int[] batch, long seed, long epoch) =>
        model.call(mel, MaskedAutoencoder.Orders(seed, [.. batch.Select(clips.Id)], epoch, model.Patches(mel.shape[2]), mel.device));

    // The same masks at every evaluation, so that evaluations differ by the weights alone.
    private static double Reconstruction(MaskedAutoencoder model, ViewSource source, TaggingData clips, long seed)
    {
        var sum = 0.0;
        for (var first = 0; first < clips.Count; first += EvaluationBatch)
        {
            using var scope = NewDisposeScope();
            var batch = Enumerable.Range(first, Math.Min(EvaluationBatch, clips.Count - first)).ToArray();
            sum += batch.Length * Loss(model, source.Clean(batch), clips, batch, seed, 0).ToDouble();
        }
        return sum / clips.Count;
    }
}
