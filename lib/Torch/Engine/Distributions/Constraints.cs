namespace TorchSharp;

// What a parameter or a draw may be: check gives, element by element or event by event, whether it is.
public static partial class torch
{
    public static partial class distributions
    {
        public static partial class constraints
        {
            /// <summary>A set of values; <c>event_dim</c> dimensions at the end belong to one value.</summary>
            public abstract class Constraint
            {
                private readonly bool discrete;
                private readonly int dimensions;

                protected Constraint(bool is_discrete, int event_dim) => (discrete, dimensions) = (is_discrete, event_dim);

                protected Constraint() : this(false, 0) { }

                public virtual bool is_discrete => discrete;

                public virtual int event_dim => dimensions;

                /// <summary>Whether each value is in the set: of the values' shape without what belongs to one.</summary>
                public abstract Tensor check(Tensor value);

                public override string ToString() => GetType().Name.TrimStart('_') + "()";

                private protected string Named(string limits) => $"{GetType().Name.TrimStart('_')}({limits})";
            }

            public class _Dependent(bool is_discrete = false, int event_dim = 0) : Constraint(is_discrete, event_dim)
            {
                /// <exception cref="ArgumentException">Always: what is allowed depends on other values.</exception>
                public override Tensor check(Tensor value) => throw new ArgumentException("Cannot determine validity of dependent constraint");
            }

            public class _Boolean() : Constraint(true, 0)
            {
                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() => value.eq(0).logical_or(value.eq(1)));
            }

            public class _OneHot() : Constraint(true, 1)
            {
                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                    value.eq(0).logical_or(value.eq(1)).all(-1).logical_and(value.sum(-1).eq(1)));
            }

            public class _IntegerInterval(long lower_bound, long upper_bound) : Constraint(true, 0)
            {
                public long lower_bound { get; } = lower_bound;
                public long upper_bound { get; } = upper_bound;

                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                    value.remainder(1).eq(0).logical_and(value.ge(lower_bound)).logical_and(value.le(upper_bound)));

