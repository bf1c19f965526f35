using TorchSharp.Modules;

namespace TorchSharp;

// Invertible functions of a distribution's draws, each with the logarithm of its slope. All but the last two go element by element.
public static partial class torch
{
    public static partial class distributions
    {
        public static partial class transforms
        {
            /// <summary>An invertible function; <c>inv</c> is its inverse.</summary>
            public abstract class Transform
            {
                protected Transform() { }

                public virtual bool bijective => true;

                /// <summary>What it takes.</summary>
                public virtual constraints.Constraint domain => constraints.real;

                /// <summary>What it gives.</summary>
                public virtual constraints.Constraint codomain => constraints.real;

                /// <summary>Dimensions at the end that belong together.</summary>
                public virtual int event_dim => 0;

                public virtual Transform inv => new Inverse(this);

                /// <summary>1 where it rises, -1 where it falls.</summary>
                public Tensor sign => _sign();

                public Tensor forward(Tensor x) => _call(x);

                public virtual long[] forward_shape(long[] shape) => shape;

                public virtual long[] inverse_shape(long[] shape) => shape;

                protected internal abstract Tensor _call(Tensor x);

                protected internal abstract Tensor _inverse(Tensor y);

                protected internal virtual Tensor _sign() => tensor(1.0);

                protected internal abstract Tensor log_abs_det_jacobian(Tensor x, Tensor y);

                protected static Tensor _sum_rightmost(Tensor value, int dim) => TorchSharp.Modules.Independent.SumLast(value, dim);
            }

            private sealed class Inverse(Transform of) : Transform
            {
                public override constraints.Constraint domain => of.codomain;
                public override constraints.Constraint codomain => of.domain;
                public override bool bijective => of.bijective;
                public override int event_dim => of.event_dim;
                public override Transform inv => of;
                public override long[] forward_shape(long[] shape) => of.inverse_shape(shape);
                public override long[] inverse_shape(long[] shape) => of.forward_shape(shape);
                protected internal override Tensor _call(Tensor x) => of._inverse(x);
                protected internal override Tensor _inverse(Tensor y) => of._call(y);
                protected internal override Tensor _sign() => of._sign();
                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) => -of.log_abs_det_jacobian(y, x);
            }

            public class ExpTransform : Transform
            {
                public override constraints.Constraint codomain => constraints.positive;
                protected internal override Tensor _call(Tensor x) => x.exp();
                protected internal override Tensor _inverse(Tensor y) => y.log();
                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) => x.alias();
            }

