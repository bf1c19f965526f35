using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>x W' + b, with W of (out, in).</summary>
public sealed class Linear : nn.Module<Tensor, Tensor>
{
    private Parameter? _weight;
    private Parameter? _bias;

    internal Linear(long inputSize, long outputSize, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(Linear))
    {
        in_features = inputSize;
        out_features = outputSize;
        weight = Fresh.Uniform([outputSize, inputSize], inputSize, device, dtype);
        if (hasBias)
        {
            bias = Fresh.Uniform([outputSize], inputSize, device, dtype);
        }
    }

    internal Linear(Parameter weight, Parameter? bias) : base(nameof(Linear))
    {
        in_features = weight.shape[1];
        out_features = weight.shape[0];
        this.weight = weight;
        this.bias = bias;
    }

    public long in_features { get; set; }
    public long out_features { get; set; }

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

    public override Tensor forward(Tensor tensor) => Aten.linear.Call(tensor, _weight, _bias);
}

/// <summary>x1' W x2 + b, with W of (out, in1, in2).</summary>
public sealed class Bilinear : nn.Module<Tensor, Tensor, Tensor>
{
    private Parameter? _weight;
    private Parameter? _bias;

    internal Bilinear(long in1_features, long in2_features, long out_features, bool hasBias, Device? device, ScalarType? dtype) : base(nameof(Bilinear))
    {
        this.in1_features = in1_features;
        this.in2_features = in2_features;
        this.out_features = out_features;
        weight = Fresh.Uniform([out_features, in1_features, in2_features], in1_features, device, dtype);
        if (hasBias)
        {
            bias = Fresh.Uniform([out_features], in1_features, device, dtype);
        }
    }

    public long in1_features { get; set; }
    public long in2_features { get; set; }
    public long out_features { get; set; }

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

    public override Tensor forward(Tensor input1, Tensor input2) => Aten.bilinear.Call(input1, input2, _weight, _bias);
}
