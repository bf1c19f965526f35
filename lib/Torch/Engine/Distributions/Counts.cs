// Distributions over counts.

using static TorchSharp.torch;
using static TorchSharp.torch.distributions;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules;

/// <summary>Probabilities and logits of one count's success, one of which was given.</summary>
internal static class Odds
{
    internal static Tensor Logit(Tensor p)
    {
        using var inside = p.clamp(p.dtype == ScalarType.Float64 ? 2.3e-16 : 1.2e-7, 1 - (p.dtype == ScalarType.Float64 ? 2.3e-16 : 1.2e-7));
        return inside.logit();
    }
}

/// <summary>Successes in a number of trials.</summary>
public class Binomial : Distribution
{
    private readonly Tensor count, p, l;

    public Binomial(Tensor total_count, Tensor? p = null, Tensor? l = null, Generator? generator = null)
        : this(Together(total_count, Bernoulli.Only(p, l)), l is not null, generator) { }

    private Binomial(Tensor[] both, bool logits, Generator? generator) : base(generator, both[0].shape)
    {
        count = Own(both[0].to(both[1].dtype).alias());
        (p, l) = logits ? (Own(both[1].sigmoid()), Own(both[1])) : (Own(both[1]), Own(Odds.Logit(both[1])));
    }

    public Tensor probs => p;
    public Tensor logits => l;
    public override Tensor mean => count * p;
    public override Tensor mode => WrappedTensorDisposeScope(() => minimum(((count + 1) * p).floor(), count));
    public override Tensor variance => WrappedTensorDisposeScope(() => count * p * (1 - p));

    public override Tensor rsample(params long[] sample_shape)
    {
        using var guard = no_grad();
        var shape = ExtendedShape(sample_shape);
        return WrappedTensorDisposeScope(() => binomial(count.expand(shape), p.expand(shape), Source));
    }

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        // n log(1 + exp(logit)), without overflow.
        var norm = count * l.clamp_min(0) + count * (-l.abs()).exp().log1p() - (count + 1).lgamma();
        return value * l - (value + 1).lgamma() - (count - value + 1).lgamma() - norm;
    });

    /// <exception cref="NotSupportedException">The numbers of trials are not all the same.</exception>
    public override Tensor enumerate_support(bool expand = true)
    {
        var most = count.max().item<double>();
        if (count.min().item<double>() != most) throw new NotSupportedException("the values of Binomial with different numbers of trials cannot be listed");
        return Support(arange(0, most + 1, dtype: p.dtype, device: p.device), expand);
    }

    public override Tensor entropy() => WrappedTensorDisposeScope(() =>
    {
        var logs = log_prob(enumerate_support(false));
        return -(logs.exp() * logs).sum([0L]);
    });

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new Binomial(count.expand(batch_shape.Shape), p.expand(batch_shape.Shape), null, Source);
}

/// <summary>Successes before a number of failures.</summary>
public class NegativeBinomial : Distribution
{
    private readonly Tensor count, p, l;

    public NegativeBinomial(Tensor total_count, Tensor? p = null, Tensor? l = null, Generator? generator = null)
        : this(Together(total_count, Bernoulli.Only(p, l)), l is not null, generator) { }

    private NegativeBinomial(Tensor[] both, bool logits, Generator? generator) : base(generator, both[0].shape)
    {
        count = Own(both[0].to(both[1].dtype).alias());
        (p, l) = logits ? (Own(both[1].sigmoid()), Own(both[1])) : (Own(both[1]), Own(Odds.Logit(both[1])));
    }

    public Tensor probs => p;
    public Tensor logits => l;
    public override Tensor mean => WrappedTensorDisposeScope(() => count * l.exp());
    public override Tensor mode => WrappedTensorDisposeScope(() => ((count - 1) * l.exp()).floor().clamp_min(0));
    public override Tensor variance => WrappedTensorDisposeScope(() => count * l.exp() / (-l).sigmoid());

    public override Tensor rsample(params long[] sample_shape)
    {
        using var guard = no_grad();
        return WrappedTensorDisposeScope(() => poisson(_standard_gamma(count.expand(ExtendedShape(sample_shape)), Source) * l.exp(), Source));
    }

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        var norm = -(count + value).lgamma() + (value + 1).lgamma() + count.lgamma();
        return count * F.logsigmoid(-l) + value * F.logsigmoid(l) - norm.masked_fill((count + value).eq(0), 0);
    });

    /// <exception cref="NotSupportedException">Always, as in PyTorch.</exception>
    public override Tensor entropy() => throw Lacks(nameof(entropy));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new NegativeBinomial(count.expand(batch_shape.Shape), p.expand(batch_shape.Shape), null, Source);
}

/// <summary>Failures before the first success.</summary>
public class Geometric : Distribution
{
    private readonly Tensor p, l;

    public Geometric(Tensor? probs = null, Tensor? logits = null, Generator? generator = null) : base(generator, Bernoulli.Only(probs, logits).shape) =>
        (p, l) = (Own(probs is null ? logits!.sigmoid() : probs.alias()), Own(logits is null ? Odds.Logit(probs!) : logits.alias()));

    public Tensor probs => p;
    public Tensor logits => l;
    public override Tensor mean => WrappedTensorDisposeScope(() => p.reciprocal() - 1);
    public override Tensor mode => zeros_like(p);
    public override Tensor variance => WrappedTensorDisposeScope(() => (p.reciprocal() - 1) / p);

    public override Tensor rsample(params long[] sample_shape)
    {
        using var guard = no_grad();
        return WrappedTensorDisposeScope(() => (Inside(ExtendedShape(sample_shape), p).log() / (-p).log1p()).floor());
    }

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        var both = broadcast_tensors(value, p).ToArray();
        // Sure success at once: 0 times the logarithm of 0 is 0.
        var failing = both[1].masked_fill(both[1].eq(1).logical_and(both[0].eq(0)), 0);
        return both[0] * (-failing).log1p() + p.log();
    });

    public override Tensor entropy() => WrappedTensorDisposeScope(() => F.binary_cross_entropy_with_logits(l, p, reduction: nn.Reduction.None) / p);

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Geometric(p.expand(batch_shape.Shape), null, Source);
}

/// <summary>Events of a constant rate.</summary>
public class Poisson : ExponentialFamily
{
    private readonly Tensor rate;

    public Poisson(Tensor rate, Generator? generator = null) : base(generator, rate.shape) => this.rate = Own(rate.alias());

    public override Tensor mean => rate;
    public override Tensor mode => rate.floor();
    public override Tensor variance => rate;

    public override Tensor rsample(params long[] sample_shape)
    {
        using var guard = no_grad();
        return WrappedTensorDisposeScope(() => poisson(rate.expand(ExtendedShape(sample_shape)), Source));
    }

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() => value.xlogy(rate) - rate - (value + 1).lgamma());

    /// <summary>The probability of at most so many events.</summary>
    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() => special.gammaincc((value.floor() + 1).clamp_min(1), rate).masked_fill(value.lt(0), 0));

    /// <exception cref="NotSupportedException">Always, as in PyTorch.</exception>
    public override Tensor entropy() => throw Lacks(nameof(entropy));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Poisson(rate.expand(batch_shape.Shape), Source);
}
