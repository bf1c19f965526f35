// Distributions over classes, given by probabilities or by logits.

using static TorchSharp.torch;
using static TorchSharp.torch.distributions;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules;

/// <summary>1 with probability p, else 0.</summary>
public class Bernoulli : Distribution
{
    private readonly Tensor p, l;

    public Bernoulli(Tensor? p = null, Tensor? l = null, Generator? generator = null) : base(generator, Only(p, l).shape)
    {
        (this.p, this.l) = (Own(p is null ? LogitsToProbs(l!, true) : p.alias()), Own(l is null ? ProbsToLogits(p!, true) : l.alias()));
    }

    internal static Tensor Only(Tensor? p, Tensor? l) => p is null != l is null ? p ?? l!
        : throw new ArgumentException("One and only one of 'probs' and logits should be provided.");

    public Tensor probs => p;
    public Tensor logits => l;
    public override Tensor mean => p;
    public override Tensor variance => WrappedTensorDisposeScope(() => p * (1 - p));

    /// <summary>0 or 1; no number where both are as likely.</summary>
    public override Tensor mode => WrappedTensorDisposeScope(() => p.ge(0.5).to(p.dtype).masked_fill(p.eq(0.5), double.NaN));

    public override Tensor enumerate_support(bool expand = true) => Support(arange(2, dtype: p.dtype, device: p.device), expand);

    public override Tensor rsample(params long[] sample_shape)
    {
        using var guard = no_grad();
        return WrappedTensorDisposeScope(() => p.expand(ExtendedShape(sample_shape)).bernoulli(Source));
    }

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        var both = broadcast_tensors(l, value.to(l.dtype)).ToArray();
        return -F.binary_cross_entropy_with_logits(both[0], both[1], reduction: nn.Reduction.None);
    });

    public override Tensor entropy() => F.binary_cross_entropy_with_logits(l, p, reduction: nn.Reduction.None);

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Bernoulli(p.expand(batch_shape.Shape), null, Source);
}

/// <summary>A class of 0 to K - 1, by the K probabilities (need not sum to 1) or logits along the last axis.</summary>
public class Categorical : Distribution
{
    private readonly Tensor p, l;

    public Categorical(Tensor? probs = null, Tensor? logits = null, Generator? generator = null) : base(generator, Bernoulli.Only(probs, logits).shape[..^1])
    {
        using var scope = NewDisposeScope();
        l = logits is null ? Logs(probs!) : logits - logits.logsumexp(-1, true);
        (p, l) = (Own(probs is null ? l.exp() : probs / probs.sum(-1, true)), Own(l));
    }

    private Tensor Logs(Tensor probs) => ProbsToLogits(probs / probs.sum(-1, true));

    public Tensor probs => p;
    public Tensor logits => l;
    public long[] param_shape => p.shape;

    /// <summary>NaN: classes have no mean.</summary>
    public override Tensor mean => full(batch_shape.Shape, double.NaN, p.dtype, p.device);

    /// <summary>NaN: classes have no variance.</summary>
    public override Tensor variance => full(batch_shape.Shape, double.NaN, p.dtype, p.device);

    public override Tensor mode => p.argmax(-1);

    public override Tensor enumerate_support(bool expand = true) => Support(arange(p.shape[^1], dtype: int64, device: p.device), expand);

    public override Tensor rsample(params long[] sample_shape)
    {
        using var guard = no_grad();
        return WrappedTensorDisposeScope(() =>
        {
            var count = sample_shape.Aggregate(1L, (a, b) => a * b);
            var drawn = p.reshape(-1, p.shape[^1]).multinomial(count, true, Source);  // (batch, samples)
            return drawn.t().reshape(ExtendedShape(sample_shape));
        });
    }

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        long[] shape = [.. broadcast_shapes(value.shape, batch_shape.Shape), p.shape[^1]];
        return l.expand(shape).gather(-1, value.to(int64).expand(shape[..^1]).unsqueeze(-1)).squeeze(-1);
    });

    public override Tensor entropy() => WrappedTensorDisposeScope(() => -(p * l.clamp(min: -3.4e38)).sum(-1));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Categorical(p.expand([.. batch_shape.Shape, p.shape[^1]]), null, Source);
}

