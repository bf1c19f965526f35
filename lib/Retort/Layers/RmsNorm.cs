// Zhang and Sennrich 2019, "Root mean square layer normalization": x / sqrt(mean(x^2) + eps) w.

using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>RMSNorm over the last axis; a lower type than float32 is normalised in float32. Key of its state: <c>weight</c>.</summary>
public sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly double epsilon;

    /// <param name="width">width of the last axis</param>
    /// <param name="epsilon">added to the mean square</param>
    /// <param name="dtype">type of the weight; float32 if null</param>
    /// <param name="device">where it is; the CPU if null</param>
    public RmsNorm(long width, double epsilon = 1e-5, ScalarType? dtype = null, Device? device = null) : base(nameof(RmsNorm))
    {
        weight = new Parameter(ones([width], dtype, device));
        this.epsilon = epsilon;
        RegisterComponents();
        this.OutliveScopes();
    }

    internal Tensor Weight => weight;

    internal double Epsilon => epsilon;

    /// <summary>(..., D) to (..., D).</summary>
    public override Tensor forward(Tensor x)
    {
        if (Fused.RmsNorm(x, weight, epsilon) is { } fused)
        {
            return fused;
        }
        using var scope = NewDisposeScope();
        var wide = x.dtype == ScalarType.Float32 || x.dtype == ScalarType.Float64 ? x : x.to(ScalarType.Float32);
        var normed = wide * ((wide * wide).mean([-1L], keepdim: true) + epsilon).rsqrt();
        return (normed.to(x.dtype) * weight).MoveToOuterDisposeScope();
    }
}
