using K = TorchSharp.Kernels;
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

            public static Tensor relu(Tensor x, bool inplace = false) => Either(inplace, K.Relu, K.ReluInPlace, x);

            public static Tensor relu6(Tensor x, bool inplace = false) => Either(inplace, K.Relu6, K.Relu6InPlace, x);

            public static Tensor gelu(Tensor x) => K.Gelu.Call(x);

            public static Tensor gelu(Tensor x, bool inplace) => Either(inplace, K.Gelu, K.GeluInPlace, x);

            public static Tensor gelu(Tensor x, GeluKind approximate, bool inplace = false)
            {
                var kind = approximate == GeluKind.tanh ? "tanh" : "none";
                return inplace ? K.GeluInPlace.Into(x, kind).alias() : K.Gelu.Call(x, kind);
            }

            public static Tensor silu(Tensor x, bool inplace = false) => Either(inplace, K.Silu, K.SiluInPlace, x);

            public static Tensor SiLU(Tensor x, bool inplace = false) => silu(x, inplace);

            public static Tensor mish(Tensor x, bool inplace = false) => Either(inplace, K.Mish, K.MishInPlace, x);

            public static Tensor Mish(Tensor x) => mish(x);

            public static Tensor hardswish(Tensor input, bool inplace = false) => Either(inplace, K.Hardswish, K.HardswishInPlace, input);

            public static Tensor hardsigmoid(Tensor input, bool inplace = false) => Either(inplace, K.Hardsigmoid, K.HardsigmoidInPlace, input);

            public static Tensor sigmoid(Tensor x) => K.Sigmoid.Call(x);

            public static Tensor sigmoid(Tensor x, bool inplace) => Either(inplace, K.Sigmoid, K.SigmoidInPlace, x);

            public static Tensor tanh(Tensor x, bool inplace = false) => Either(inplace, K.Tanh, K.TanhInPlace, x);

            public static Tensor logsigmoid(Tensor x) => K.LogSigmoid.Call(x);

            public static Tensor elu(Tensor x, double alpha, bool inplace = false) => Either(inplace, K.Elu, K.EluInPlace, x, alpha);

            public static Tensor celu(Tensor x, double alpha, bool inplace = false) => Either(inplace, K.Celu, K.CeluInPlace, x, alpha);

            public static Tensor selu(Tensor x, bool inplace = false) => Either(inplace, K.Selu, K.SeluInPlace, x);

            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false) =>
                Either(inplace, K.LeakyRelu, K.LeakyReluInPlace, input, negative_slope);

            public static Tensor prelu(Tensor input, Tensor weight) => K.Prelu.Call(input, weight);

            public static Tensor rrelu(Tensor x, double lower = 1.0 / 8.0, double upper = 1.0 / 3.0, bool inplace = false) =>
                Either(inplace, K.Rrelu, K.RreluInPlace, x, lower, upper);

            public static Tensor hardtanh(Tensor x, double min_val = -1, double max_val = 1, bool inplace = false) =>
                Either(inplace, K.Hardtanh, K.HardtanhInPlace, x, min_val, max_val);

            public static Tensor Hardtanh(Tensor x, double min_val = -1, double max_val = 1, bool inplace = false) =>
                hardtanh(x, min_val, max_val, inplace);

            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => K.Softplus.Call(x, beta, threshold);

            public static Tensor hardshrink(Tensor x, double lambda = 0.5) => K.Hardshrink.Call(x, lambda);

            public static Tensor Hardshrink(Tensor x, double lambda = 0.5) => hardshrink(x, lambda);

            public static Tensor softshrink(Tensor x, double lambda = 0.5) => K.Softshrink.Call(x, lambda);

            public static Tensor Softshrink(Tensor x, double lambda = 0.5) => softshrink(x, lambda);

            public static Tensor threshold(Tensor x, double threshold, double value, bool inplace = false) =>
                Either(inplace, K.Threshold, K.ThresholdInPlace, x, threshold, value);

            public static Tensor Threshold(Tensor x, double threshold, double value, bool inplace = false) =>
                nn.functional.threshold(x, threshold, value, inplace);

            /// <summary>x / (1 + |x|)</summary>
            public static Tensor softsign(Tensor x, bool inplace = false)
            {
                using var size = K.Abs.Call(x);
                using var below = K.AddScalar.Call(size, 1);
                return inplace ? K.DivInPlace.Into(x, below).alias() : K.Div.Call(x, below);
            }

            public static Tensor Softsign(Tensor x) => softsign(x);

            /// <summary>x - tanh(x)</summary>
            public static Tensor tanhshrink(Tensor x, bool inplace = false)
            {
                using var squashed = K.Tanh.Call(x);
                return inplace ? K.SubInPlace.Into(x, squashed).alias() : K.Sub.Call(x, squashed);
            }

            public static Tensor Tanhshrink(Tensor x) => tanhshrink(x);

            public static Tensor glu(Tensor input, long dim = -1) => K.Glu.Call(input, dim);

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => K.Softmax.Call(input, dim, dtype);

            public static Tensor log_softmax(Tensor x, long dim) => K.LogSoftmax.Call(x, dim);

            public static Tensor softmin(Tensor x, long dim)
            {
                using var opposite = K.Neg.Call(x);
                return K.Softmax.Call(opposite, dim);
            }

            /// <summary>Softmax over the channels of (N, C, H, W) or (C, H, W).</summary>
            public static Tensor softmax2d(Tensor x) => K.Softmax.Call(x, -3);
        }
    }
}
