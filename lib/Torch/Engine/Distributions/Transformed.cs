// Distributions of a function of another distribution's draws.

using static TorchSharp.torch;
using static TorchSharp.torch.distributions;
using static TorchSharp.torch.distributions.transforms;

namespace TorchSharp.Modules;

/// <summary>What transforms make of a distribution's draws.</summary>
public class TransformedDistribution : Distribution
{
    private Distribution inner = null!;
    private Transform[] transforms = [];

    public TransformedDistribution(Generator? generator = null) : base(generator) { }

    public TransformedDistribution(Distribution base_distribution, Transform transform, Generator? generator = null) : this(base_distribution, [transform], generator) { }

    public TransformedDistribution(Distribution base_distribution, IEnumerable<Transform> transforms, Generator? generator = null) : base(generator) =>
        _init(base_distribution, [.. transforms]);

    private protected Distribution Inner => inner;

    protected void _init(Distribution base_distribution, Transform[] transforms)
    {
        (inner, this.transforms) = (base_distribution, transforms);
        long[] shape = [.. inner.batch_shape.Shape, .. inner.event_shape.Shape];
        var dimensions = transforms.Select(t => t.event_dim).Append(inner.event_shape.Length).Max();
        shape = transforms.Aggregate(shape, (s, t) => t.forward_shape(s));
        _init(new Size(shape[..^dimensions]), new Size(shape[^dimensions..]));
    }

    public override Tensor mean => throw Lacks(nameof(mean));
    public override Tensor variance => throw Lacks(nameof(variance));

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
        transforms.Aggregate(inner.rsample(sample_shape), (x, t) => t._call(x)).expand(ExtendedShape(sample_shape)));

    public override Tensor sample(params long[] sample_shape)
    {
        using var guard = no_grad();
        return WrappedTensorDisposeScope(() => transforms.Aggregate(inner.sample(sample_shape), (x, t) => t._call(x)).expand(ExtendedShape(sample_shape)));
    }

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        var dimensions = event_shape.Length;
        Tensor? sum = null;
        foreach (var transform in Enumerable.Reverse(transforms))
        {
            var x = transform._inverse(value);
            var slope = Independent.SumLast(transform.log_abs_det_jacobian(x, value), dimensions - transform.event_dim);
            sum = sum is null ? -slope : sum - slope;
            value = x;
        }
        var own = Independent.SumLast(inner.log_prob(value), dimensions - inner.event_shape.Length);
        return sum is null ? own : own + sum;
    });

    /// <exception cref="NotSupportedException">A function's entropy is in closed form for few of them.</exception>
    public override Tensor entropy() => throw Lacks(nameof(entropy));

    // Where the transforms fall, the upper tail becomes the lower one.
    private Tensor Mirrored(Tensor probability) => transforms.Aggregate(probability - 0.5, (p, t) => p * t._sign()) + 0.5;

    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() =>
        Mirrored(inner.cdf(Enumerable.Reverse(transforms).Aggregate(value, (y, t) => t._inverse(y)))));

    public override Tensor icdf(Tensor value) => WrappedTensorDisposeScope(() =>
        transforms.Aggregate(inner.icdf(Mirrored(value)), (x, t) => t._call(x)));

    public override Distribution expand(Size batch_shape, Distribution? instance = null)
    {
        var had = inner.batch_shape.Length + inner.event_shape.Length - event_shape.Length;
        return had < 0 ? throw new NotSupportedException($"{GetType().Name} cannot be expanded: its transforms add dimensions")
            : new TransformedDistribution(inner.expand(new Size([.. batch_shape.Shape, .. inner.batch_shape.Shape[Math.Min(had, inner.batch_shape.Length)..]])), transforms, Source);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner?.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Its logarithm is normally distributed.</summary>
public class LogNormal : TransformedDistribution
{
    internal LogNormal(Tensor loc, Tensor scale, Generator? generator = null) : base(new Normal(loc, scale, generator), new ExpTransform(), generator) { }

    public Tensor loc => Inner.mean;
    public Tensor scale => Inner.stddev;
    public override Tensor mean => WrappedTensorDisposeScope(() => (loc + scale.square() / 2).exp());
    public override Tensor mode => WrappedTensorDisposeScope(() => (loc - scale.square()).exp());
    public override Tensor variance => WrappedTensorDisposeScope(() => scale.square().expm1() * (2 * loc + scale.square()).exp());

    public override Tensor entropy() => WrappedTensorDisposeScope(() => Inner.entropy() + loc);

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new LogNormal(loc.expand(batch_shape.Shape), scale.expand(batch_shape.Shape), Source);
}

/// <summary>The absolute value of normal draws around 0.</summary>
public class HalfNormal : TransformedDistribution
{
    internal HalfNormal(Tensor scale, Generator? generator = null) : base(new Normal(zeros_like(scale), scale, generator), new AbsTransform(), generator) { }

    public Tensor scale => Inner.stddev;
    public override Tensor mean => WrappedTensorDisposeScope(() => scale * Math.Sqrt(2 / Math.PI));
    public override Tensor mode => zeros_like(scale);
    public override Tensor variance => WrappedTensorDisposeScope(() => scale.square() * (1 - 2 / Math.PI));

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() => (Inner.log_prob(value) + Math.Log(2)).masked_fill(value.lt(0), double.NegativeInfinity));

    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() => (2 * Inner.cdf(value) - 1).clamp_min(0));

    public override Tensor icdf(Tensor prob) => WrappedTensorDisposeScope(() => Inner.icdf((prob + 1) / 2));

    public override Tensor entropy() => WrappedTensorDisposeScope(() => Inner.entropy() - Math.Log(2));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new HalfNormal(scale.expand(batch_shape.Shape), Source);
}