                public override string ToString() => Named($"lower_bound={lower_bound}, upper_bound={upper_bound}");
            }

            public class _IntegerLessThan(long upper_bound) : Constraint(true, 0)
            {
                public long upper_bound { get; } = upper_bound;

                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() => value.remainder(1).eq(0).logical_and(value.le(upper_bound)));

                public override string ToString() => Named($"upper_bound={upper_bound}");
            }

            public class _IntegerGreaterThan(long lower_bound) : Constraint(true, 0)
            {
                public long lower_bound { get; } = lower_bound;

                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() => value.remainder(1).eq(0).logical_and(value.ge(lower_bound)));

                public override string ToString() => Named($"lower_bound={lower_bound}");
            }

            /// <summary>Any number; what is no number is not.</summary>
            public class _Real : Constraint
            {
                public override Tensor check(Tensor value) => value.eq(value);
            }

            public class _GreaterThan(double lower_bound) : Constraint
            {
                public double lower_bound { get; } = lower_bound;

                public override Tensor check(Tensor value) => value.gt(lower_bound);

                public override string ToString() => Named($"lower_bound={lower_bound}");
            }

            public class _GreaterThanEq(double lower_bound) : Constraint
            {
                public double lower_bound { get; } = lower_bound;

                public override Tensor check(Tensor value) => value.ge(lower_bound);

                public override string ToString() => Named($"lower_bound={lower_bound}");
            }

            public class _LessThan(double upper_bound) : Constraint
            {
                public double upper_bound { get; } = upper_bound;

                public override Tensor check(Tensor value) => value.lt(upper_bound);

                public override string ToString() => Named($"upper_bound={upper_bound}");
            }

            public class _Interval(double lower_bound, double upper_bound) : Constraint
            {
                public double lower_bound { get; } = lower_bound;
                public double upper_bound { get; } = upper_bound;

                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() => value.ge(lower_bound).logical_and(value.le(upper_bound)));

                public override string ToString() => Named($"lower_bound={lower_bound}, upper_bound={upper_bound}");
            }

            /// <summary>From the lower bound on, to below the upper.</summary>
            public class _HalfOpenInterval(double lower_bound, double upper_bound) : Constraint
            {
                public double lower_bound { get; } = lower_bound;
                public double upper_bound { get; } = upper_bound;

                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() => value.ge(lower_bound).logical_and(value.lt(upper_bound)));

                public override string ToString() => Named($"lower_bound={lower_bound}, upper_bound={upper_bound}");
            }

            /// <summary>Shares: none below zero, one together.</summary>
            public class _Simplex() : Constraint(false, 1)
            {
                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                    value.ge(0).all(-1).logical_and((value.sum(-1) - 1).abs().lt(1e-6)));
            }

            /// <summary>Counts, of at most so many together.</summary>
            public class _Multinomial(long upper_bound) : Constraint(true, 1)
            {
                public long upper_bound { get; } = upper_bound;

                public override Tensor check(Tensor x) => WrappedTensorDisposeScope(() => x.ge(0).all(-1).logical_and(x.sum(-1).le(upper_bound)));

                public override string ToString() => Named($"upper_bound={upper_bound}");
            }

            public class _LowerTriangular() : Constraint(false, 2)
            {
                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() => value.tril().eq(value).all(-1).all(-1));
            }

            /// <summary>Lower triangular, with a diagonal above zero.</summary>
            public class _LowerCholesky() : Constraint(false, 2)
            {
                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                    value.tril().eq(value).all(-1).all(-1).logical_and(value.diagonal(0, -2, -1).gt(0).all(-1)));
            }

            /// <summary>The Cholesky factor of a correlation matrix: its rows have length one, too.</summary>
            public class _CorrCholesky() : Constraint(false, 2)
            {
                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                {
                    // Ten times the rounding of a row's sum.
                    var near = (value.dtype == ScalarType.Float64 ? 2.2e-16 : 1.2e-7) * value.shape[^1] * 10;
                    return (value.square().sum(-1).sqrt() - 1).abs().le(near).all(-1).logical_and(lower_cholesky.check(value));
                });
            }

            public class _Square() : Constraint(false, 2)
            {
                public override Tensor check(Tensor value) => full(value.shape[..^2], value.shape[^1] == value.shape[^2], ScalarType.Bool, value.device);
            }

            public class _Symmetric : _Square
            {
                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() => value.shape[^1] != value.shape[^2] ? base.check(value)
                    : isclose(value, value.transpose(-2, -1), atol: 1e-6).all(-1).all(-1));
            }

            public class _PositiveSemiDefinite : _Symmetric
            {
                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                {
                    var symmetric = base.check(value);
                    return symmetric.all().item<bool>() ? linalg.eigvalsh(value).ge(0).all(-1) : symmetric;
                });
            }

            public class _PositiveDefinite : _Symmetric
            {
                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                {
                    var symmetric = base.check(value);
                    return symmetric.all().item<bool>() ? linalg.cholesky_ex(value).info.eq(0) : symmetric;
                });
            }

            /// <summary>More of the last dimensions as one value, allowed where all its parts are.</summary>
            public class _IndependentConstraint(Constraint base_constraint, int reinterpreted_batch_ndims) : Constraint
            {
                public Constraint base_constraint { get; } = base_constraint;
                public override bool is_discrete => base_constraint.is_discrete;
                public override int event_dim => base_constraint.event_dim + reinterpreted_batch_ndims;

                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                {
                    var each = base_constraint.check(value);
                    return each.dim() < reinterpreted_batch_ndims
                        ? throw new ArgumentException($"a value of {event_dim} or more dimensions is expected, not of {value.dim()}", nameof(value))
                        : each.reshape([.. each.shape[..^reinterpreted_batch_ndims], -1]).all(-1);
                });

                public override string ToString() => Named($"{base_constraint}, {reinterpreted_batch_ndims}");
            }

            /// <summary>Parts along a dimension, each of so many places, with a constraint of its own.</summary>
            public class _Cat(IList<Constraint> cseq, long dim = 0, IList<long>? lengths = null) : Constraint
            {
                private readonly long[] lengths = lengths?.ToArray() ?? [.. cseq.Select(_ => 1L)];

                public override bool is_discrete => cseq.Any(c => c.is_discrete);
                public override int event_dim => cseq.Max(c => c.event_dim);

                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                {
                    var (parts, at) = (new List<Tensor>(), 0L);
                    for (var i = 0; i < cseq.Count; at += lengths[i++]) parts.Add(cseq[i].check(value.narrow(dim, at, lengths[i])));
                    return torch.cat(parts, dim);
                });
            }

            /// <summary>The entries along a dimension, each with a constraint of its own.</summary>
            public class _Stack(IList<Constraint> cseq, int dim = 0) : Constraint
            {
                public override bool is_discrete => cseq.Any(c => c.is_discrete);

                public override int event_dim => cseq.Max(c => c.event_dim) + (dim < 0 && cseq.Max(c => c.event_dim) + dim < 0 ? 1 : 0);

                public override Tensor check(Tensor value) => WrappedTensorDisposeScope(() =>
                    torch.stack([.. cseq.Select((c, i) => c.check(value.select(dim, i)))], dim));
            }

            public static readonly _Dependent dependent = new();
            public static readonly _Boolean boolean = new();
            public static readonly _OneHot one_hot = new();
            public static readonly _IntegerGreaterThan nonnegative_integer = new(0);
            public static readonly _IntegerGreaterThan positive_integer = new(1);
            public static readonly _Real real = new();
            public static readonly _IndependentConstraint real_vector = new(real, 1);
            public static readonly _GreaterThan positive = new(0);
            public static readonly _GreaterThanEq nonnegative = new(0);
            public static readonly _Interval unit_interval = new(0, 1);
            public static readonly _Simplex simplex = new();
            public static readonly _LowerTriangular lower_triangular = new();
            public static readonly _LowerCholesky lower_cholesky = new();
            public static readonly _CorrCholesky corr_cholesky = new();
            public static readonly _Square square = new();
            public static readonly _Symmetric symmetric = new();
            public static readonly _PositiveSemiDefinite positive_semidefinite = new();
            public static readonly _PositiveDefinite positive_definite = new();

            public static _IntegerInterval integer_interval(long lb, long ub) => new(lb, ub);

            public static _GreaterThan greater_than(double lower_bound) => new(lower_bound);

            public static _GreaterThanEq greater_than_eq(double lower_bound) => new(lower_bound);

            public static _LessThan less_than(double upper_bound) => new(upper_bound);

            public static _Interval interval(double lower_bound, double upper_bound) => new(lower_bound, upper_bound);

            public static _HalfOpenInterval half_open_interval(double lower_bound, double upper_bound) => new(lower_bound, upper_bound);

            public static _Multinomial multinomial(long upper_bound) => new(upper_bound);

            public static _IndependentConstraint independent(Constraint base_constraint, int reinterpreted_batch_ndims) => new(base_constraint, reinterpreted_batch_ndims);

            public static _Cat cat(IList<Constraint> cseq, long dim = 0, IList<long>? lengths = null) => new(cseq, dim, lengths);

            public static _Stack stack(IList<Constraint> cseq, int dim = 0) => new(cseq, dim);
        }
    }
}
