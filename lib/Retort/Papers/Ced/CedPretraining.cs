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
public sealed class CedPretraining : IResultKey, IDisposable
{
    private const int EvaluationBatch = 100;
    private readonly Dictionary<string, Tensor> weights;

    private CedPretraining(AudioTransformer encoder, TrainResult result, string key)
    {
        (Result, ResultKey) = (result, key);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        weights = encoder.state_dict().Where(p => !p.Key.StartsWith("outputlayer.", StringComparison.Ordinal))
            .ToDictionary(p => p.Key, p => p.Value.detach().clone().DetachFromDisposeScope());
    }

    /// <summary>How the training ended; "reconstruction" is the loss on the validation clips.</summary>
    public TrainResult Result { get; }

    /// <inheritdoc/>
    public string ResultKey { get; }

    /// <summary>The names of the tensors that <see cref="Into"/> copies: all of the encoder's, the input norm's statistics included, none of the head's.</summary>
    public IReadOnlyList<string> Copied => [.. weights.Keys];

    /// <summary>
    /// Trains the encoder of a student, or goes on with or reads what is kept. It sees the training clips under the views'
    /// shift, without masks of their own and without labels.
    /// </summary>
    /// <param name="settings">decoder, masks, steps, rate</param>
    /// <param name="student">the student that is to start from it</param>
    /// <param name="data">its training and validation clips</param>
    /// <param name="seed">decides start, order and masks</param>
    /// <param name="folder">where the run is kept and resumed; null for a folder of the cache</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    public static CedPretraining Train(
        CedPretrainingSettings settings, AudioTransformerSettings student, CedData data, long seed = 42, string? folder = null,
        RunProgress? progress = null, CancellationToken cancel = default)
    {
        student = student with { Classes = data.Classes };
        using var model = new MaskedAutoencoder(new AudioTransformer(student, seed), settings.Autoencoder, seed);
        model.to(data.Device);
        var views = data.Views(data.Train, data.DefaultViews with { TimeMask = 0, FrequencyMask = 0 }, keep: false);
        var validation = data.Views(data.Validation, ViewSettings.Clean);
        var key = string.Join('|', SettingsJson.Write(new { settings, student, views = views.Settings.Identity, seed }, SettingsJson.Line), data.Train.Hash, data.Validation.Hash);
        var (order, batch, steps) = (new SampleOrder(data.Train.Count, seed), settings.Batch, settings.Steps);
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => order.Batch(step, batch).Samples,
            Rate = Schedule.Ced(settings.LearningRate, (long)(settings.WarmUpShare * steps), steps, settings.Floor),
            Step = context =>
            {
                var epoch = order.Batch(context.Step, batch).Epoch;
                return Loss(model, views.Mel(context.Batch, views.Seeds(context.Batch, seed, epoch)), data.Train, context.Batch, seed, epoch);
            },
            Evaluate = () => new Dictionary<string, double> { ["reconstruction"] = Reconstruction(model, validation, data.Validation, seed) },
            Settings = new { Key = key },
        }, new TrainSettings
        {
            Seed = seed,
            Steps = steps,
            Adam = settings.Adam,
            EvaluateEvery = Math.Max(steps / settings.Evaluations, 1),
            BestBy = "reconstruction",
            LowerIsBetter = true,
            KeepBest = 1,
            Patience = 0,
            Final = FinalWeights.Best,
            LogEvery = Math.Max(steps / 100, 1),
        }, folder ?? Experiment.Folder("ced-pretraining", key), progress, cancel);
        return new CedPretraining(model.Encoder, result, key);
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

/// <summary>
/// How the masked autoencoder is trained. The defaults are the published SAT code's; whether CED's own start points were made
/// with exactly these is not known.
/// </summary>
public sealed record CedPretrainingSettings
{
    /// <summary>Decoder and masks.</summary>
    public MaskedAutoencoderSettings Autoencoder { get; init; } = new();

    /// <summary>Steps. Published: 40 epochs of AudioSet.</summary>
    public long Steps { get; init; } = 40 * 59_523;

    /// <summary>Clips in a batch.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-4;

    /// <summary>Adam's constants. (Published: its state is kept in 8 bits; ours is not.)</summary>
    public AdamSettings Adam { get; init; } = new() { WeightDecay = 5e-7 };

    /// <summary>Share of the steps that is warm-up. Published: 3 epochs of 40.</summary>
    public double WarmUpShare { get; init; } = 3.0 / 40;

    /// <summary>The cosine's lowest rate, as a share of <see cref="LearningRate"/>.</summary>
    public double Floor { get; init; } = 0.01;

    /// <summary>Evaluations of the validation clips' reconstruction on the way; the best one's weights are kept.</summary>
    public int Evaluations { get; init; } = 10;
}
