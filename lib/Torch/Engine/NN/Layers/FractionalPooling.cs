// Max-pooling over windows whose places are drawn (Graham 2014): the result's size is any part of the input's.

using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static FractionalMaxPool2d FractionalMaxPool2d(long kernel_size, long? output_size = null, double? output_ratio = null) =>
                new([kernel_size, kernel_size], F.Times(output_size, 2), F.Times(output_ratio, 2));

            public static FractionalMaxPool2d FractionalMaxPool2d((long, long) kernel_size, (long, long)? output_size = null, (double, double)? output_ratio = null) =>
                new([kernel_size.Item1, kernel_size.Item2], F.Both(output_size), F.Both(output_ratio));

            public static FractionalMaxPool2d FractionalMaxPool2d(long[] kernel_size, long[]? output_size = null, double[]? output_ratio = null) =>
                new(kernel_size, output_size, output_ratio);

            public static FractionalMaxPool3d FractionalMaxPool3d(long kernel_size, long? output_size = null, double? output_ratio = null) =>
                new([kernel_size, kernel_size, kernel_size], F.Times(output_size, 3), F.Times(output_ratio, 3));

            public static FractionalMaxPool3d FractionalMaxPool3d((long, long, long) kernel_size, (long, long, long)? output_size = null, (double, double, double)? output_ratio = null) =>
                new([kernel_size.Item1, kernel_size.Item2, kernel_size.Item3], F.Three(output_size), F.Three(output_ratio));

            public static FractionalMaxPool3d FractionalMaxPool3d(long[] kernel_size, long[]? output_size = null, double[]? output_ratio = null) =>
                new(kernel_size, output_size, output_ratio);

            public static partial class functional
            {
                internal static T[]? Times<T>(T? value, int count) where T : struct => value is { } v ? [.. Enumerable.Repeat(v, count)] : null;
                internal static T[]? Both<T>((T, T)? value) where T : struct => value is { } v ? [v.Item1, v.Item2] : null;
                internal static T[]? Three<T>((T, T, T)? value) where T : struct => value is { } v ? [v.Item1, v.Item2, v.Item3] : null;

                internal static void CheckSize(long[]? output_size, double[]? output_ratio)
                {
                    if (output_size is null == output_ratio is null) throw new ArgumentException("exactly one of output_size and output_ratio is to be given");
                    if (output_ratio?.Any(r => r is <= 0 or >= 1) == true) throw new ArgumentOutOfRangeException(nameof(output_ratio), "ratios are between 0 and 1");
                }

                private static (Tensor, Tensor) Fractional(Op op, Tensor input, long[] kernel_size, long[]? output_size, double[]? output_ratio)
                {
                    CheckSize(output_size, output_ratio);
                    int sides = kernel_size.Length;
                    var shape = input.shape;
                    if (shape.Length != sides + 1 && shape.Length != sides + 2)
                    {
                        throw new ArgumentException($"an input of {sides + 1} or {sides + 2} dimensions is expected, not of {shape.Length}", nameof(input));
                    }
                    output_size ??= [.. output_ratio!.Select((r, i) => (long)(shape[shape.Length - sides + i] * r))];
                    // Where the windows of a channel lie.
                    using var places = rand([shape.Length == sides + 1 ? 1 : shape[0], shape[^(sides + 1)], sides], input.dtype, input.device);
                    return op.Call2(input, kernel_size, output_size, places);
                }

                public static Tensor fractional_max_pool2d(Tensor input, long kernel_size, long? output_size = null, double? output_ratio = null) =>
                    First(fractional_max_pool2d_with_indices(input, kernel_size, output_size, output_ratio));

                public static Tensor fractional_max_pool2d(Tensor input, (long, long) kernel_size, (long, long)? output_size = null, (double, double)? output_ratio = null) =>
                    First(fractional_max_pool2d_with_indices(input, kernel_size, output_size, output_ratio));

                public static Tensor fractional_max_pool2d(Tensor input, long[] kernel_size, long[]? output_size = null, double[]? output_ratio = null) =>
                    First(fractional_max_pool2d_with_indices(input, kernel_size, output_size, output_ratio));

                public static (Tensor, Tensor) fractional_max_pool2d_with_indices(Tensor input, long kernel_size, long? output_size = null, double? output_ratio = null) =>
                    fractional_max_pool2d_with_indices(input, [kernel_size, kernel_size], Times(output_size, 2), Times(output_ratio, 2));

                public static (Tensor, Tensor) fractional_max_pool2d_with_indices(Tensor input, (long, long) kernel_size, (long, long)? output_size = null, (double, double)? output_ratio = null) =>
                    fractional_max_pool2d_with_indices(input, [kernel_size.Item1, kernel_size.Item2], Both(output_size), Both(output_ratio));

                public static (Tensor, Tensor) fractional_max_pool2d_with_indices(Tensor input, long[] kernel_size, long[]? output_size = null, double[]? output_ratio = null) =>
                    Fractional(Aten.fractional_max_pool2d, input, kernel_size, output_size, output_ratio);

                public static Tensor fractional_max_pool3d(Tensor input, long kernel_size, long? output_size = null, double? output_ratio = null) =>
                    First(fractional_max_pool3d_with_indices(input, kernel_size, output_size, output_ratio));

                public static Tensor fractional_max_pool3d(Tensor input, (long, long, long) kernel_size, (long, long, long)? output_size = null, (double, double, double)? output_ratio = null) =>
                    First(fractional_max_pool3d_with_indices(input, kernel_size, output_size, output_ratio));

                public static Tensor fractional_max_pool3d(Tensor input, long[] kernel_size, long[]? output_size = null, double[]? output_ratio = null) =>
                    First(fractional_max_pool3d_with_indices(input, kernel_size, output_size, output_ratio));

                public static (Tensor, Tensor) fractional_max_pool3d_with_indices(Tensor input, long kernel_size, long? output_size = null, double? output_ratio = null) =>
                    fractional_max_pool3d_with_indices(input, [kernel_size, kernel_size, kernel_size], Times(output_size, 3), Times(output_ratio, 3));

                public static (Tensor, Tensor) fractional_max_pool3d_with_indices(Tensor input, (long, long, long) kernel_size, (long, long, long)? output_size = null, (double, double, double)? output_ratio = null) =>
                    fractional_max_pool3d_with_indices(input, [kernel_size.Item1, kernel_size.Item2, kernel_size.Item3], Three(output_size), Three(output_ratio));

                public static (Tensor, Tensor) fractional_max_pool3d_with_indices(Tensor input, long[] kernel_size, long[]? output_size = null, double[]? output_ratio = null) =>
                    Fractional(Aten.fractional_max_pool3d, input, kernel_size, output_size, output_ratio);
            }
        }
    }

    internal static partial class Aten
    {
        internal static readonly Op fractional_max_pool2d = new("aten::fractional_max_pool2d");
        internal static readonly Op fractional_max_pool3d = new("aten::fractional_max_pool3d");
    }
}

