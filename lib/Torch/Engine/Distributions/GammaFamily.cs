// Distributions that are drawn by way of gamma variables. Gradients flow through the draws (implicit reparameterisation, Figurnov et al. 2018,
// which is libtorch's own for _standard_gamma).

using static TorchSharp.torch;
using static TorchSharp.torch.distributions;

namespace TorchSharp.Modules;

/// <summary>Waiting times of a constant rate.</summary>
public class Exponential : ExponentialFamily
{
    private readonly Tensor rate;

    public Exponential(Tensor rate, Generator? generator = null) : base(generator, rate.shape) => this.rate = Own(rate.alias());

    public override Tensor mean => rate.reciprocal();
    public override Tensor mode => zeros_like(rate);
    public override Tensor stddev => rate.reciprocal();
    public override Tensor variance => WrappedTensorDisposeScope(() => rate.square().reciprocal());

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() => icdf(Inside(ExtendedShape(sample_shape), rate)));

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() => rate.log() - rate * value);

    public override Tensor entropy() => WrappedTensorDisposeScope(() => 1 - rate.log());

    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() => -(-rate * value).expm1());

    public override Tensor icdf(Tensor value) => WrappedTensorDisposeScope(() => -(-value).log1p() / rate);

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Exponential(rate.expand(batch_shape.Shape), Source);
}

/// <summary>The gamma distribution of a concentration and a rate.</summary>
public class Gamma : ExponentialFamily
{
    private protected readonly Tensor Concentration, Rate;

    public Gamma(Tensor concentration, Tensor rate, Generator? generator = null) : this(Together(concentration, rate), generator) { }

    private Gamma(Tensor[] both, Generator? generator) : base(generator, both[0].shape) => (Concentration, Rate) = (Own(both[0]), Own(both[1]));

    public override Tensor mean => Concentration / Rate;
    public override Tensor mode => WrappedTensorDisposeScope(() => ((Concentration - 1) / Rate).clamp_min(0));
    public override Tensor variance => WrappedTensorDisposeScope(() => Concentration / Rate.square());

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
    {
        var shape = ExtendedShape(sample_shape);
        return Positive(_standard_gamma(Concentration.expand(shape), Source) / Rate.expand(shape));
    });

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
        Concentration.xlogy(Rate) + (Concentration - 1).xlogy(value) - Rate * value - Concentration.lgamma());

    public override Tensor entropy() => WrappedTensorDisposeScope(() =>
        Concentration - Rate.log() + Concentration.lgamma() + (1 - Concentration) * Concentration.digamma());

    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() => special.gammainc(Concentration, Rate * value));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new Gamma(Concentration.expand(batch_shape.Shape), Rate.expand(batch_shape.Shape), Source);

    /// <summary>The values, none of them 0: a small concentration's draw can be less than the type holds, and its logarithm is wanted.</summary>
    internal static Tensor Positive(Tensor x) => x.clamp_min(x.dtype == ScalarType.Float64 ? 2.3e-308 : 1.2e-38);
}

/// <summary>Chi-squared: the sum of so many squared standard normals.</summary>
public class Chi2 : Gamma
{
    public Chi2(Tensor df, Generator? generator = null) : base(df / 2, full_like(df, 0.5), generator) { }

    public Tensor df => Concentration * 2;

    public override Distribution expand(Size batch_shape, Distribution? instance = null)
    {
        using var all = df;
        return new Chi2(all.expand(batch_shape.Shape), Source);
    }
}

/// <summary>Rows of shares that sum to one.</summary>
public class Dirichlet : ExponentialFamily
{
    private readonly Tensor concentration;

    public Dirichlet(Tensor concentration, Generator? generator = null) : base(generator, concentration.shape[..^1], concentration.shape[^1..]) =>
        this.concentration = Own(concentration.alias());

    public override Tensor mean => WrappedTensorDisposeScope(() => concentration / concentration.sum(-1, true));

    /// <summary>The most likely shares; where all concentrations are below one, a corner's.</summary>
    public override Tensor mode => WrappedTensorDisposeScope(() =>
    {
        var less = (concentration - 1).clamp_min(0);
        var inside = less / less.sum(-1, true);
        var corner = nn.functional.one_hot(concentration.argmax(-1), concentration.shape[^1]).to(concentration.dtype);
        return torch.where(concentration.lt(1).all(-1, true), corner, inside);
    });

