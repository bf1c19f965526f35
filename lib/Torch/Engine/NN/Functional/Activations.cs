using GeluKind = TorchSharp.Modules.GELU.Approximate;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>The functions that modules are made of. An in-place one returns another object for its argument.</summary>
        public static partial class functional
        {
            private static Tensor Either(bool inplace, Op op, Op opInPlace, Tensor x) =>
                inplace ? opInPlace.Into(x).alias() : op.Call(x);

            private static Tensor Either(bool inplace, Op op, Op opInPlace, Tensor x, double a) =>
                inplace ? opInPlace.Into(x, a).alias() : op.Call(x, a);

            private static Tensor Either(bool inplace, Op op, Op opInPlace, Tensor x, double a, double b) =>
                inplace ? opInPlace.Into(x, a, b).alias() : op.Call(x, a, b);

            public static Tensor relu(Tensor x, bool inplace = false) => Either(inplace, Aten.relu, Aten.relu_, x);

            public static Tensor relu6(Tensor x, bool inplace = false) => Either(inplace, Aten.relu6, Aten.relu6_, x);

            public static Tensor gelu(Tensor x) => Aten.gelu.Call(x);

            public static Tensor gelu(Tensor x, bool inplace) => Either(inplace, Aten.gelu, Aten.gelu_, x);

            public static Tensor gelu(Tensor x, GeluKind approximate, bool inplace = false)
            {
                var kind = approximate == GeluKind.tanh ? "tanh" : "none";
                return inplace ? Aten.gelu_.Into(x, kind).alias() : Aten.gelu.Call(x, kind);
            }

            public static Tensor silu(Tensor x, bool inplace = false) => Either(inplace, Aten.silu, Aten.silu_, x);

            public static Tensor SiLU(Tensor x, bool inplace = false) => silu(x, inplace);

            public static Tensor mish(Tensor x, bool inplace = false) => Either(inplace, Aten.mish, Aten.mish_, x);

            public static Tensor Mish(Tensor x) => mish(x);

            public static Tensor hardswish(Tensor input, bool inplace = false) => Either(inplace, Aten.hardswish, Aten.hardswish_, input);

            public static Tensor hardsigmoid(Tensor input, bool inplace = false) => Either(inplace, Aten.hardsigmoid, Aten.hardsigmoid_, input);

            public static Tensor sigmoid(Tensor x) => Aten.sigmoid.Call(x);

            public static Tensor sigmoid(Tensor x, bool inplace) => Either(inplace, Aten.sigmoid, Aten.sigmoid_, x);

            public static Tensor tanh(Tensor x, bool inplace = false) => Either(inplace, Aten.tanh, Aten.tanh_, x);

            public static Tensor logsigmoid(Tensor x) => Aten.log_sigmoid.Call(x);

            public static Tensor elu(Tensor x, double alpha, bool inplace = false) => Either(inplace, Aten.elu, Aten.elu_, x, alpha);

            public static Tensor celu(Tensor x, double alpha, bool inplace = false) => Either(inplace, Aten.celu, Aten.celu_, x, alpha);

            public static Tensor selu(Tensor x, bool inplace = false) => Either(inplace, Aten.selu, Aten.selu_, x);

            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false) =>
                Either(inplace, Aten.leaky_relu, Aten.leaky_relu_, input, negative_slope);

            public static Tensor prelu(Tensor input, Tensor weight) => Aten.prelu.Call(input, weight);

            public static Tensor rrelu(Tensor x, double lower = 1.0 / 8.0, double upper = 1.0 / 3.0, bool inplace = false) =>
                Either(inplace, Aten.rrelu, Aten.rrelu_, x, lower, upper);

            public static Tensor hardtanh(Tensor x, double min_val = -1, double max_val = 1, bool inplace = false) =>
                Either(inplace, Aten.hardtanh, Aten.hardtanh_, x, min_val, max_val);

            public static Tensor Hardtanh(Tensor x, double min_val = -1, double max_val = 1, bool inplace = false) =>
                hardtanh(x, min_val, max_val, inplace);

            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => Aten.softplus.Call(x, beta, threshold);

            public static Tensor hardshrink(Tensor x, double lambda = 0.5) => Aten.hardshrink.Call(x, lambda);

            public static Tensor Hardshrink(Tensor x, double lambda = 0.5) => hardshrink(x, lambda);

            public static Tensor softshrink(Tensor x, double lambda = 0.5) => Aten.softshrink.Call(x, lambda);

            public static Tensor Softshrink(Tensor x, double lambda = 0.5) => softshrink(x, lambda);

            public static Tensor threshold(Tensor x, double threshold, double value, bool inplace = false) =>
                Either(inplace, Aten.threshold, Aten.threshold_, x, threshold, value);

            public static Tensor Threshold(Tensor x, double threshold, double value, bool inplace = false) =>
                nn.functional.threshold(x, threshold, value, inplace);

            /// <summary>x / (1 + |x|)</summary>
            public static Tensor softsign(Tensor x, bool inplace = false)
            {
                using var size = Aten.abs.Call(x);
                using var below = Aten.add_Scalar.Call(size, 1);
                return inplace ? Aten.div_Tensor_.Into(x, below).alias() : Aten.div_Tensor.Call(x, below);
            }

            public static Tensor Softsign(Tensor x) => softsign(x);

            /// <summary>x - tanh(x)</summary>
            public static Tensor tanhshrink(Tensor x, bool inplace = false)
            {
                using var squashed = Aten.tanh.Call(x);
                return inplace ? Aten.sub_Tensor_.Into(x, squashed).alias() : Aten.sub_Tensor.Call(x, squashed);
            }

            public static Tensor Tanhshrink(Tensor x) => tanhshrink(x);

            public static Tensor glu(Tensor input, long dim = -1) => Aten.glu.Call(input, dim);

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => Aten.softmax_int.Call(input, dim, dtype);

            public static Tensor log_softmax(Tensor x, long dim) => Aten.log_softmax_int.Call(x, dim);

            public static Tensor softmin(Tensor x, long dim)
            {
                using var opposite = Aten.neg.Call(x);
                return Aten.softmax_int.Call(opposite, dim);
            }

            /// <summary>Softmax over the channels of (N, C, H, W) or (C, H, W).</summary>
            public static Tensor softmax2d(Tensor x) => Aten.softmax_int.Call(x, -3);
        }
    }
}
