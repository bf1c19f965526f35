namespace TorchSharp;

public static partial class torch
{
    public enum InterpolationMode { Nearest = 0, Linear = 1, Bilinear = 2, Bicubic = 3, Trilinear = 4, Area = 5, NearestExact = 6 }

    public enum UpsampleMode { Nearest = 0, Linear = 1, Bilinear = 2, Bicubic = 3, Trilinear = 4 }

    public enum GridSampleMode { Nearest = 0, Bilinear = 2 }

    public enum GridSamplePaddingMode { Zeros = 0, Reflection = 1, Border = 2 }

    public static partial class nn
    {
        public static partial class functional
        {
            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => mode switch
            {
                PaddingModes.Constant => Aten.pad.Call(input, pad, "constant", value),
                PaddingModes.Zeros => Aten.pad.Call(input, pad, "constant", 0.0),
                PaddingModes.Reflect => Aten.pad.Call(input, pad, "reflect"),
                PaddingModes.Replicate => Aten.pad.Call(input, pad, "replicate"),
                PaddingModes.Circular => Aten.pad.Call(input, pad, "circular"),
                _ => throw new ArgumentOutOfRangeException(nameof(mode)),
            };

            public static Tensor pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, pad.ToArray(), mode, value);

            public static Tensor pad(Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, Pair(pad), mode, value);

            public static Tensor pad(Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, (long[])[pad.Item1, pad.Item2, pad.Item3, pad.Item4], mode, value);

            /// <summary>The same padding on both sides of the last axis.</summary>
            public static Tensor pad(Tensor input, long pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, (long[])[pad, pad], mode, value);

            public static Tensor pixel_shuffle(Tensor input, long upscale_factor) => Aten.pixel_shuffle.Call(input, upscale_factor);

            public static Tensor pixel_unshuffle(Tensor input, long downscale_factor) => Aten.pixel_unshuffle.Call(input, downscale_factor);

            public static Tensor unfold(Tensor input, long kernel_size, long dilation = 1, long padding = 0, long stride = 1) =>
                unfold(input, (kernel_size, kernel_size), (dilation, dilation), (padding, padding), (stride, stride));

            public static Tensor unfold(Tensor input, (long, long) kernel_size, (long, long)? dilation = null, (long, long)? padding = null, (long, long)? stride = null) =>
                Aten.im2col.Call(input, Pair(kernel_size), Pair(dilation) ?? One2, Pair(padding) ?? Zero2, Pair(stride) ?? One2);

            public static Tensor fold(Tensor input, long output_size, long kernel_size, long dilation = 1, long padding = 0, long stride = 1) =>
                fold(input, (output_size, output_size), (kernel_size, kernel_size), (dilation, dilation), (padding, padding), (stride, stride));

            public static Tensor fold(Tensor input, (long, long) output_size, (long, long) kernel_size, (long, long)? dilation = null, (long, long)? padding = null, (long, long)? stride = null) =>
                Aten.col2im.Call(input, Pair(output_size), Pair(kernel_size), Pair(dilation) ?? One2, Pair(padding) ?? Zero2, Pair(stride) ?? One2);

            public static Tensor grid_sample(Tensor input, Tensor grid, GridSampleMode mode = GridSampleMode.Bilinear, GridSamplePaddingMode padding_mode = GridSamplePaddingMode.Zeros, bool? align_corners = null)
            {
                // ATen counts bilinear 0, nearest 1, and zeros 0, border 1, reflection 2.
                var interpolation = mode == GridSampleMode.Bilinear ? 0 : 1;
                var outside = padding_mode switch { GridSamplePaddingMode.Border => 1, GridSamplePaddingMode.Reflection => 2, _ => 0 };
                return Aten.grid_sampler.Call(input, grid, interpolation, outside, align_corners ?? false);
            }

            public static Tensor affine_grid(Tensor theta, long[]? size = null, bool align_corners = false) =>
                Aten.affine_grid_generator.Call(theta, size ?? throw new ArgumentNullException(nameof(size)), align_corners);

