using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ger;

/// <summary>
/// One arm of an ablation: a name, what the adapter is given of a list, and what is learned, as functions. A variant is
/// <c>robust with { Name = "zeros", Input = b => b.NoNoise }</c>.
/// </summary>
/// <param name="Name">the arm's name, as tables and figures show it</param>
/// <param name="Loss">the model and a batch to a scalar loss</param>
public sealed record GerArm(string Name, Func<GerModel, GerBatch, Tensor> Loss) : IArm
{
    /// <summary>What goes into the adapter's tuner, (B, U, width), in training and in the test; null: the plain adapter, without tuner.</summary>
    public Func<GerBatch, Tensor>? Input { get; init; }

    /// <summary>The adapter; its rows and the width of its noise are the input's.</summary>
    public PromptAdapterSettings Adapter { get; init; } = new() { StartLayer = 1 };

    /// <summary>How it is trained.</summary>
    public GerTraining Training { get; init; } = new();
}

/// <summary>How an adapter is trained. The defaults are the published ones on CHiME-4 (paper, appendix C.2): 9,600 lists, 2 epochs, 32 lists a step.</summary>
public sealed record GerTraining
{
    /// <summary>Steps of the optimizer.</summary>
    public long Steps { get; init; } = 600;

    /// <summary>Lists in a step.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>The learning rate, constant after the warm-up.</summary>
    public double LearningRate { get; init; } = 1e-2;

    /// <summary>Share of the steps over which the rate rises from 0.</summary>
    public double WarmUpShare { get; init; } = 0.1;

    /// <summary>AdamW's weight decay.</summary>
    public double WeightDecay { get; init; } = 0.02;

    /// <summary>The gradients' norm is cut to this; 0, as published: never.</summary>
    public double ClipNorm { get; init; }

    /// <summary>The statistics network's learning rate as a share of the adapter's.</summary>
    public double NetworkRate { get; init; } = 0.1;

    /// <summary>The least hidden width of the statistics network; 1 as published.</summary>
    public int NarrowestNetwork { get; init; } = 1;
}

/// <summary>What is trained: the adapter on its frozen language model, and the statistics network. Keys of its state: <c>llama</c>, <c>mine</c>, <c>project</c>.</summary>
public sealed class GerModel : nn.Module
{
    private readonly Llama llama;
    private readonly MutualInformationNetwork mine;
    private readonly Projection project;
    private readonly Func<GerBatch, Tensor>? input;
    private readonly List<Tensor> taps = [];

    internal GerModel(Llama llama, MutualInformationNetwork mine, Projection project, Func<GerBatch, Tensor>? input) : base(nameof(GerModel))
    {
        (this.llama, this.mine, this.project, this.input) = (llama, mine, project, input);
        RegisterComponents();
    }

    /// <summary>The language model with its adapter.</summary>
    public Llama Language => llama;

    /// <summary>The statistics network psi; only a loss that uses it trains it.</summary>
    public MutualInformationNetwork Statistics => mine;

    /// <summary>A linear map (D to audio width) for losses that compare tuner outputs with audio vectors directly.</summary>
    public Projection ToAudio => project;

    /// <summary>Logits (positions, V) where an answer is learned, and their targets; the tuners' outputs are kept as <see cref="Taps"/>.</summary>
    public (Tensor Logits, Tensor Targets) Answer(GerBatch batch)
    {
        taps.Clear();
        var hidden = llama.Hidden(batch.Tokens, input?.Invoke(batch), taps);
        var flat = batch.Targets.reshape(-1);
        var places = flat.ge(0).nonzero().squeeze(1);
        return (llama.Logits(hidden.reshape(flat.shape[0], -1).index_select(0, places)), flat.index_select(0, places));
    }

    /// <summary>The tuners' outputs of the last <see cref="Answer"/>: e_k and e_v of each adapted layer in turn, (B, U, D).</summary>
    public IReadOnlyList<Tensor> Taps => taps;

    /// <summary>Where a loss leaves numbers that it wants to be drawn over the steps; set by the training.</summary>
    internal Action<string, Tensor>? Measured { get; set; }

    /// <summary>Keeps a number of this step for the run's curves, such as "psi noisy"; does nothing outside a training.</summary>
    public void Measure(string name, Tensor value) => Measured?.Invoke(name, value);

    /// <summary>What goes into the tuners for a batch; null for the plain adapter.</summary>
    public Tensor? InputOf(GerBatch batch) => input?.Invoke(batch);
}

/// <summary>The published losses, as <see cref="GerArm.Loss"/> takes them. A notebook writes its own in a few lines.</summary>
public static class GerLoss
{
    /// <summary>Cross-entropy of the answer's tokens: all arms without distillation.</summary>
    public static Tensor CrossEntropy(GerModel model, GerBatch batch)
    {
        var (logits, targets) = model.Answer(batch);
        return TokenLoss.CrossEntropy(logits, targets);
    }

    /// <summary>
    /// RobustGER: cross-entropy + lambda L_MI on the adapter, and in the same step stage 1 on the statistics network, each with the
    /// other's weights held. The published code takes the network's step before the adapter's of the same lists; here both use the
    /// weights of before the step.
    /// </summary>
    /// <param name="model">the model</param>
    /// <param name="batch">the lists</param>
    /// <param name="lambda">weight of L_MI; 0.5 published, beside a cross-entropy that was divided by all positions</param>
    public static Tensor Robust(GerModel model, GerBatch batch, double lambda = 0.5)
    {
        var loss = CrossEntropy(model, batch);
        var noise = -batch.Noise;  // E_LN
        var (noisy, clean) = (batch.NoisyAudio, batch.CleanAudio);
        var (joint, marginal) = (model.Statistics.call(noise, noisy, false), model.Statistics.call(noise, clean, false));
        Tensor[] tuned = [.. model.Taps.Select(tap => model.Statistics.Held(-tap, noisy))];
        model.Measure("psi noisy", joint.mean());
        model.Measure("psi clean", marginal.mean());
        model.Measure("psi tuned", stack(tuned).mean());
        return loss + MutualInformation.Difference(joint, marginal) + lambda * MutualInformation.Tapped(tuned);
    }
}
