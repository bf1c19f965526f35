namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            public static Tensor max_pool1d(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                Aten.max_pool1d.Call(input, (long[])[kernel_size], (long[])[stride ?? kernel_size], Or(padding, Zero1), Or(dilation, One1), ceil_mode);

            public static (Tensor Values, Tensor Indices) max_pool1d_with_indices(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                Aten.max_pool1d_with_indices.Call2(input, (long[])[kernel_size], (long[])[stride ?? kernel_size], Or(padding, Zero1), Or(dilation, One1), ceil_mode);

            public static Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Aten.max_pool2d.Call(input, kernel_size, strides ?? kernel_size, padding ?? Zero2, dilation ?? One2, ceil_mode);

            public static Tensor max_pool2d(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, [kernel_size, kernel_size], Twice(stride), Twice(padding), Twice(dilation), ceil_mode);

            public static Tensor max_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, (long, long)? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, Pair(kernel_size), Pair(stride), Pair(padding), Pair(dilation), ceil_mode);

            public static (Tensor Values, Tensor Indices) max_pool2d_with_indices(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Aten.max_pool2d_with_indices.Call2(input, kernel_size, strides ?? kernel_size, padding ?? Zero2, dilation ?? One2, ceil_mode);

            public static Tensor max_pool3d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Aten.max_pool3d.Call(input, kernel_size, strides ?? kernel_size, padding ?? Zero3, dilation ?? One3, ceil_mode);

            public static (Tensor Values, Tensor Indices) max_pool3d_with_indices(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) =>
                Aten.max_pool3d_with_indices.Call2(input, kernel_size, strides ?? kernel_size, padding ?? Zero3, dilation ?? One3, ceil_mode);

            private static long[]? Twice(long? value) => value is { } v ? [v, v] : null;

            public static Tensor avg_pool1d(Tensor input, long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false, bool count_include_pad = true) =>
                Aten.avg_pool1d.Call(input, (long[])[kernel_size], (long[])[stride ?? kernel_size], Or(padding, Zero1), ceil_mode, count_include_pad);

            /// <summary>The gradient of <see cref="avg_pool2d(Tensor, long[], long[], long[], bool, bool, long?)"/> with respect to its input.</summary>
            /// <param name="input">the gradient of the result</param>
            public static Tensor avg_pool2d_backward(Tensor input, Tensor originalInput, long[] kernel_sizes, long[]? strides = null, long[]? paddings = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                Aten.avg_pool2d_backward.Call(input, originalInput, kernel_sizes, strides ?? kernel_sizes, paddings ?? Zero2, ceil_mode, count_include_pad, divisor_override);

            /// <summary>As <see cref="avg_pool2d_backward"/>, in three dimensions.</summary>
            /// <param name="input">the gradient of the result</param>
            public static Tensor avg_pool3d_backward(Tensor input, Tensor originalInput, long[] kernel_sizes, long[]? strides = null, long[]? paddings = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                Aten.avg_pool3d_backward.Call(input, originalInput, kernel_sizes, strides ?? kernel_sizes, paddings ?? Zero3, ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                Aten.avg_pool2d.Call(input, kernel_size, stride ?? kernel_size, padding ?? Zero2, ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(input, (long[])[kernel_size, kernel_size], Twice(stride), (long[])[padding, padding], ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool2d(Tensor input, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                avg_pool2d(input, Pair(kernel_size), Pair(stride), Pair(padding), ceil_mode, count_include_pad, divisor_override);

            public static Tensor avg_pool3d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) =>
                Aten.avg_pool3d.Call(input, kernel_size, stride ?? kernel_size, padding ?? Zero3, ceil_mode, count_include_pad, divisor_override);

            public static Tensor adaptive_avg_pool1d(Tensor input, long output_size) => Aten.adaptive_avg_pool1d.Call(input, (long[])[output_size]);

            public static Tensor adaptive_avg_pool2d(Tensor input, long[] output_size) => Aten.adaptive_avg_pool2d.Call(input, output_size);

            public static Tensor adaptive_avg_pool2d(Tensor input, (long, long) output_size) => Aten.adaptive_avg_pool2d.Call(input, Pair(output_size));

            public static Tensor adaptive_avg_pool2d(Tensor input, long output_size) => Aten.adaptive_avg_pool2d.Call(input, (long[])[output_size, output_size]);

            public static Tensor adaptive_avg_pool3d(Tensor input, long[] output_size) => Aten.adaptive_avg_pool3d.Call(input, output_size);

            public static Tensor adaptive_avg_pool3d(Tensor input, (long, long, long) output_size) => Aten.adaptive_avg_pool3d.Call(input, Triple(output_size));

            public static Tensor adaptive_avg_pool3d(Tensor input, long output_size) => Aten.adaptive_avg_pool3d.Call(input, (long[])[output_size, output_size, output_size]);

            public static Tensor adaptive_max_pool1d(Tensor input, long output_size) => First(Aten.adaptive_max_pool1d.Call2(input, (long[])[output_size]));

            public static (Tensor Values, Tensor Indices) adaptive_max_pool1d_with_indices(Tensor input, long output_size) => Aten.adaptive_max_pool1d.Call2(input, (long[])[output_size]);

            public static Tensor adaptive_max_pool2d(Tensor input, long[] output_size) => First(Aten.adaptive_max_pool2d.Call2(input, output_size));

            public static (Tensor Values, Tensor Indices) adaptive_max_pool2d_with_indices(Tensor input, long[] output_size) => Aten.adaptive_max_pool2d.Call2(input, output_size);

            public static Tensor adaptive_max_pool3d(Tensor input, long[] output_size) => First(Aten.adaptive_max_pool3d.Call2(input, output_size));

            public static (Tensor Values, Tensor Indices) adaptive_max_pool3d_with_indices(Tensor input, long[] output_size) => Aten.adaptive_max_pool3d.Call2(input, output_size);

            private static Tensor First((Tensor, Tensor) pair)
            {
                pair.Item2.Dispose();
                return pair.Item1;
            }

            public static Tensor lp_pool1d(Tensor input, double norm_type, long kernel_size, long? stride = null, bool ceil_mode = false)
            {
                using var powers = Aten.pow_Tensor_Scalar.Call(input, norm_type);
                using var mean = avg_pool1d(powers, kernel_size, stride, 0, ceil_mode);
                return Root(mean, norm_type, kernel_size);
            }

            public static Tensor lp_pool2d(Tensor input, double norm_type, long[] kernel_size, long[]? stride = null, bool ceil_mode = false)
            {
                using var powers = Aten.pow_Tensor_Scalar.Call(input, norm_type);
                using var mean = avg_pool2d(powers, kernel_size, stride, null, ceil_mode);
                return Root(mean, norm_type, kernel_size[0] * kernel_size[1]);
            }

            public static Tensor lp_pool2d(Tensor input, double norm_type, long kernel_size, long? stride = null, bool ceil_mode = false) =>
                lp_pool2d(input, norm_type, [kernel_size, kernel_size], Twice(stride), ceil_mode);

            // sign(m) relu(|m|) · count, to the power 1/p, as PyTorch computes it
            private static Tensor Root(Tensor mean, double norm, long count)
            {
                using var scope = NewDisposeScope();
                var positive = Aten.mul_Tensor.Call(Aten.sign.Call(mean), Aten.relu.Call(Aten.abs.Call(mean)));
                return Aten.pow_Tensor_Scalar.Call(Aten.mul_Scalar.Call(positive, (double)count), 1 / norm).MoveToOuterDisposeScope();
            }

            public static Tensor max_unpool1d(Tensor input, Tensor indices, long kernel_size, long? stride = null, long? padding = null, long[]? output_size = null)
            {
                // ATen has it for two axes: length becomes (length, 1).
                var length = output_size is null ? Unpooled(input.shape[^1], kernel_size, stride ?? kernel_size, padding ?? 0) : output_size[^1];
                using var flat = Aten.unsqueeze.Call(input, -1);
                using var places = Aten.unsqueeze.Call(indices, -1);
                using var full = Aten.max_unpool2d.Call(flat, places, (long[])[length, 1]);
                return Aten.squeeze_dim.Call(full, -1);
            }

            public static Tensor max_unpool2d(Tensor input, Tensor indices, long[] kernel_size, long[]? stride = null, long[]? padding = null, long[]? output_size = null) =>
                Aten.max_unpool2d.Call(input, indices, Unpooled(input, 2, kernel_size, stride ?? kernel_size, padding ?? Zero2, output_size));

            public static Tensor max_unpool3d(Tensor input, Tensor indices, long[] kernel_size, long[]? stride = null, long[]? padding = null, long[]? output_size = null) =>
                Aten.max_unpool3d.Call(input, indices, Unpooled(input, 3, kernel_size, stride ?? kernel_size, padding ?? Zero3, output_size), stride ?? kernel_size, padding ?? Zero3);

            private static long Unpooled(long size, long kernel, long stride, long padding) => (size - 1) * stride - 2 * padding + kernel;

            private static long[] Unpooled(Tensor input, int axes, long[] kernel, long[] stride, long[] padding, long[]? given)
            {
                if (given is not null)
                {
                    return given[^axes..];
                }
                var shape = input.shape;
                var sizes = new long[axes];
                for (var i = 0; i < axes; i++)
                {
                    sizes[i] = Unpooled(shape[shape.Length - axes + i], kernel[i], stride[i], padding[i]);
                }
                return sizes;
            }
        }
    }
}
