// Attention under PyTorch's key names (nn.MultiheadAttention), cut so that keys and values can be kept between calls.

using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// Multi-head attention with packed projections. Keys of its state are PyTorch's: <c>in_proj_weight</c> (3 D, D),
/// <c>in_proj_bias</c>, <c>out_proj</c>. Called with x it attends to itself.
/// </summary>
public sealed class PackedAttention : nn.Module<Tensor, Tensor?, Tensor>
{
    private readonly Parameter in_proj_weight;
    private readonly Parameter in_proj_bias;
    private readonly Linear out_proj;
    private readonly SeededDropout dropout;
    private readonly int width;
    private readonly int heads;

    /// <param name="width">width of a token, D</param>
    /// <param name="heads">number of heads; divides D</param>
    /// <param name="dropout">probability that an attention weight is 0 in training</param>
    /// <param name="generator">what dropout draws from</param>
    public PackedAttention(int width, int heads, double dropout, Generator generator) : base(nameof(PackedAttention))
    {
        if (heads < 1 || width % heads != 0)
        {
            throw new ArgumentException($"{heads} heads do not divide a width of {width}", nameof(heads));
        }
        in_proj_weight = new Parameter(zeros(3 * width, width));
        in_proj_bias = new Parameter(zeros(3 * width));
        out_proj = nn.Linear(width, width);
        this.dropout = new SeededDropout(dropout, generator);
        this.width = width;
        this.heads = heads;
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>Self-attention: (B, T, D) to (B, T, D).</summary>
    /// <param name="x">(B, T, D)</param>
    /// <param name="mask">added to the scores, broadcast to (B, heads, T, T); null for none</param>
    public override Tensor forward(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        return Out(Attention.Packed(Projected(x, 0, 3), heads, mask, training ? dropout : null)).MoveToOuterDisposeScope();
    }

    /// <summary>Keys and values (B, heads, S, d) of what is attended to.</summary>
    /// <param name="memory">(B, S, D)</param>
    public (Tensor Keys, Tensor Values) KeysValues(Tensor memory)
    {
        using var scope = NewDisposeScope();
        var kv = Memory(memory);
        return (Attention.Split(kv.narrow(2, 0, width).contiguous(), heads).contiguous().MoveToOuterDisposeScope(),
            Attention.Split(kv.narrow(2, width, width).contiguous(), heads).contiguous().MoveToOuterDisposeScope());
    }

    /// <summary>Keys and values (B, S, 2 D) of what is attended to, as the projection gives them.</summary>
    internal Tensor Memory(Tensor memory) => Projected(memory, 1, 2);

    /// <summary>One more token (N, D) of each row to (N, D), by the fused kernels.</summary>
    internal Tensor StepFused(Tensor x, StepHistory history, int layer)
    {
        using var scope = NewDisposeScope();
        var projected = nn.functional.linear(x, in_proj_weight, in_proj_bias);
        return out_proj.call(history.Self(layer, projected.to(ScalarType.Float32), heads)).MoveToOuterDisposeScope();
    }

    /// <summary>Attention of rows (N, D) to the history's memories, by the fused kernels.</summary>
    internal Tensor CrossFused(Tensor x, StepHistory history, int layer)
    {
        using var scope = NewDisposeScope();
        var q = nn.functional.linear(x, in_proj_weight.narrow(0, 0, width), in_proj_bias.narrow(0, 0, width));
        return out_proj.call(history.Cross(layer, q.to(ScalarType.Float32))).MoveToOuterDisposeScope();
    }

    /// <summary>Attention to kept keys and values: queries (B, T, D) to (B, T, D).</summary>
    /// <param name="x">(B, T, D); several hypotheses of one memory may stand beside one another along T</param>
    /// <param name="keys">(B, heads, S, d)</param>
    /// <param name="values">(B, heads, S, d)</param>
    /// <param name="mask">added to the scores, broadcast to (B, heads, T, S); null for none</param>
    public Tensor Cross(Tensor x, Tensor keys, Tensor values, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var q = Projected(x, 0, 1);
        var mixed = Attention.Scaled(Attention.Split(q, heads), keys, values, mask, dropout: training ? dropout : null);
        return Out(Attention.Merge(mixed)).MoveToOuterDisposeScope();
    }

    /// <summary>The weights (B, heads, T, S) by which <see cref="Cross"/> mixes values. Slower than mixing them, and for looking at.</summary>
    /// <param name="x">(B, T, D)</param>
    /// <param name="keys">(B, heads, S, d)</param>
    /// <param name="mask">added to the scores, broadcast to (B, heads, T, S); null for none</param>
    public Tensor CrossWeights(Tensor x, Tensor keys, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var q = Attention.Split(nn.functional.linear(x, in_proj_weight.narrow(0, 0, width), in_proj_bias.narrow(0, 0, width)), heads);
        var scores = matmul(q * (1 / Math.Sqrt(q.shape[^1])), keys.transpose(-2, -1));
        return (mask is null ? scores : scores + mask).softmax(-1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// One more token of each row: its output (B, 1, D), and the keys and values (B, heads, T + 1, d) with it.
    /// </summary>
    /// <param name="x">(B, 1, D)</param>
    /// <param name="past">keys and values (B, heads, T, d) of the tokens before; null for the first</param>
    public (Tensor Output, Tensor Keys, Tensor Values) Step(Tensor x, (Tensor Keys, Tensor Values)? past)
    {
        using var scope = NewDisposeScope();
        var parts = nn.functional.linear(x, in_proj_weight, in_proj_bias)
            .view(x.shape[0], 1, 3, heads, width / heads).permute(2, 0, 3, 1, 4);  // (3, B, heads, 1, d)
        var keys = past is { } p ? cat([p.Keys, parts.select(0, 1)], 2) : parts.select(0, 1).contiguous();
        var values = past is { } q ? cat([q.Values, parts.select(0, 2)], 2) : parts.select(0, 2).contiguous();
        var output = out_proj.call(Attention.Merge(Attention.Scaled(parts.select(0, 0), keys, values)));
        return (output.MoveToOuterDisposeScope(), keys.MoveToOuterDisposeScope(), values.MoveToOuterDisposeScope());
    }

    // Some of query, key and value.
    private Tensor Projected(Tensor x, long first, long parts) =>
        Fused.LinearInTraining(x, in_proj_weight.narrow(0, first * width, parts * width), in_proj_bias.narrow(0, first * width, parts * width));

    private Tensor Out(Tensor x) => Fused.LinearInTraining(x, out_proj.weight, out_proj.bias);
}