            public static Tensor interpolate(Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest, bool? align_corners = null, bool recompute_scale_factor = false, bool antialias = false)
            {
                var axes = (int)x.dim() - 2;
                if (size is null == scale_factor is null)
                {
                    throw new ArgumentException("exactly one of size and scale_factor is to be given");
                }
                // One number stands for every axis, as in PyTorch.
                size = size is { Length: 1 } ? [.. Enumerable.Repeat(size[0], axes)] : size;
                scale_factor = scale_factor is { Length: 1 } ? [.. Enumerable.Repeat(scale_factor[0], axes)] : scale_factor;
                if (scale_factor is not null && (recompute_scale_factor || mode == InterpolationMode.Area))
                {
                    size = new long[axes];
                    for (var i = 0; i < axes; i++)
                    {
                        size[i] = (long)Math.Floor(x.shape[i + 2] * scale_factor[i]);
                    }
                    scale_factor = null;
                }
                var corners = align_corners ?? false;
                return (mode, axes) switch
                {
                    (InterpolationMode.Nearest, 1) => Aten.upsample_nearest1d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.Nearest, 2) => Aten.upsample_nearest2d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.Nearest, 3) => Aten.upsample_nearest3d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.NearestExact, 1) => Aten._upsample_nearest_exact1d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.NearestExact, 2) => Aten._upsample_nearest_exact2d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.NearestExact, 3) => Aten._upsample_nearest_exact3d_vec.Call(x, size, scale_factor),
                    (InterpolationMode.Area, 1) => Aten.adaptive_avg_pool1d.Call(x, size),
                    (InterpolationMode.Area, 2) => Aten.adaptive_avg_pool2d.Call(x, size),
                    (InterpolationMode.Area, 3) => Aten.adaptive_avg_pool3d.Call(x, size),
                    (InterpolationMode.Linear, 1) => Aten.upsample_linear1d_vec.Call(x, size, corners, scale_factor),
                    (InterpolationMode.Bilinear, 2) => (antialias ? Aten._upsample_bilinear2d_aa_vec : Aten.upsample_bilinear2d_vec).Call(x, size, corners, scale_factor),
                    (InterpolationMode.Bicubic, 2) => (antialias ? Aten._upsample_bicubic2d_aa_vec : Aten.upsample_bicubic2d_vec).Call(x, size, corners, scale_factor),
                    (InterpolationMode.Trilinear, 3) => Aten.upsample_trilinear3d_vec.Call(x, size, corners, scale_factor),
                    _ => throw new ArgumentException($"{mode} does not work on a tensor of {axes + 2} axes"),
                };
            }

            public static Tensor upsample(Tensor input, long[]? size = null, double[]? scale_factor = null, UpsampleMode mode = UpsampleMode.Nearest, bool align_corners = false) =>
                interpolate(input, size, scale_factor, (InterpolationMode)(int)mode, align_corners);

            public static Tensor upsample_nearest(Tensor x, long[]? size = null, double[]? scale_factor = null, bool align_corners = false) =>
                interpolate(x, size, scale_factor);

            public static Tensor upsample_bilinear(Tensor x, long[]? size = null, double[]? scale_factor = null, bool align_corners = false) =>
                interpolate(x, size, scale_factor, InterpolationMode.Bilinear, align_corners);

            public static Tensor upsample_nearest1d(Tensor input, long? outputSize, double? scaleFactor) =>
                Aten.upsample_nearest1d_vec.Call(input, outputSize is { } s ? (long[])[s] : null, scaleFactor is { } f ? (double[])[f] : null);

            public static Tensor upsample_nearest2d(Tensor input, long[]? outputSizes = null, double[]? scaleFactors = null) => Aten.upsample_nearest2d_vec.Call(input, outputSizes, scaleFactors);

            public static Tensor upsample_nearest3d(Tensor input, long[]? outputSizes = null, double[]? scaleFactors = null) => Aten.upsample_nearest3d_vec.Call(input, outputSizes, scaleFactors);
        }
    }
}
