using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// A linear layer whose weight is made without values: for models whose weights come from a file, or from
/// <see cref="FreshWeights"/>. Keys of its state: <c>weight</c> (out, in), <c>bias</c> (out) where it has one, and with a
/// low-rank update <c>lora</c>.
/// </summary>
public sealed class Projection : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly Parameter? bias;
    private LowRankUpdate? lora;
    // No part of the state: a file holds the weight that they were made of.
    private (Tensor Bytes, Tensor Scales)? small;

    /// <param name="inputs">width of the input</param>
    /// <param name="outputs">width of the output</param>
    /// <param name="bias">whether a bias is added</param>
    /// <param name="dtype">type of the weights; float32 if null</param>
    /// <param name="device">where they are; the CPU if null</param>
    public Projection(long inputs, long outputs, bool bias = false, ScalarType? dtype = null, Device? device = null) : base(nameof(Projection))
    {
        weight = new Parameter(empty([outputs, inputs], dtype, device));
        this.bias = bias ? new Parameter(empty([outputs], dtype, device)) : null;
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>The weight (out, in).</summary>
    public Parameter Weight => weight;

    /// <summary>The bias (out), or null.</summary>
    public Parameter? Bias => bias;

    /// <summary>The low-rank update, or null.</summary>
    public LowRankUpdate? Lora => lora;

    /// <summary>(..., in) to (..., out).</summary>
    public override Tensor forward(Tensor x)
    {
        if (lora is null && bias is null && small is null)
        {
            return Fused.LinearRows(x, weight) ?? Fused.Linear(x, weight, null) ?? nn.functional.linear(x, weight);
        }
        using var scope = NewDisposeScope();
        var y = small is { } s ? InEightBits(x, s.Bytes, s.Scales) : Fused.Linear(x, weight, bias) ?? nn.functional.linear(x, weight, bias);
        return (lora is null ? y : y + lora.call(x)).MoveToOuterDisposeScope();
    }

    private Tensor InEightBits(Tensor x, Tensor bytes, Tensor scales)
    {
        // Few rows: the bytes are read once. Many: the weight is made again, for this call alone.
        var y = Fused.LinearBytes(x.to(float32), bytes, scales) is { } few ? few.to(x.dtype) : nn.functional.linear(x, (bytes.to(float32) * scales.unsqueeze(1)).to(x.dtype));
        return bias is null ? y : y + bias;
    }

    /// <summary>
    /// From now on the weight is kept in 8 bits, each output's with a scale of its own (its largest weight is 127), rounded to the nearest; the
    /// weight itself is given up. For inference alone: the layer's state has no weight any more.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is in 8 bits already, or holds values that are not finite.</exception>
    public void ToEightBits()
    {
        if (small is not null)
        {
            throw new InvalidOperationException("this layer is in 8 bits already");
        }
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var wide = weight.to(float32);
        var scales = wide.abs().amax([1L]) / 127;
        if (!scales.isfinite().all().item<bool>())
        {
            throw new InvalidOperationException("a weight that is not finite cannot be kept in 8 bits");
        }
        var bytes = (wide / scales.clamp_min(1e-30).unsqueeze(1)).round().to(ScalarType.Int8);
        small = (bytes.DetachFromDisposeScope(), scales.DetachFromDisposeScope());
        weight.requires_grad = false;
        weight.set_(empty([0, weight.shape[1]], weight.dtype, weight.device));
    }

    /// <summary>The weight's bytes and scales, or null.</summary>
    internal (Tensor Bytes, Tensor Scales)? Bytes => small;

    /// <summary>Whether <see cref="ToEightBits"/> was called.</summary>
    public bool EightBits => small is not null;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && small is { } s)
        {
            s.Bytes.Dispose();
            s.Scales.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <summary>Adds a low-rank update, which becomes a part of this layer.</summary>
    /// <exception cref="InvalidOperationException">There is one already.</exception>
    public void Attach(LowRankUpdate update)
    {
        if (lora is not null)
        {
            throw new InvalidOperationException("this layer has a low-rank update already");
        }
        lora = update;
        register_module(nameof(lora), update);
    }
}

/// <summary>
/// A table of rows looked up by number, made without values as <see cref="Projection"/>. Key of its state: <c>weight</c> (rows, width).
/// </summary>
public sealed class RowTable : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;

    /// <param name="rows">number of rows</param>
    /// <param name="width">width of a row</param>
    /// <param name="dtype">type of the weights; float32 if null</param>
    /// <param name="device">where they are; the CPU if null</param>
    public RowTable(long rows, long width, ScalarType? dtype = null, Device? device = null) : base(nameof(RowTable))
    {
        weight = new Parameter(empty([rows, width], dtype, device));
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>The table (rows, width).</summary>
    public Parameter Weight => weight;

    /// <summary>Numbers (...), int64, to rows (..., width).</summary>
    public override Tensor forward(Tensor numbers)
    {
        using var scope = NewDisposeScope();
        return weight.index_select(0, numbers.reshape(-1)).view([.. numbers.shape, weight.shape[1]]).MoveToOuterDisposeScope();
    }
}