            public class LogTransform : Transform
            {
                public override constraints.Constraint domain => constraints.positive;
                protected internal override Tensor _call(Tensor x) => x.log();
                protected internal override Tensor _inverse(Tensor y) => y.exp();
                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) => -y;
            }

            /// <summary>x to the power of the exponent, on positive numbers.</summary>
            public class PowerTransform(Tensor exponent) : Transform
            {
                public override constraints.Constraint domain => constraints.positive;
                public override constraints.Constraint codomain => constraints.positive;
                protected internal override Tensor _call(Tensor x) => x.pow(exponent);
                protected internal override Tensor _inverse(Tensor y) => y.pow(1 / exponent);
                protected internal override Tensor _sign() => exponent.sign();
                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) => (exponent * y / x).abs().log();
            }

            public class SigmoidTransform : Transform
            {
                public override constraints.Constraint codomain => constraints.unit_interval;
                protected internal override Tensor _call(Tensor x)
                {
                    // Never quite 0 or 1, so that the way back is finite.
                    var inside = x.dtype == ScalarType.Float64 ? 2.3e-308 : 1.2e-38;
                    return x.sigmoid().clamp(inside, 1 - (x.dtype == ScalarType.Float64 ? 1.2e-16 : 6e-8));
                }

                protected internal override Tensor _inverse(Tensor y) => y.logit();
                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) => -nn.functional.softplus(-x) - nn.functional.softplus(x);
            }

            public class TanhTransform : Transform
            {
                public override constraints.Constraint codomain => constraints.interval(-1, 1);
                protected internal override Tensor _call(Tensor x) => x.tanh();
                protected internal override Tensor _inverse(Tensor y) => y.atanh();
                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) => 2 * (Math.Log(2) - x - nn.functional.softplus(-2 * x));
            }

            public class SoftplusTransform : Transform
            {
                public override constraints.Constraint codomain => constraints.positive;
                protected internal override Tensor _call(Tensor x) => nn.functional.softplus(x);
                protected internal override Tensor _inverse(Tensor y) => (-y).expm1().neg().log() + y;
                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) => -nn.functional.softplus(-x);
            }

            /// <summary>The distance from 0; its inverse gives the positive number.</summary>
            public class AbsTransform : Transform
            {
                public override constraints.Constraint codomain => constraints.positive;
                public override bool bijective => false;
                protected internal override Tensor _call(Tensor x) => x.abs();
                protected internal override Tensor _inverse(Tensor y) => y.alias();

                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) =>
                    throw new NotSupportedException("AbsTransform has no log_abs_det_jacobian: two values become one");
            }

            /// <summary>loc + scale x.</summary>
            public class AffineTransform : Transform
            {
                public override constraints.Constraint domain => event_dim == 0 ? constraints.real : constraints.independent(constraints.real, event_dim);
                public override constraints.Constraint codomain => domain;
                private readonly Tensor loc, scale;
                private readonly int dimensions;

                public AffineTransform(Tensor loc, Tensor scale, int event_dim = 0) => (this.loc, this.scale, dimensions) = (loc, scale, event_dim);

                // In float32, so that a product with either floating type has the other's.
                public AffineTransform(double loc, double scale, int event_dim = 0)
                    : this(tensor((float)loc).DetachFromDisposeScope(), tensor((float)scale).DetachFromDisposeScope(), event_dim) { }

                public override int event_dim => dimensions;
                protected internal override Tensor _call(Tensor x) => loc + scale * x;
                protected internal override Tensor _inverse(Tensor y) => (y - loc) / scale;
                protected internal override Tensor _sign() => scale.sign();

                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) =>
                    TorchSharp.Modules.Independent.SumLast(scale.abs().log().to(x.dtype).expand(broadcast_shapes(x.shape, scale.shape)), dimensions);

                public override long[] forward_shape(long[] shape) => broadcast_shapes(shape, loc.shape, scale.shape).Shape;
                public override long[] inverse_shape(long[] shape) => forward_shape(shape);
            }

            /// <summary>Shares from scores; its inverse gives scores up to a constant.</summary>
            public class SoftmaxTransform : Transform
            {
                public override constraints.Constraint domain => constraints.real_vector;
                public override constraints.Constraint codomain => constraints.simplex;
                public override bool bijective => false;
                public override int event_dim => 1;
                protected internal override Tensor _call(Tensor x) => x.softmax(-1);
                protected internal override Tensor _inverse(Tensor y) => y.log();

                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) =>
                    throw new NotSupportedException("SoftmaxTransform has no log_abs_det_jacobian: scores that differ by a constant become the same shares");
            }

            /// <summary>Another shape for the last dimensions.</summary>
            public class ReshapeTransform(long[] in_shape, long[] out_shape) : Transform
            {
                public override constraints.Constraint domain => constraints.independent(constraints.real, before);
                public override constraints.Constraint codomain => constraints.independent(constraints.real, out_shape.Length);
                private readonly int before = Same(in_shape, out_shape);

                private static int Same(long[] from, long[] to) => from.Aggregate(1L, (a, b) => a * b) == to.Aggregate(1L, (a, b) => a * b) ? from.Length
                    : throw new ArgumentException($"a shape of {string.Join(" x ", from)} does not become one of {string.Join(" x ", to)}");

                public override int event_dim => Math.Max(before, out_shape.Length);

                private static long[] Change(long[] shape, long[] from, long[] to) => shape.Length >= from.Length && shape[^from.Length..].SequenceEqual(from)
                    ? [.. shape[..^from.Length], .. to]
                    : throw new ArgumentException($"{string.Join(" x ", shape)} does not end in {string.Join(" x ", from)}");

                public override long[] forward_shape(long[] shape) => Change(shape, in_shape, out_shape);
                public override long[] inverse_shape(long[] shape) => Change(shape, out_shape, in_shape);
                protected internal override Tensor _call(Tensor x) => x.reshape(forward_shape(x.shape));
                protected internal override Tensor _inverse(Tensor y) => y.reshape(inverse_shape(y.shape));
                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) => zeros(x.shape[..^before], x.dtype, x.device);
            }

            /// <summary>More of the last dimensions as one event: the slopes' logarithms are summed over them. (TorchSharp's spelling.)</summary>
            public class IndepdenentTransform(Transform base_transform, int reinterpreted_batch_dims) : Transform
            {
                public override constraints.Constraint domain => constraints.independent(base_transform.domain, reinterpreted_batch_dims);
                public override constraints.Constraint codomain => constraints.independent(base_transform.codomain, reinterpreted_batch_dims);
                public override bool bijective => base_transform.bijective;
                public override int event_dim => base_transform.event_dim + reinterpreted_batch_dims;
                public override Transform inv => new IndepdenentTransform(base_transform.inv, reinterpreted_batch_dims);
                public override long[] forward_shape(long[] shape) => base_transform.forward_shape(shape);
                public override long[] inverse_shape(long[] shape) => base_transform.inverse_shape(shape);
                protected internal override Tensor _call(Tensor x) => base_transform._call(x);
                protected internal override Tensor _inverse(Tensor y) => base_transform._inverse(y);
                protected internal override Tensor _sign() => base_transform._sign();

                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) =>
                    TorchSharp.Modules.Independent.SumLast(base_transform.log_abs_det_jacobian(x, y), reinterpreted_batch_dims);
            }

            /// <summary>One transform after another.</summary>
            public class ComposeTransform : Transform
            {
                public override constraints.Constraint domain => parts.Length == 0 ? constraints.real : parts[0].domain;
                public override constraints.Constraint codomain => parts.Length == 0 ? constraints.real : parts[^1].codomain;
                private readonly Transform[] parts;

                public ComposeTransform(IEnumerable<Transform> parts, int cache_size = 0) => this.parts = [.. parts];

                public override bool bijective => parts.All(p => p.bijective);
                public override int event_dim => parts.Select(p => p.event_dim).DefaultIfEmpty().Max();
                public override Transform inv => new ComposeTransform(Enumerable.Reverse(parts).Select(p => p.inv));
                public override long[] forward_shape(long[] shape) => parts.Aggregate(shape, (s, p) => p.forward_shape(s));
                public override long[] inverse_shape(long[] shape) => Enumerable.Reverse(parts).Aggregate(shape, (s, p) => p.inverse_shape(s));
                protected internal override Tensor _call(Tensor x) => parts.Aggregate(x, (at, p) => p._call(at));
                protected internal override Tensor _inverse(Tensor y) => Enumerable.Reverse(parts).Aggregate(y, (at, p) => p._inverse(at));
                protected internal override Tensor _sign() => parts.Aggregate(tensor(1.0), (s, p) => s * p._sign());

                protected internal override Tensor log_abs_det_jacobian(Tensor x, Tensor y) => WrappedTensorDisposeScope(() =>
                {
                    var sum = zeros([], x.dtype, x.device);
                    foreach (var part in parts)
                    {
                        var next = part._call(x);
                        sum = sum + TorchSharp.Modules.Independent.SumLast(part.log_abs_det_jacobian(x, next), event_dim - part.event_dim);
                        x = next;
                    }
                    return sum;
                });
            }
        }
    }
}