/// <summary>A class of several as a row of zeros with a one at its place.</summary>
public class OneHotCategorical : Distribution
{
    private readonly Categorical categorical;

    public OneHotCategorical(Tensor? p = null, Tensor? l = null, Generator? generator = null) : this(new Categorical(p, l, generator), generator) { }

    private OneHotCategorical(Categorical categorical, Generator? generator)
        : base(generator, categorical.batch_shape.Shape, [categorical.probs.shape[^1]]) => this.categorical = categorical;

    public Tensor probs => categorical.probs;
    public Tensor logits => categorical.logits;
    public override Tensor mean => probs;
    public override Tensor mode => WrappedTensorDisposeScope(() => F.one_hot(probs.argmax(-1), probs.shape[^1]).to(probs.dtype));
    public override Tensor variance => WrappedTensorDisposeScope(() => probs * (1 - probs));

    public override Tensor rsample(params long[] sample_shape)
    {
        using var guard = no_grad();
        return WrappedTensorDisposeScope(() => F.one_hot(categorical.sample(sample_shape), probs.shape[^1]).to(probs.dtype));
    }

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() => categorical.log_prob(value.argmax(-1)));

    public override Tensor entropy() => categorical.entropy();

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new OneHotCategorical((Categorical)categorical.expand(batch_shape), Source);

    protected override void Dispose(bool disposing)
    {
        if (disposing) categorical.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>How often each class comes in a number of draws.</summary>
public class Multinomial : Distribution
{
    private readonly int count;
    private readonly Categorical categorical;

    public Multinomial(int total_count, Tensor? probs = null, Tensor? logits = null, Generator? generator = null)
        : this(total_count, new Categorical(probs, logits, generator), generator) { }

    private Multinomial(int total_count, Categorical categorical, Generator? generator)
        : base(generator, categorical.batch_shape.Shape, [categorical.probs.shape[^1]]) => (count, this.categorical) = (total_count, categorical);

    public Tensor probs => categorical.probs;
    public Tensor logits => categorical.logits;
    public long[] param_shape => categorical.param_shape;
    public override Tensor mean => WrappedTensorDisposeScope(() => probs * count);
    public override Tensor variance => WrappedTensorDisposeScope(() => count * probs * (1 - probs));

    public override Tensor rsample(params long[] sample_shape)
    {
        using var guard = no_grad();
        return WrappedTensorDisposeScope(() => F.one_hot(categorical.sample([count, .. sample_shape]), probs.shape[^1]).sum([0]).to(probs.dtype));
    }

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        var both = broadcast_tensors(logits, value).ToArray();
        var logs = both[0].masked_fill(both[1].eq(0).logical_and(both[0].isinf()), 0);
        return (both[1].sum(-1) + 1).lgamma() - (both[1] + 1).lgamma().sum(-1) + (logs * both[1]).sum(-1);
    });

    public override Tensor entropy() => WrappedTensorDisposeScope(() =>
    {
        var n = full([], (double)count, probs.dtype, probs.device);
        using var binomial = new Binomial(n, probs);
        var support = binomial.enumerate_support(false).narrow(0, 1, count);
        var expected = (binomial.log_prob(support).exp() * (support + 1).lgamma()).sum([0, -1]);
        return count * categorical.entropy() - (n + 1).lgamma() + expected;
    });

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new Multinomial(count, (Categorical)categorical.expand(batch_shape), Source);

    protected override void Dispose(bool disposing)
    {
        if (disposing) categorical.Dispose();
        base.Dispose(disposing);
    }
}
