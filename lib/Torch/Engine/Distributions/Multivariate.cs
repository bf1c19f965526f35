// Distributions over vectors, and those made of them.

using static TorchSharp.torch;
using static TorchSharp.torch.distributions;

namespace TorchSharp.Modules;

/// <summary>Normally distributed vectors of a mean and a covariance, its inverse, or the covariance's lower Cholesky factor.</summary>
public class MultivariateNormal : Distribution
{
    private readonly Tensor loc, tril;

    public MultivariateNormal(Tensor loc, Tensor? covariance_matrix = null, Tensor? precision_matrix = null, Tensor? scale_tril = null, Generator? generator = null)
        : this(Parts(loc, covariance_matrix, precision_matrix, scale_tril), generator) { }

    private MultivariateNormal((Tensor Loc, Tensor Tril) parts, Generator? generator) : base(generator, parts.Loc.shape[..^1], parts.Loc.shape[^1..]) =>
        (loc, tril) = (Own(parts.Loc), Own(parts.Tril));

    private static (Tensor, Tensor) Parts(Tensor loc, Tensor? covariance, Tensor? precision, Tensor? factor)
    {
        if (new[] { covariance, precision, factor }.Count(t => t is not null) != 1)
        {
            throw new ArgumentException("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.");
        }
        using var scope = NewDisposeScope();
        var lower = factor ?? linalg.cholesky(covariance ?? linalg.inv(precision!));
        var size = loc.shape[^1];
        if (lower.dim() < 2 || lower.shape[^1] != size || lower.shape[^2] != size)
        {
            throw new ArgumentException($"a matrix of {size} x {size} goes with a mean of {size} values, not {string.Join(" x ", lower.shape)}");
        }
        var batch = broadcast_shapes(loc.shape[..^1], lower.shape[..^2]);
        return (loc.expand([.. batch.Shape, size]).MoveToOuterDisposeScope(), lower.expand([.. batch.Shape, size, size]).MoveToOuterDisposeScope());
    }

    public override Tensor mean => loc;
    public override Tensor mode => loc;
    public override Tensor variance => WrappedTensorDisposeScope(() => tril.square().sum(-1));

    public override Tensor rsample(params long[] sample_shape) => WrappedTensorDisposeScope(() =>
        loc + matmul(tril, randn(ExtendedShape(sample_shape), loc.dtype, loc.device, generator: Source).unsqueeze(-1)).squeeze(-1));

    private Tensor HalfLogDet() => tril.diagonal(0, -2, -1).log().sum(-1);

    public override Tensor log_prob(Tensor value) => WrappedTensorDisposeScope(() =>
    {
        var away = linalg.solve_triangular(tril, (value - loc).unsqueeze(-1), upper: false).squeeze(-1);
        return -(away.square().sum(-1) + event_shape.Shape[0] * Math.Log(2 * Math.PI)) / 2 - HalfLogDet();
    });

    public override Tensor entropy() => WrappedTensorDisposeScope(() => HalfLogDet() + event_shape.Shape[0] * (1 + Math.Log(2 * Math.PI)) / 2);

    public override Distribution expand(Size batch_shape, Distribution? instance = null)
    {
        var size = event_shape.Shape[0];
        return new MultivariateNormal((loc.expand([.. batch_shape.Shape, size]), tril.expand([.. batch_shape.Shape, size, size])), Source);
    }
}

/// <summary>The last dimensions of another distribution's batch as one event: its log-probabilities are summed over them.</summary>
public class Independent : Distribution
{
    private readonly Distribution inner;
    private readonly int last;

    public Independent(Distribution base_distribution, int reinterpreted_batch_ndims, Generator? generator = null)
        : base(generator, Split(base_distribution, reinterpreted_batch_ndims).Batch, Split(base_distribution, reinterpreted_batch_ndims).Event) =>
        (inner, last) = (base_distribution, reinterpreted_batch_ndims);

    private static (long[] Batch, long[] Event) Split(Distribution inner, int last)
    {
        var batch = inner.batch_shape.Shape;
        return last >= 0 && last <= batch.Length ? (batch[..^last], [.. batch[^last..], .. inner.event_shape.Shape])
            : throw new ArgumentException($"{last} dimensions of a batch that has {batch.Length}", nameof(last));
    }

    /// <summary>Summed over so many dimensions at the end.</summary>
    internal static Tensor SumLast(Tensor x, int dimensions)
    {
        if (dimensions == 0) return x;
        using (x) return x.sum([.. Enumerable.Range(1, dimensions).Select(i => (long)-i)]);
    }

    public override Tensor mean => inner.mean;
    public override Tensor mode => inner.mode;
    public override Tensor variance => inner.variance;

    public override Tensor rsample(params long[] sample_shape) => inner.rsample(sample_shape);

    public override Tensor sample(params long[] sample_shape) => inner.sample(sample_shape);

    public override Tensor log_prob(Tensor value) => SumLast(inner.log_prob(value), last);

    public override Tensor entropy() => SumLast(inner.entropy(), last);

    public override Tensor enumerate_support(bool expand = true) => last == 0 ? inner.enumerate_support(expand) : throw Lacks(nameof(enumerate_support));

    public override Distribution expand(Size batch_shape, Distribution? instance = null) =>
        new Independent(inner.expand(new Size([.. batch_shape.Shape, .. inner.batch_shape.Shape[^last..]])), last, Source);

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
