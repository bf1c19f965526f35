// Convolutions. Weights are (out, in / groups, kernel...), of transposed ones (in, out / groups, kernel...).

using static TorchSharp.torch;

namespace TorchSharp.Modules;

public abstract class Convolution : nn.Module<Tensor, Tensor>
{
    private Parameter? _weight;
    private Parameter? _bias;
    private long[]? aroundInput;

    protected Convolution(string name, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[] padding, Padding? padding_type, long[] dilation, bool transposed, long[] output_padding, long groups, bool bias, PaddingModes padding_mode, Device? device = null, ScalarType? dtype = null) : base(name)
    {
        if (groups <= 0 || in_channels % groups != 0 || out_channels % groups != 0)
        {
            throw new ArgumentException($"{in_channels} input and {out_channels} output channels do not divide into {groups} groups", nameof(groups));
        }
        this.in_channels = in_channels;
        this.out_channels = out_channels;
        this.kernel_size = kernel_size;
        this.stride = stride;
        this.dilation = dilation;
        this.transposed = transposed;
        this.output_padding = output_padding;
        this.groups = groups;
        this.padding_mode = padding_mode;
        this.padding = padding;
        this.padding_type = padding_type;
        SetAround();
        if (padding_type == Padding.Same && stride.Any(s => s != 1))
        {
            throw new ArgumentException("the padding Same goes with a stride of 1 only", nameof(padding_type));
        }
        var taps = kernel_size.Aggregate(1L, (a, b) => a * b);
        long[] shape = transposed ? [in_channels, out_channels / groups, .. kernel_size] : [out_channels, in_channels / groups, .. kernel_size];
        weight = Fresh.Uniform(shape, shape[1] * taps, device, dtype);
        if (bias)
        {
            this.bias = Fresh.Uniform([out_channels], shape[1] * taps, device, dtype);
        }
    }

    public long in_channels { get; }
    public long out_channels { get; }
    public long[] kernel_size { get; set; }
    public long[] stride { get; set; }
    public long[] dilation { get; set; }
    public long[] output_padding { get; set; }
    public long[] padding { get; private set; }
    public Padding? padding_type { get; private set; }
    public PaddingModes padding_mode { get; set; }
    public bool transposed { get; }
    public long groups { get; set; }

    public Parameter weight
    {
        get => _weight!;
        set => Fresh.Put(ref _weight, value, nameof(weight), ConditionallyRegisterParameter);
    }

    public Parameter? bias
    {
        get => _bias;
        set => Fresh.Put(ref _bias, value, nameof(bias), ConditionallyRegisterParameter);
    }

    public void SetPadding(long[] padding)
    {
        this.padding = padding;
        padding_type = null;
        SetAround();
    }

    public void SetPadding(Padding padding)
    {
        padding_type = padding;
        SetAround();
    }

    public void reset_parameters()
    {
        var shape = _weight!.shape;
        var bound = 1 / Math.Sqrt(shape[1] * kernel_size.Aggregate(1L, (a, b) => a * b));
        using var guard = no_grad();
        Aten.uniform_.Run(_weight, -bound, bound);
        if (_bias is not null)
        {
            Aten.uniform_.Run(_bias, -bound, bound);
        }
    }

    /// <summary>What the modes other than zeros put around the input, listed from the last axis.</summary>
    private void SetAround()
    {
        var axes = kernel_size.Length;
        aroundInput = new long[2 * axes];
        for (var i = 0; i < axes; i++)
        {
            var at = 2 * (axes - 1 - i);
            if (padding_type is null)
            {
                aroundInput[at] = aroundInput[at + 1] = padding[i];
            }
            else if (padding_type == Padding.Same)
            {
                var total = dilation[i] * (kernel_size[i] - 1);
                aroundInput[at] = total / 2;
                aroundInput[at + 1] = total - total / 2;
            }
        }
    }

    /// <summary>Whether the input has the axes of one sample or of a batch, and the right channels.</summary>
    protected bool ValidateShape(Tensor input, long dimensions)
    {
        var axes = input.dim();
        return (axes == dimensions + 1 || axes == dimensions + 2) && input.size((int)(axes - dimensions - 1)) == in_channels;
    }

    private protected Tensor Convolve(Tensor input, int dimensions, Op op, Op opWithWord, long[] none)
    {
        if (!ValidateShape(input, dimensions))
        {
            throw new ArgumentException(
                $"{GetName()} takes (N, {in_channels}, ...) with {dimensions} axes after the channels, not [{string.Join(", ", input.shape)}]", nameof(input));
        }
        if (padding_mode is PaddingModes.Zeros or PaddingModes.Constant)
        {
            return padding_type is { } kind
                ? opWithWord.Call(input, _weight, _bias, stride, kind == Padding.Same ? "same" : "valid", dilation, groups)
                : op.Call(input, _weight, _bias, stride, padding, dilation, groups);
        }
        using var padded = nn.functional.pad(input, aroundInput!, padding_mode);
        return op.Call(padded, _weight, _bias, stride, none, dilation, groups);
    }
}

public sealed class Conv1d : Convolution
{
    private static readonly long[] None = [0];

    internal Conv1d(long in_channels, long out_channels, long kernel_size, long stride, long padding, Padding? padding_type, long dilation, PaddingModes padding_mode, long groups, bool bias, Device? device, ScalarType? dtype)
        : base(nameof(Conv1d), in_channels, out_channels, [kernel_size], [stride], [padding], padding_type, [dilation], false, [0], groups, bias, padding_mode, device, dtype) { }

    public override Tensor forward(Tensor input) => Convolve(input, 1, Aten.conv1d, Aten.conv1d_padding, None);
}

public sealed class Conv2d : Convolution
{
    private static readonly long[] None = [0, 0];

    internal Conv2d(long in_channels, long out_channels, (long, long) kernel_size, (long, long) stride, (long, long) padding, Padding? padding_type, (long, long) dilation, PaddingModes padding_mode, long groups, bool bias, Device? device, ScalarType? dtype)
        : base(nameof(Conv2d), in_channels, out_channels, [kernel_size.Item1, kernel_size.Item2], [stride.Item1, stride.Item2], [padding.Item1, padding.Item2], padding_type, [dilation.Item1, dilation.Item2], false, [0, 0], groups, bias, padding_mode, device, dtype) { }

    public override Tensor forward(Tensor input) => Convolve(input, 2, Aten.conv2d, Aten.conv2d_padding, None);
}

public sealed class Conv3d : Convolution
{
    private static readonly long[] None = [0, 0, 0];

    internal Conv3d(long in_channels, long out_channels, (long, long, long) kernel_size, (long, long, long) stride, (long, long, long) padding, Padding? padding_type, (long, long, long) dilation, PaddingModes padding_mode, long groups, bool bias, Device? device, ScalarType? dtype)
        : base(nameof(Conv3d), in_channels, out_channels, [kernel_size.Item1, kernel_size.Item2, kernel_size.Item3], [stride.Item1, stride.Item2, stride.Item3], [padding.Item1, padding.Item2, padding.Item3], padding_type, [dilation.Item1, dilation.Item2, dilation.Item3], false, [0, 0, 0], groups, bias, padding_mode, device, dtype) { }

    public override Tensor forward(Tensor input) => Convolve(input, 3, Aten.conv3d, Aten.conv3d_padding, None);
}
