// Classes made continuous, so that gradients flow through draws (Maddison et al. 2017; Jang et al. 2017). The lower the temperature, the
// nearer a draw is to a class.

using static TorchSharp.torch;
using static TorchSharp.torch.distributions;
using static TorchSharp.torch.distributions.transforms;

namespace TorchSharp.Modules;

/// <summary>The logit of a relaxed Bernoulli draw.</summary>
public class LogitRelaxedBernoulli : Distribution
{
    private readonly Tensor p, l;

    public LogitRelaxedBernoulli(Tensor temperature, Tensor? probs = null, Tensor? logits = null, Generator? generator = null)
        : base(generator, Bernoulli.Only(probs, logits).shape) =>
        (Temperature, p, l) = (Own(temperature.alias()), Own(probs is null ? logits!.sigmoid() : probs.alias()), Own(logits is null ? Odds.Logit(probs!) : logits.alias()));

    internal Tensor Temperature { get; }
    public Tensor probs => p;
    public Tensor logits => l;
    public override Tensor mean => throw Lacks(nameof(mean));
    public override Tensor variance => throw Lacks(nameof(variance));

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
        (Inside(ExtendedShape(sample_shape), p).logit() + ClampProbs(p).logit()) / Temperature);

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        var away = l - value * Temperature;
        return Temperature.log() + away - 2 * nn.functional.softplus(away);
    });

    /// <exception cref="NotSupportedException">Always, as in PyTorch.</exception>
    public override Tensor entropy() => throw Lacks(nameof(entropy));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new LogitRelaxedBernoulli(Temperature, p.expand(batch_shape.Shape), null, Source);
}

/// <summary>A number in (0, 1) that stands for a Bernoulli draw.</summary>
public class RelaxedBernoulli : TransformedDistribution
{
    public RelaxedBernoulli(Tensor temperature, Tensor? probs = null, Tensor? logits = null, Generator? generator = null)
        : base(new LogitRelaxedBernoulli(temperature, probs, logits, generator), new SigmoidTransform(), generator) { }

    private LogitRelaxedBernoulli Logit => (LogitRelaxedBernoulli)Inner;
    public Tensor temperature => Logit.Temperature;
    public Tensor probs => Logit.probs;
    public Tensor logits => Logit.logits;

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new RelaxedBernoulli(temperature, probs.expand(batch_shape.Shape), null, Source);
}

/// <summary>The logarithms of a relaxed one-hot draw.</summary>
public class ExpRelaxedCategorical : Distribution
{
    private readonly Categorical categorical;

    internal ExpRelaxedCategorical(Tensor temperature, Tensor? probs = null, Tensor? logits = null, Generator? generator = null)
        : this(temperature, new Categorical(probs, logits, generator), generator) { }

    private ExpRelaxedCategorical(Tensor temperature, Categorical categorical, Generator? generator)
        : base(generator, categorical.batch_shape.Shape, [categorical.probs.shape[^1]]) => (this.temperature, this.categorical) = (Own(temperature.alias()), categorical);

    public Tensor temperature { get; }
    public Tensor probs => categorical.probs;
    public Tensor logits => categorical.logits;
    public long[] param_shape => categorical.param_shape;
    public override Tensor mean => throw Lacks(nameof(mean));
    public override Tensor variance => throw Lacks(nameof(variance));

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
        ((logits - (-Inside(ExtendedShape(sample_shape), logits).log()).log()) / temperature).log_softmax(-1));

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        var classes = event_shape.Shape[0];
        var factorial = full([], (double)classes, logits.dtype, logits.device).lgamma();
        return (logits - value * temperature).log_softmax(-1).sum(-1) + factorial + (classes - 1) * temperature.log();
    });

    /// <exception cref="NotSupportedException">Always, as in PyTorch.</exception>
    public override Tensor entropy() => throw Lacks(nameof(entropy));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new ExpRelaxedCategorical(temperature, (Categorical)categorical.expand(batch_shape), Source);

    protected override void Dispose(bool disposing)
    {
        if (disposing) categorical.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Shares that stand for a one-hot draw.</summary>
public class RelaxedOneHotCategorical : TransformedDistribution
{
    public RelaxedOneHotCategorical(Tensor temperature, Tensor? probs = null, Tensor? logits = null, Generator? generator = null)
        : base(new ExpRelaxedCategorical(temperature, probs, logits, generator), new ExpTransform(), generator) { }

    private ExpRelaxedCategorical Logs => (ExpRelaxedCategorical)Inner;
    public Tensor temperature => Logs.temperature;
    public Tensor probs => Logs.probs;
    public Tensor logits => Logs.logits;

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new RelaxedOneHotCategorical(temperature, probs.expand([.. batch_shape.Shape, event_shape.Shape[0]]), null, Source);
}