/// <summary>The absolute value of Cauchy's draws around 0.</summary>
public class HalfCauchy : TransformedDistribution
{
    internal HalfCauchy(Tensor scale, Generator? generator = null) : base(new Cauchy(zeros_like(scale), scale, generator), new AbsTransform(), generator) =>
        this.scale = Own(scale.alias());

    public Tensor scale { get; }
    public override Tensor mean => full_like(scale, double.PositiveInfinity);
    public override Tensor mode => zeros_like(scale);
    public override Tensor variance => Inner.variance;

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() => (Inner.log_prob(value) + Math.Log(2)).masked_fill(value.lt(0), double.NegativeInfinity));

    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() => (2 * Inner.cdf(value) - 1).clamp_min(0));

    public override Tensor icdf(Tensor value) => WrappedTensorDisposeScope(() => Inner.icdf((value + 1) / 2));

    public override Tensor entropy() => WrappedTensorDisposeScope(() => Inner.entropy() - Math.Log(2));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new HalfCauchy(scale.expand(batch_shape.Shape), Source);
}

/// <summary>Gumbel's distribution of largest values.</summary>
public class Gumbel : TransformedDistribution
{
    private const double Euler = 0.57721566490153286;
    private readonly Tensor loc, scale;

    internal Gumbel(Tensor loc, Tensor scale, Generator? generator = null) : this(Together(loc, scale), generator) { }

    // loc - scale log(e) of a waiting time e of rate one.
    private Gumbel(Tensor[] both, Generator? generator)
        : base(new Exponential(ones_like(both[0]), generator), [new LogTransform(), new AffineTransform(both[0], -both[1])], generator) =>
        (loc, scale) = (Own(both[0]), Own(both[1]));

    public override Tensor mean => WrappedTensorDisposeScope(() => loc + scale * Euler);
    public override Tensor mode => loc;
    public override Tensor stddev => WrappedTensorDisposeScope(() => scale * (Math.PI / Math.Sqrt(6)));
    public override Tensor variance => WrappedTensorDisposeScope(() => scale.square() * (Math.PI * Math.PI / 6));

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        var y = (loc - value) / scale;
        return y - y.exp() - scale.log();
    });

    public override Tensor entropy() => WrappedTensorDisposeScope(() => scale.log() + (1 + Euler));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Gumbel(loc.expand(batch_shape.Shape), scale.expand(batch_shape.Shape), Source);
}

/// <summary>Weibull's distribution of lifetimes.</summary>
public class Weibull : TransformedDistribution
{
    private readonly Tensor scale, concentration;

    internal Weibull(Tensor scale, Tensor concentration, Generator? generator = null) : this(Together(scale, concentration), generator) { }

