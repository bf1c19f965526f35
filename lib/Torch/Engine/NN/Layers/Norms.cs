// Normalization over features or groups of channels.

using static TorchSharp.torch;

namespace TorchSharp.Modules;

public sealed class LayerNorm : nn.Module<Tensor, Tensor>
{
    private Parameter? _weight;
    private Parameter? _bias;

    internal LayerNorm(long[] normalized_shape, double eps, bool elementwise_affine, bool bias, Device? device, ScalarType? dtype) : base(nameof(LayerNorm))
    {
        this.normalized_shape = normalized_shape;
        this.eps = eps;
        this.elementwise_affine = elementwise_affine;
        if (elementwise_affine)
        {
            weight = Fresh.Constant(normalized_shape, 1, device, dtype);
            if (bias)
            {
                this.bias = Fresh.Constant(normalized_shape, 0, device, dtype);
            }
        }
    }

    public long[] normalized_shape { get; set; }
    public double eps { get; set; }
    public bool elementwise_affine { get; set; }

    public Parameter? weight
    {
        get => _weight;
        set => Fresh.Put(ref _weight, value, nameof(weight), ConditionallyRegisterParameter);
    }

    public Parameter? bias
    {
        get => _bias;
        set => Fresh.Put(ref _bias, value, nameof(bias), ConditionallyRegisterParameter);
    }

    public void reset_parameters()
    {
        using var guard = no_grad();
        if (_weight is not null)
        {
            Aten.fill_Scalar_.Run(_weight, 1);
        }
        if (_bias is not null)
        {
            Aten.fill_Scalar_.Run(_bias, 0);
        }
    }

    public override Tensor forward(Tensor tensor) => Aten.layer_norm.Call(tensor, normalized_shape, _weight, _bias, eps);
}

public sealed class GroupNorm : nn.Module<Tensor, Tensor>
{
    private Parameter? _weight;
    private Parameter? _bias;

    internal GroupNorm(long num_groups, long num_channels, double eps, bool affine, Device? device, ScalarType? dtype) : base(nameof(GroupNorm))
    {
        this.num_groups = num_groups;
        this.eps = eps;
        this.affine = affine;
        if (affine)
        {
            weight = Fresh.Constant([num_channels], 1, device, dtype);
            bias = Fresh.Constant([num_channels], 0, device, dtype);
        }
    }

    public long num_groups { get; set; }
    public double eps { get; set; }
    public bool affine { get; set; }

    public Parameter? weight
    {
        get => _weight;
        set => Fresh.Put(ref _weight, value, nameof(weight), ConditionallyRegisterParameter);
    }

    public Parameter? bias
    {
        get => _bias;
        set => Fresh.Put(ref _bias, value, nameof(bias), ConditionallyRegisterParameter);
    }

    public override Tensor forward(Tensor tensor)
    {
        if (tensor.dim() < 2)
        {
            throw new ArgumentException($"GroupNorm takes (N, C, ...), not a tensor of {tensor.dim()} axes", nameof(tensor));
        }
        return Aten.group_norm.Call(tensor, num_groups, _weight, _bias, eps);
    }
}
