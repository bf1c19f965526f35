using static TorchSharp.torch;

namespace TorchSharp.Modules;

public abstract class ConvolutionTranspose : Convolution
{
    protected ConvolutionTranspose(string name, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[] padding, Padding? padding_type, long[] dilation, bool transposed, long[] output_padding, long groups, bool bias, PaddingModes padding_mode, Device? device = null, ScalarType? dtype = null)
        : base(name, in_channels, out_channels, kernel_size, stride, padding, padding_type, dilation, transposed, output_padding, groups, bias, padding_mode, device, dtype)
    {
        if (padding_mode != PaddingModes.Zeros)
        {
            throw new ArgumentException("a transposed convolution pads with zeros only", nameof(padding_mode));
        }
    }

    public override Tensor forward(Tensor input) => forward(input, null);

    /// <summary>The output's size where strides leave it open: of its last axes, or of all axes.</summary>
    public abstract Tensor forward(Tensor input, long[]? output_size);

    private protected Tensor Transposed(Tensor input, long[]? output_size, int dimensions, Op op)
    {
        var extra = output_size is null ? output_padding : _output_padding(input, output_size, kernel_size, stride, padding, dilation, dimensions);
        return op.Call(input, weight, bias, stride, padding, extra, groups, dilation);
    }

    /// <summary>What must be added on one side to reach the wanted size.</summary>
    protected long[] _output_padding(Tensor input, long[] output_size, long[] kernel_size, long[] stride, long[] padding, long[] dilation, long num_spatial_dims)
    {
        var axes = (int)num_spatial_dims;
        if (output_size.Length != axes && output_size.Length != input.dim())
        {
            throw new ArgumentException($"an output size has {axes} or {input.dim()} numbers, not {output_size.Length}", nameof(output_size));
        }
        var wanted = output_size[^axes..];
        var shape = input.shape;
        var extra = new long[axes];
        for (var i = 0; i < axes; i++)
        {
            var least = (shape[shape.Length - axes + i] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel_size[i] - 1) + 1;
            if (wanted[i] < least || wanted[i] >= least + stride[i])
            {
                throw new ArgumentException($"axis {i} can be {least} to {least + stride[i] - 1} long, not {wanted[i]}", nameof(output_size));
            }
            extra[i] = wanted[i] - least;
        }
        return extra;
    }
}

public sealed class ConvTranspose1d : ConvolutionTranspose
{
    internal ConvTranspose1d(long in_channels, long out_channels, long kernel_size, long stride, long padding, long output_padding, long dilation, PaddingModes padding_mode, long groups, bool bias, Device? device, ScalarType? dtype)
        : base(nameof(ConvTranspose1d), in_channels, out_channels, [kernel_size], [stride], [padding], null, [dilation], true, [output_padding], groups, bias, padding_mode, device, dtype) { }

    public override Tensor forward(Tensor input, long[]? output_size) => Transposed(input, output_size, 1, Aten.conv_transpose1d);
}

public sealed class ConvTranspose2d : ConvolutionTranspose
{
    internal ConvTranspose2d(long in_channels, long out_channels, (long, long) kernel_size, (long, long) stride, (long, long) padding, (long, long) output_padding, (long, long) dilation, PaddingModes padding_mode, long groups, bool bias, Device? device, ScalarType? dtype)
        : base(nameof(ConvTranspose2d), in_channels, out_channels, [kernel_size.Item1, kernel_size.Item2], [stride.Item1, stride.Item2], [padding.Item1, padding.Item2], null, [dilation.Item1, dilation.Item2], true, [output_padding.Item1, output_padding.Item2], groups, bias, padding_mode, device, dtype) { }

    public override Tensor forward(Tensor input, long[]? output_size) => Transposed(input, output_size, 2, Aten.conv_transpose2d_input);
}

public sealed class ConvTranspose3d : ConvolutionTranspose
{
    internal ConvTranspose3d(long in_channels, long out_channels, (long, long, long) kernel_size, (long, long, long) stride, (long, long, long) padding, (long, long, long) output_padding, (long, long, long) dilation, PaddingModes padding_mode, long groups, bool bias, Device? device, ScalarType? dtype)
        : base(nameof(ConvTranspose3d), in_channels, out_channels, [kernel_size.Item1, kernel_size.Item2, kernel_size.Item3], [stride.Item1, stride.Item2, stride.Item3], [padding.Item1, padding.Item2, padding.Item3], null, [dilation.Item1, dilation.Item2, dilation.Item3], true, [output_padding.Item1, output_padding.Item2, output_padding.Item3], groups, bias, padding_mode, device, dtype) { }

    public override Tensor forward(Tensor input, long[]? output_size) => Transposed(input, output_size, 3, Aten.conv_transpose3d_input);
}
