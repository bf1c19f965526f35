namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Initial values, written in place outside autograd; the given tensor comes back.</summary>
        public static partial class init
        {
            public enum FanInOut { FanIn = 0, FanOut = 1 }

            public enum NonlinearityType
            {
                Linear = 0, Conv1D = 1, Conv2D = 2, Conv3D = 3, ConvTranspose1D = 4, ConvTranspose2D = 5, ConvTranspose3D = 6,
                Sigmoid = 7, Tanh = 8, ReLU = 9, LeakyReLU = 10,
            }

            private static Tensor Written(Tensor tensor, Action<Tensor> write)
            {
                using var guard = no_grad();
                write(tensor);
                return tensor;
            }

            public static Tensor uniform_(Tensor tensor, double low = 0, double high = 1, Generator? generator = null) =>
                Written(tensor, t => Aten.uniform_.Run(t, low, high, generator));

            public static Tensor normal_(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null) =>
                Written(tensor, t => Aten.normal_.Run(t, mean, std, generator));

            /// <summary>Normal, drawn again outside [a, b]: by the inverse of the distribution function.</summary>
            public static Tensor trunc_normal_(Tensor tensor, double mean = 0, double std = 1, double a = -2, double b = 2, Generator? generator = null)
            {
                // The distribution's bounds in [0, 1], stretched to erf's range.
                var low = NormalBelow((a - mean) / std);
                var high = NormalBelow((b - mean) / std);
                return Written(tensor, t =>
                {
                    Aten.uniform_.Run(t, 2 * low - 1, 2 * high - 1, generator);
                    Aten.erfinv_.Run(t);
                    Aten.mul_Scalar_.Run(t, std * Math.Sqrt(2));
                    Aten.add_Scalar_.Run(t, mean);
                    Aten.clamp_.Run(t, a, b);
                });
            }

            public static Tensor constant_(Tensor tensor, Scalar val) => Written(tensor, t => Aten.fill_Scalar_.Run(t, val));

            public static Tensor ones_(Tensor tensor) => constant_(tensor, 1);

            public static Tensor zeros_(Tensor tensor) => constant_(tensor, 0);

            public static Tensor eye_(Tensor tensor)
            {
                if (tensor.dim() != 2)
                {
                    throw new ArgumentException("eye_ fills a matrix", nameof(tensor));
                }
                return Written(tensor, t =>
                {
                    Aten.zero_.Run(t);
                    using var diagonal = Aten.diagonal.Call(t);
                    Aten.fill_Scalar_.Run(diagonal, 1);
                });
            }

            /// <summary>A kernel that passes as many channels through as it can.</summary>
            public static Tensor dirac_(Tensor tensor)
            {
                var shape = tensor.shape;
                if (shape.Length is < 3 or > 5)
                {
                    throw new ArgumentException("dirac_ fills the kernel of a convolution, of 3 to 5 axes", nameof(tensor));
                }
                return Written(tensor, t =>
                {
                    Aten.zero_.Run(t);
                    var middle = t.alias();
                    for (var axis = shape.Length - 1; axis >= 2; axis--)
                    {
                        var next = Aten.select_int.Call(middle, axis, shape[axis] / 2);
                        middle.Dispose();
                        middle = next;
                    }
                    using var diagonal = Aten.diagonal.Call(middle);
                    middle.Dispose();
                    Aten.fill_Scalar_.Run(diagonal, 1);
                });
            }

            public static Tensor xavier_uniform_(Tensor tensor, double gain = 1)
            {
                var bound = Math.Sqrt(3) * XavierDeviation(tensor, gain);
                return uniform_(tensor, -bound, bound);
            }

            public static Tensor xavier_normal_(Tensor tensor, double gain = 1) => normal_(tensor, 0, XavierDeviation(tensor, gain));

            public static Tensor glorot_uniform_(Tensor tensor, double gain = 1) => xavier_uniform_(tensor, gain);

            public static Tensor glorot_normal_(Tensor tensor, double gain = 1) => xavier_normal_(tensor, gain);

            public static Tensor kaiming_uniform_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn, NonlinearityType nonlinearity = NonlinearityType.LeakyReLU)
            {
                var bound = Math.Sqrt(3) * KaimingDeviation(tensor, a, mode, nonlinearity);
                return uniform_(tensor, -bound, bound);
            }

            public static Tensor kaiming_normal_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn, NonlinearityType nonlinearity = NonlinearityType.LeakyReLU) =>
                normal_(tensor, 0, KaimingDeviation(tensor, a, mode, nonlinearity));

            public static Tensor orthogonal_(Tensor tensor, double gain = 1)
            {
                if (tensor.dim() < 2)
                {
                    throw new ArgumentException("orthogonal_ fills a tensor of two or more axes", nameof(tensor));
                }
                return Written(tensor, t =>
                {
                    using var scope = NewDisposeScope();
                    var rows = t.shape[0];
                    var columns = t.shape.Aggregate(1L, (x, y) => x * y) / rows;
                    var random = empty([rows, columns], dtype: t.dtype, device: t.device);
                    Aten.normal_.Run(random, 0.0, 1.0);
                    if (rows < columns)
                    {
                        random = Aten.transpose_int.Call(random, 0, 1);
                    }
                    var (q, r) = Aten.linalg_qr.Call2(random);
                    // The sign of R's diagonal makes the draw uniform over orthogonal matrices.
                    q = Aten.mul_Tensor.Call(q, Aten.sign.Call(Aten.diagonal.Call(r)));
                    if (rows < columns)
                    {
                        q = Aten.transpose_int.Call(q, 0, 1);
                    }
                    Aten.copy_.Run(t, Aten.reshape.Call(q, t.shape));
                    Aten.mul_Scalar_.Run(t, gain);
                });
            }

            /// <summary>Normal, with the given part of each column zero.</summary>
            public static Tensor sparse_(Tensor tensor, double sparsity, double std = 0.01)
            {
                if (tensor.dim() != 2)
                {
                    throw new ArgumentException("sparse_ fills a matrix", nameof(tensor));
                }
                return Written(tensor, t =>
                {
                    using var scope = NewDisposeScope();
                    var rows = t.shape[0];
                    var zeros = (long)Math.Ceiling(sparsity * rows);
                    Aten.normal_.Run(t, 0.0, std);
                    for (var column = 0; column < t.shape[1]; column++)
                    {
                        var chosen = Aten.slice_Tensor.Call(Aten.randperm.Call(rows), 0, 0, zeros);
                        Aten.index_fill_int_Scalar_.Run(Aten.select_int.Call(t, 1, column), 0, chosen, 0);
                    }
                });
            }

            public static (long fanIn, long fanOut) CalculateFanInAndFanOut(Tensor tensor)
            {
                var shape = tensor.shape;
                if (shape.Length < 2)
                {
                    throw new ArgumentException("a tensor of fewer than two axes has no fan-in", nameof(tensor));
                }
                var field = 1L;
                for (var i = 2; i < shape.Length; i++)
                {
                    field *= shape[i];
                }
                return (shape[1] * field, shape[0] * field);
            }

            public static double calculate_gain(NonlinearityType nonlinearity, double param = 0) => nonlinearity switch
            {
                NonlinearityType.Tanh => 5.0 / 3.0,
                NonlinearityType.ReLU => Math.Sqrt(2),
                NonlinearityType.LeakyReLU => Math.Sqrt(2 / (1 + param * param)),
                _ => 1,
            };

            private static double XavierDeviation(Tensor tensor, double gain)
            {
                var (fanIn, fanOut) = CalculateFanInAndFanOut(tensor);
                return gain * Math.Sqrt(2.0 / (fanIn + fanOut));
            }

            private static double KaimingDeviation(Tensor tensor, double a, FanInOut mode, NonlinearityType nonlinearity)
            {
                var (fanIn, fanOut) = CalculateFanInAndFanOut(tensor);
                return calculate_gain(nonlinearity, a) / Math.Sqrt(mode == FanInOut.FanIn ? fanIn : fanOut);
            }

            /// <summary>The standard normal distribution function, by libtorch's erf.</summary>
            private static double NormalBelow(double x)
            {
                using var scope = NewDisposeScope();
                var erf = Aten.erf.Call(full([1], x / Math.Sqrt(2), dtype: ScalarType.Float64, device: CPU));
                return (1 + erf.item<double>()) / 2;
            }
        }
    }
}