    private Weibull(Tensor[] both, Generator? generator) : base(new Exponential(ones_like(both[0]), generator),
        [new PowerTransform(both[1].reciprocal().DetachFromDisposeScope()), new AffineTransform(zeros_like(both[0]).DetachFromDisposeScope(), both[0])], generator) =>
        (scale, concentration) = (Own(both[0]), Own(both[1]));

    private Tensor Moment(int order) => (order / concentration + 1).lgamma().exp();

    public override Tensor mean => WrappedTensorDisposeScope(() => scale * Moment(1));
    public override Tensor mode => WrappedTensorDisposeScope(() => scale * ((concentration - 1) / concentration).pow(concentration.reciprocal()));
    public override Tensor variance => WrappedTensorDisposeScope(() => scale.square() * (Moment(2) - Moment(1).square()));

    public override Tensor entropy() => WrappedTensorDisposeScope(() =>
        0.57721566490153286 * (1 - concentration.reciprocal()) + (scale / concentration).log() + 1);

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new Weibull(scale.expand(batch_shape.Shape), concentration.expand(batch_shape.Shape), Source);
}

/// <summary>Pareto's distribution above a smallest value.</summary>
public class Pareto : TransformedDistribution
{
    internal Pareto(Tensor scale, Tensor alpha, Generator? generator = null) : this(Together(scale, alpha), generator) { }

    private Pareto(Tensor[] both, Generator? generator) : base(new Exponential(both[1], generator),
        [new ExpTransform(), new AffineTransform(zeros_like(both[0]).DetachFromDisposeScope(), both[0])], generator) =>
        (scale, alpha) = (Own(both[0]), Own(both[1]));

    public Tensor scale { get; }
    public Tensor alpha { get; }

    public override Tensor mean => WrappedTensorDisposeScope(() =>
    {
        var a = alpha.clamp_min(1);
        return a * scale / (a - 1);
    });

    public override Tensor mode => scale;

    public override Tensor variance => WrappedTensorDisposeScope(() =>
    {
        var a = alpha.clamp_min(2);
        return scale.square() * a / ((a - 1).square() * (a - 2));
    });

    public override Tensor entropy() => WrappedTensorDisposeScope(() => (scale / alpha).log() + 1 + alpha.reciprocal());

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Pareto(scale.expand(batch_shape.Shape), alpha.expand(batch_shape.Shape), Source);
}

/// <summary>Kumaraswamy's distribution on (0, 1), like Beta's with a closed form of its distribution function.</summary>
public class Kumaraswamy : TransformedDistribution
{
    internal Kumaraswamy(Tensor concentration1, Tensor concentration0, Generator? generator = null) : this(Together(concentration1, concentration0), generator) { }

    private Kumaraswamy(Tensor[] both, Generator? generator) : base(new Uniform(zeros_like(both[0]), ones_like(both[0]), generator),
    [
        new PowerTransform(both[1].reciprocal().DetachFromDisposeScope()), new AffineTransform(1, -1), new PowerTransform(both[0].reciprocal().DetachFromDisposeScope()),
    ], generator) => (concentration1, concentration0) = (Own(both[0]), Own(both[1]));

    public Tensor concentration1 { get; }
    public Tensor concentration0 { get; }

    private Tensor Moment(int order)
    {
        var first = order / concentration1 + 1;
        return concentration0 * (first.lgamma() + concentration0.lgamma() - (first + concentration0).lgamma()).exp();
    }

    public override Tensor mean => WrappedTensorDisposeScope(() => Moment(1));
    public override Tensor variance => WrappedTensorDisposeScope(() => Moment(2) - Moment(1).square());

    /// <summary>Where the density is highest; not a number where it has a pole instead. (PyTorch's formula gives no number at all.)</summary>
    public override Tensor mode => WrappedTensorDisposeScope(() =>
        ((concentration1 - 1) / (concentration1 * concentration0 - 1)).pow(concentration1.reciprocal())
            .masked_fill(concentration0.lt(1).logical_or(concentration1.lt(1)), double.NaN));

    public override Tensor entropy() => WrappedTensorDisposeScope(() =>
    {
        var harmonic = (concentration0 + 1).digamma() + 0.57721566490153286;
        return 1 - concentration0.reciprocal() + (1 - concentration1.reciprocal()) * harmonic - concentration1.log() - concentration0.log();
    });

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new Kumaraswamy(concentration1.expand(batch_shape.Shape), concentration0.expand(batch_shape.Shape), Source);
}
