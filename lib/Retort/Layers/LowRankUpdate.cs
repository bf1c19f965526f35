// LoRA, Hu et al. 2021: W x + (alpha / r) B A x with A (r, in), B (out, r), B zero at the start.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>The low-rank part of a linear layer, under the PEFT library's names: <c>lora_A.weight</c>, <c>lora_B.weight</c>.</summary>
public sealed class LowRankUpdate : nn.Module<Tensor, Tensor>
{
    private readonly Projection lora_A;
    private readonly Projection lora_B;
    private readonly SeededDropout? dropout;

    /// <param name="inputs">width of the layer's input</param>
    /// <param name="outputs">width of the layer's output</param>
    /// <param name="rank">r</param>
    /// <param name="alpha">alpha; the update is scaled by alpha / r</param>
    /// <param name="dropout">acts on the input in training; null for none</param>
    /// <param name="dtype">type of the weights; float32 if null</param>
    /// <param name="device">where they are; the CPU if null</param>
    public LowRankUpdate(long inputs, long outputs, int rank, double alpha, SeededDropout? dropout = null, ScalarType? dtype = null, Device? device = null)
        : base(nameof(LowRankUpdate))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        Scale = alpha / rank;
        lora_A = new Projection(inputs, rank, dtype: dtype, device: device);
        lora_B = new Projection(rank, outputs, dtype: dtype, device: device);
        this.dropout = dropout;
        RegisterComponents();
    }

    /// <summary>alpha / r.</summary>
    public double Scale { get; }

    /// <summary>(..., in) to (..., out), the scale applied.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var input = training && dropout is not null ? dropout.call(x) : x;
        return (lora_B.call(lora_A.call(input)) * Scale).MoveToOuterDisposeScope();
    }

    /// <summary>Scale B A (out, in): what the update adds to the layer's weight.</summary>
    public Tensor Product()
    {
        using var scope = NewDisposeScope();
        return (matmul(lora_B.Weight, lora_A.Weight) * Scale).MoveToOuterDisposeScope();
    }
}