    public override Tensor variance => WrappedTensorDisposeScope(() =>
    {
        var sum = concentration.sum(-1, true);
        return concentration * (sum - concentration) / (sum.square() * (sum + 1));
    });

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
    {
        var parts = Gamma.Positive(_standard_gamma(concentration.expand(ExtendedShape(sample_shape)), Source));
        return parts / parts.sum(-1, true);
    });

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
        (concentration - 1).xlogy(value).sum(-1) + concentration.sum(-1).lgamma() - concentration.lgamma().sum(-1));

    public override Tensor entropy() => WrappedTensorDisposeScope(() =>
    {
        var sum = concentration.sum(-1);
        return concentration.lgamma().sum(-1) - sum.lgamma() - (concentration.shape[^1] - sum) * sum.digamma()
            - ((concentration - 1) * concentration.digamma()).sum(-1);
    });

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new Dirichlet(concentration.expand([.. batch_shape.Shape, concentration.shape[^1]]), Source);
}

/// <summary>A share between 0 and 1: the first of two of Dirichlet's.</summary>
public class Beta : ExponentialFamily
{
    private readonly Tensor concentration1, concentration0;
    private readonly Dirichlet pair;

    public Beta(Tensor concentration1, Tensor concentration0, Generator? generator = null) : this(Together(concentration1, concentration0), generator) { }

    private Beta(Tensor[] both, Generator? generator) : base(generator, both[0].shape)
    {
        (concentration1, concentration0) = (Own(both[0]), Own(both[1]));
        using var stacked = stack(both, -1);
        pair = new Dirichlet(stacked, generator);
    }

    public override Tensor mean => WrappedTensorDisposeScope(() => concentration1 / (concentration1 + concentration0));
    public override Tensor mode => First(pair.mode);
    public override Tensor variance => WrappedTensorDisposeScope(() =>
    {
        var sum = concentration1 + concentration0;
        return concentration1 * concentration0 / (sum.square() * (sum + 1));
    });

    private static Tensor First(Tensor both)
    {
        using (both) return both.select(-1, 0);
    }

    public override Tensor rsample(params long[] sample_shape) => First(pair.rsample(sample_shape));

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() => pair.log_prob(stack([value, 1 - value], -1)));

    public override Tensor entropy() => pair.entropy();

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new Beta(concentration1.expand(batch_shape.Shape), concentration0.expand(batch_shape.Shape), Source);

    protected override void Dispose(bool disposing)
    {
        if (disposing) pair.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Fisher and Snedecor's F: the ratio of two chi-squared variables, each by its degrees of freedom.</summary>
public class FisherSnedecor : Distribution
{
    private readonly Tensor df1, df2;

    public FisherSnedecor(Tensor df1, Tensor df2, Generator? generator = null) : this(Together(df1, df2), generator) { }

    private FisherSnedecor(Tensor[] both, Generator? generator) : base(generator, both[0].shape) => (df1, df2) = (Own(both[0]), Own(both[1]));

    public override Tensor mean => WrappedTensorDisposeScope(() => (df2 / (df2 - 2)).masked_fill(df2.le(2), double.NaN));

    public override Tensor mode => WrappedTensorDisposeScope(() => ((df1 - 2) / df1 * df2 / (df2 + 2)).masked_fill(df1.le(2), double.NaN));

    public override Tensor variance => WrappedTensorDisposeScope(() =>
        (2 * df2.square() * (df1 + df2 - 2) / (df1 * (df2 - 2).square() * (df2 - 4))).masked_fill(df2.le(4), double.NaN));

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
    {
        var shape = ExtendedShape(sample_shape);
        Tensor Over(Tensor df) => Gamma.Positive(_standard_gamma((df / 2).expand(shape), Source) / (df / 2));
        return Over(df1) / Over(df2);
    });

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        Tensor half1 = df1 / 2, half2 = df2 / 2, ratio = df1 / df2;
        return (half1 + half2).lgamma() - half1.lgamma() - half2.lgamma() + half1 * ratio.log() + (half1 - 1) * value.log()
            - (half1 + half2) * (ratio * value).log1p();
    });

    /// <exception cref="NotSupportedException">Always, as in PyTorch.</exception>
    public override Tensor entropy() => throw Lacks(nameof(entropy));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new FisherSnedecor(df1.expand(batch_shape.Shape), df2.expand(batch_shape.Shape), Source);
}
