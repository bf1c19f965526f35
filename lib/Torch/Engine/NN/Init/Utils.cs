using Parameter = TorchSharp.Modules.Parameter;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class utils
        {
            private static Tensor[] GradsOf(IEnumerable<Parameter> tensors)
            {
                var grads = new List<Tensor>();
                foreach (var parameter in tensors)
                {
                    if (Gradients.Of(parameter) is { } grad)
                    {
                        grads.Add(grad);
                    }
                }
                return [.. grads];
            }

            private static void Let(Tensor[] tensors)
            {
                foreach (var tensor in tensors)
                {
                    tensor.Dispose();
                }
            }

            /// <summary>
            /// Scales all gradients together so that their norm is at most <paramref name="max_norm"/>; the norm before
            /// comes back. The scale is max_norm / (norm + 1e-6), at most 1.
            /// </summary>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2)
            {
                var grads = GradsOf(tensors);
                if (grads.Length == 0)
                {
                    return 0;
                }
                try
                {
                    using var guard = no_grad();
                    using var scope = NewDisposeScope();
                    // _foreach_norm knows the norms 1 and 2 only.
                    var norms = norm_type is 1 or 2 ? Aten._foreach_norm_Scalar.CallList(grads, norm_type) : Array.ConvertAll(grads, g => Aten.linalg_vector_norm.Call(g, norm_type));
                    var total = Aten.linalg_vector_norm.Call(Aten.stack.Call(norms), norm_type).to_type(ScalarType.Float64).item<double>();
                    var scale = max_norm / (total + 1e-6);
                    if (!(scale >= 1))
                    {
                        Aten._foreach_mul_Scalar_.Run(grads, scale);
                    }
                    return total;
                }
                finally
                {
                    Let(grads);
                }
            }

            /// <summary>Clamps every gradient's elements to within plus and minus the value.</summary>
            public static void clip_grad_value_(IEnumerable<Parameter> tensors, double clip_value)
            {
                var grads = GradsOf(tensors);
                using var guard = no_grad();
                foreach (var grad in grads)
                {
                    Aten.clamp_.Run(grad, -clip_value, clip_value);
                }
                Let(grads);
            }

            /// <summary>All parameters in one row.</summary>
            public static Tensor parameters_to_vector(IEnumerable<Parameter> tensors)
            {
                using var scope = NewDisposeScope();
                return Aten.cat.Call(tensors.Select(p => Aten.reshape.Call(p, Row)).ToArray()).MoveToOuterDisposeScope();
            }

            /// <summary>Copies a row of values into the parameters, in their order.</summary>
            public static void vector_to_parameters(Tensor vec, IEnumerable<Parameter> tensors)
            {
                using var guard = no_grad();
                using var scope = NewDisposeScope();
                var at = 0L;
                foreach (var parameter in tensors)
                {
                    var end = at + parameter.NumberOfElements;
                    Aten.copy_.Run(parameter, Aten.reshape.Call(Aten.slice_Tensor.Call(vec, 0, at, end), parameter.shape));
                    at = end;
                }
            }

            private static readonly long[] Row = [-1];

            /// <summary>The weight and bias of a convolution followed by a batch norm in evaluation.</summary>
            public static (Parameter weight, Parameter bias) fuse_conv_bn_weights(Tensor conv_w, Tensor? conv_b, Tensor bn_rm, Tensor bn_rv, double bn_eps, Tensor? bn_w, Tensor? bn_b, bool transpose = false)
            {
                using var guard = no_grad();
                using var scope = NewDisposeScope();
                var scale = Scale(bn_rv, bn_eps, bn_w);
                var shape = new long[conv_w.dim()];
                Array.Fill(shape, 1);
                shape[transpose ? 1 : 0] = -1;
                var weight = Aten.mul_Tensor.Call(conv_w, Aten.reshape.Call(scale, shape));
                return (new Parameter(weight.MoveToOuterDisposeScope(), conv_w.requires_grad), Shift(conv_b, bn_rm, scale, bn_b));
            }

            /// <summary>The weight and bias of a linear layer followed by a batch norm in evaluation.</summary>
            public static (Parameter weight, Parameter bias) fuse_linear_bn_weights(Tensor linear_w, Tensor? linear_b, Tensor bn_rm, Tensor bn_rv, double bn_eps, Tensor bn_w, Tensor bn_b) =>
                fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b);

            private static Tensor Scale(Tensor variance, double eps, Tensor? weight)
            {
                var scale = Aten.pow_Tensor_Scalar.Call(Aten.add_Scalar.Call(variance, eps), -0.5);
                return weight is null ? scale : Aten.mul_Tensor.Call(scale, weight);
            }

            private static Parameter Shift(Tensor? bias, Tensor mean, Tensor scale, Tensor? shift)
            {
                var centred = bias is null ? Aten.neg.Call(mean) : Aten.sub_Tensor.Call(bias, mean);
                var moved = Aten.mul_Tensor.Call(centred, scale);
                moved = shift is null ? moved : Aten.add_Tensor.Call(moved, shift);
                return new Parameter(moved.MoveToOuterDisposeScope());
            }
        }
    }
}