namespace TorchSharp.Modules
{
    public sealed class FractionalMaxPool2d : ParameterLessModule<Tensor, Tensor>
    {
        internal FractionalMaxPool2d(long[] kernel_size, long[]? output_size, double[]? output_ratio) : base(nameof(FractionalMaxPool2d))
        {
            F.CheckSize(output_size, output_ratio);
            (this.kernel_size, this.output_size, this.output_ratio) = (kernel_size, output_size!, output_ratio!);
        }

        public long[] kernel_size { get; set; }
        public long[] output_size { get; set; }
        public double[] output_ratio { get; set; }

        public override Tensor forward(Tensor input) => F.fractional_max_pool2d(input, kernel_size, output_size, output_ratio);

        public (Tensor, Tensor) forward_with_indices(Tensor input) => F.fractional_max_pool2d_with_indices(input, kernel_size, output_size, output_ratio);
    }

    public sealed class FractionalMaxPool3d : ParameterLessModule<Tensor, Tensor>
    {
        internal FractionalMaxPool3d(long[] kernel_size, long[]? output_size, double[]? output_ratio) : base(nameof(FractionalMaxPool3d))
        {
            F.CheckSize(output_size, output_ratio);
            (this.kernel_size, this.output_size, this.output_ratio) = (kernel_size, output_size!, output_ratio!);
        }

        public long[] kernel_size { get; set; }
        public long[] output_size { get; set; }
        public double[] output_ratio { get; set; }

        public override Tensor forward(Tensor input) => F.fractional_max_pool3d(input, kernel_size, output_size, output_ratio);

        public (Tensor, Tensor) forward_with_indices(Tensor input) => F.fractional_max_pool3d_with_indices(input, kernel_size, output_size, output_ratio);
    }
}
