// Distributions on the real line: of a location and a scale, or of two ends.

using static TorchSharp.torch;
using static TorchSharp.torch.distributions;

namespace TorchSharp.Modules;

/// <summary>The normal distribution of mean <c>loc</c> and standard deviation <c>scale</c>.</summary>
public class Normal : Distribution
{
    private readonly Tensor loc, scale;

    public Normal(Tensor loc, Tensor scale, Generator? generator = null) : this(Together(loc, scale), generator) { }

    private Normal(Tensor[] both, Generator? generator) : base(generator, both[0].shape) => (loc, scale) = (Own(both[0]), Own(both[1]));

    public override Tensor mean => loc;
    public override Tensor mode => loc;
    public override Tensor stddev => scale;
    public override Tensor variance => scale.square();

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
        loc + randn(ExtendedShape(sample_shape), loc.dtype, loc.device, generator: Source) * scale);

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
        -((value - loc) / scale).square() / 2 - scale.log() - Math.Log(2 * Math.PI) / 2);

    public override Tensor entropy() => WrappedTensorDisposeScope(() => scale.log() + (1 + Math.Log(2 * Math.PI)) / 2);

    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() => (((value - loc) / (scale * Math.Sqrt(2))).erf() + 1) / 2);

    public override Tensor icdf(Tensor value) => WrappedTensorDisposeScope(() => loc + scale * (2 * value - 1).erfinv() * Math.Sqrt(2));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Normal(loc.expand(batch_shape.Shape), scale.expand(batch_shape.Shape), Source);
}

/// <summary>The Laplace distribution: exponential to both sides of <c>loc</c>.</summary>
public class Laplace : Distribution
{
    private readonly Tensor loc, scale;

    public Laplace(Tensor loc, Tensor scale, Generator? generator = null) : this(Together(loc, scale), generator) { }

    private Laplace(Tensor[] both, Generator? generator) : base(generator, both[0].shape) => (loc, scale) = (Own(both[0]), Own(both[1]));

    public override Tensor mean => loc;
    public override Tensor mode => loc;
    public override Tensor stddev => WrappedTensorDisposeScope(() => scale * Math.Sqrt(2));
    public override Tensor variance => WrappedTensorDisposeScope(() => scale.square() * 2);

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
    {
        // Uniform on (-1, 1), both ends left out.
        var u = rand(ExtendedShape(sample_shape), loc.dtype, loc.device, generator: Source) * 2 - 1;
        u = u.clamp(-1 + 1e-7, 1 - 1e-7);
        return loc - scale * u.sign() * (-u.abs()).log1p();
    });

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() => -(2 * scale).log() - (value - loc).abs() / scale);

    public override Tensor entropy() => WrappedTensorDisposeScope(() => (2 * scale).log() + 1);

    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() =>
        0.5 - 0.5 * (value - loc).sign() * (-(value - loc).abs() / scale).expm1());

    public override Tensor icdf(Tensor value) => WrappedTensorDisposeScope(() =>
        loc - scale * (value - 0.5).sign() * (-2 * (value - 0.5).abs()).log1p());

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Laplace(loc.expand(batch_shape.Shape), scale.expand(batch_shape.Shape), Source);
}

/// <summary>Every number from <c>low</c> to below <c>high</c> alike.</summary>
/// <summary>Cauchy's distribution: without a mean, of unlimited variance.</summary>
public class Cauchy : Distribution
{
    private readonly Tensor loc, scale;

    public Cauchy(Tensor loc, Tensor scale, Generator? generator = null) : this(Together(loc, scale), generator) { }

    private Cauchy(Tensor[] both, Generator? generator) : base(generator, both[0].shape) => (loc, scale) = (Own(both[0]), Own(both[1]));

    public override Tensor mean => full_like(loc, double.NaN);
    public override Tensor mode => loc;
    public override Tensor variance => full_like(loc, double.PositiveInfinity);

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() => icdf(Inside(ExtendedShape(sample_shape), loc)));

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() => -Math.Log(Math.PI) - scale.log() - ((value - loc) / scale).square().log1p());

    public override Tensor entropy() => WrappedTensorDisposeScope(() => scale.log() + Math.Log(4 * Math.PI));

    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() => ((value - loc) / scale).atan() / Math.PI + 0.5);

    public override Tensor icdf(Tensor value) => WrappedTensorDisposeScope(() => ((value - 0.5) * Math.PI).tan() * scale + loc);

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Cauchy(loc.expand(batch_shape.Shape), scale.expand(batch_shape.Shape), Source);
}

public class Uniform : Distribution
{
    private readonly Tensor low, high;

    public Uniform(Tensor low, Tensor high, Generator? generator = null) : this(Together(low, high), generator) { }

    private Uniform(Tensor[] both, Generator? generator) : base(generator, both[0].shape) => (low, high) = (Own(both[0]), Own(both[1]));

    public override Tensor mean => WrappedTensorDisposeScope(() => (low + high) / 2);
    public override Tensor mode => full_like(low, double.NaN);
    public override Tensor variance => WrappedTensorDisposeScope(() => (high - low).square() / 12);

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
        low + rand(ExtendedShape(sample_shape), low.dtype, low.device, generator: Source) * (high - low));

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
        (low.le(value).logical_and(high.gt(value))).to(low.dtype).log() - (high - low).log());

    public override Tensor entropy() => WrappedTensorDisposeScope(() => (high - low).log());

    public override Tensor cdf(Tensor value) => WrappedTensorDisposeScope(() => ((value - low) / (high - low)).clamp(0, 1));

    public override Tensor icdf(Tensor value) => WrappedTensorDisposeScope(() => value * (high - low) + low);

    public override Distribution expand(Size batch_shape, Distribution? instance = null) => new Uniform(low.expand(batch_shape.Shape), high.expand(batch_shape.Shape), Source);
}
