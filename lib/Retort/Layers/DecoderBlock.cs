using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// A pre-norm decoder layer: x += SA(LN1 x); x += CA(LN2 x, memory); x += W2 relu(W1 LN3 x), with dropout after each part
/// and after the ReLU. Keys of its state are those of PyTorch's nn.TransformerDecoderLayer.
/// </summary>
public sealed class DecoderBlock : nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor>
{
    private const double Epsilon = 1e-5;

    private readonly PackedAttention self_attn;
    private readonly PackedAttention multihead_attn;
    private readonly Linear linear1;
    private readonly Linear linear2;
    private readonly LayerNorm norm1;
    private readonly LayerNorm norm2;
    private readonly LayerNorm norm3;
    private readonly SeededDropout dropout;

    /// <param name="width">width of a token, D</param>
    /// <param name="heads">attention heads</param>
    /// <param name="hidden">width of the hidden layer</param>
    /// <param name="dropout">probability of 0 in training, in the parts and in the attention weights</param>
    /// <param name="generator">what dropout draws from</param>
    public DecoderBlock(int width, int heads, int hidden, double dropout, Generator generator) : base(nameof(DecoderBlock))
    {
        self_attn = new PackedAttention(width, heads, dropout, generator);
        multihead_attn = new PackedAttention(width, heads, dropout, generator);
        linear1 = nn.Linear(width, hidden);
        linear2 = nn.Linear(hidden, width);
        norm1 = nn.LayerNorm(width);
        norm2 = nn.LayerNorm(width);
        norm3 = nn.LayerNorm(width);
        this.dropout = new SeededDropout(dropout, generator);
        RegisterComponents();
    }

    /// <summary>All tokens at once: (B, L, D) to (B, L, D).</summary>
    /// <param name="x">(B, L, D)</param>
    /// <param name="memory">(B, S, D)</param>
    /// <param name="causal">added to the self-attention's scores</param>
    /// <param name="memoryMask">added to the cross-attention's scores</param>
    public override Tensor forward(Tensor x, Tensor memory, Tensor? causal, Tensor? memoryMask)
    {
        using var scope = NewDisposeScope();
        var (keys, values) = multihead_attn.KeysValues(memory);
        var attended = dropout.call(self_attn.call(EncoderBlock.AddNorm(x, null, norm1, Epsilon).Normed, causal));
        var (y, second) = EncoderBlock.AddNorm(x, attended, norm2, Epsilon);
        return FeedForward(y, dropout.call(multihead_attn.Cross(second, keys, values, memoryMask))).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="forward"/>, with the weights (B, heads, L, S) of the cross-attention.</summary>
    internal (Tensor Output, Tensor Weights) Attended(Tensor x, Tensor memory, Tensor? causal, Tensor? memoryMask)
    {
        using var scope = NewDisposeScope();
        var attended = dropout.call(self_attn.call(EncoderBlock.AddNorm(x, null, norm1, Epsilon).Normed, causal));
        var weights = multihead_attn.CrossWeights(EncoderBlock.AddNorm(x, attended, norm2, Epsilon).Normed, multihead_attn.KeysValues(memory).Keys, memoryMask);
        return (call(x, memory, causal, memoryMask).MoveToOuterDisposeScope(), weights.MoveToOuterDisposeScope());
    }

    /// <summary>The memory's keys and values, for <see cref="Step"/>.</summary>
    internal (Tensor Keys, Tensor Values) KeysValues(Tensor memory) => multihead_attn.KeysValues(memory);

    /// <summary>The memory's keys and values side by side, for the fused kernels.</summary>
    internal Tensor Memory(Tensor memory) => multihead_attn.Memory(memory);

    /// <summary>One more token (N, D) of each row, by the fused kernels.</summary>
    internal Tensor StepFused(Tensor x, StepHistory history, int layer)
    {
        using var scope = NewDisposeScope();
        var attended = self_attn.StepFused(EncoderBlock.AddNorm(x, null, norm1, Epsilon).Normed, history, layer);
        var (y, second) = EncoderBlock.AddNorm(x, attended, norm2, Epsilon);
        return FeedForward(y, multihead_attn.CrossFused(second, history, layer)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// One more token of each row. Rows (N, 1, D) of a memory with M rows: N is a multiple of M, and the N / M hypotheses of
    /// one memory lie beside one another, so that its keys are read once for all of them.
    /// </summary>
    internal (Tensor Output, Tensor Keys, Tensor Values) Step(
        Tensor x, (Tensor Keys, Tensor Values)? past, (Tensor Keys, Tensor Values) cross, Tensor? memoryMask)
    {
        using var scope = NewDisposeScope();
        var (attended, keys, values) = self_attn.Step(EncoderBlock.AddNorm(x, null, norm1, Epsilon).Normed, past);
        var (y, second) = EncoderBlock.AddNorm(x, attended, norm2, Epsilon);
        long rows = x.shape[0], memories = cross.Keys.shape[0], width = x.shape[2];
        var crossed = multihead_attn.Cross(second.view(memories, rows / memories, width), cross.Keys, cross.Values, memoryMask);
        return (FeedForward(y, crossed.view(rows, 1, width)).MoveToOuterDisposeScope(), keys.MoveToOuterDisposeScope(), values.MoveToOuterDisposeScope());
    }

    // Of x + before.
    private Tensor FeedForward(Tensor x, Tensor before)
    {
        var (y, third) = EncoderBlock.AddNorm(x, before, norm3, Epsilon);
        return y + dropout.call(linear2.call(dropout.call(linear1.call(third).relu_())));
    }
}
