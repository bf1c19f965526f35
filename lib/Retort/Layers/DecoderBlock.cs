using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// A decoder layer with dropout after each part and after the activation. Pre-norm (the default): x += SA(LN1 x);
/// x += CA(LN2 x, memory); x += W2 relu(W1 LN3 x). Post-norm, as in Vaswani et al. (2017): x = LN1(x + SA(x)) and so on. Keys
/// of its state are those of PyTorch's nn.TransformerDecoderLayer.
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
    private readonly bool postNorm;
    private readonly bool gelu;

    /// <param name="width">width of a token, D</param>
    /// <param name="heads">attention heads</param>
    /// <param name="hidden">width of the hidden layer</param>
    /// <param name="dropout">probability of 0 in training, in the parts and in the attention weights</param>
    /// <param name="generator">what dropout draws from</param>
    /// <param name="postNorm">whether the norms stand behind the sums</param>
    /// <param name="gelu">whether the activation is GELU instead of ReLU</param>
    public DecoderBlock(int width, int heads, int hidden, double dropout, Generator generator, bool postNorm = false, bool gelu = false)
        : base(nameof(DecoderBlock))
    {
        self_attn = new PackedAttention(width, heads, dropout, generator);
        multihead_attn = new PackedAttention(width, heads, dropout, generator);
        linear1 = nn.Linear(width, hidden);
        linear2 = nn.Linear(hidden, width);
        norm1 = nn.LayerNorm(width);
        norm2 = nn.LayerNorm(width);
        norm3 = nn.LayerNorm(width);
        this.dropout = new SeededDropout(dropout, generator);
        this.postNorm = postNorm;
        this.gelu = gelu;
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
        return Run(x, y => self_attn.call(y, causal), y => multihead_attn.Cross(y, keys, values, memoryMask)).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="forward"/>, with the weights (B, heads, L, S) of the cross-attention.</summary>
    internal (Tensor Output, Tensor Weights) Attended(Tensor x, Tensor memory, Tensor? causal, Tensor? memoryMask)
    {
        using var scope = NewDisposeScope();
        var (keys, values) = multihead_attn.KeysValues(memory);
        Tensor? weights = null;
        var output = Run(x, y => self_attn.call(y, causal), y =>
        {
            weights = multihead_attn.CrossWeights(y, keys, memoryMask);
            return multihead_attn.Cross(y, keys, values, memoryMask);
        });
        return (output.MoveToOuterDisposeScope(), weights!.MoveToOuterDisposeScope());
    }

    /// <summary>The memory's keys and values, for <see cref="Step"/>.</summary>
    internal (Tensor Keys, Tensor Values) KeysValues(Tensor memory) => multihead_attn.KeysValues(memory);

    /// <summary>The memory's keys and values side by side, for the fused kernels.</summary>
    internal Tensor Memory(Tensor memory) => multihead_attn.Memory(memory);

    /// <summary>One more token (N, D) of each row, by the fused kernels.</summary>
    internal Tensor StepFused(Tensor x, StepHistory history, int layer)
    {
        using var scope = NewDisposeScope();
        return Run(x, y => self_attn.StepFused(y, history, layer), y => multihead_attn.CrossFused(y, history, layer)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// One more token of each row. Rows (N, 1, D) of a memory with M rows: N is a multiple of M, and the N / M hypotheses of
    /// one memory lie beside one another, so that its keys are read once for all of them.
    /// </summary>
    internal (Tensor Output, Tensor Keys, Tensor Values) Step(
        Tensor x, (Tensor Keys, Tensor Values)? past, (Tensor Keys, Tensor Values) cross, Tensor? memoryMask)
    {
        using var scope = NewDisposeScope();
        Tensor? keys = null, values = null;
        long rows = x.shape[0], memories = cross.Keys.shape[0], width = x.shape[2];
        var output = Run(
            x,
            y =>
            {
                (var attended, keys, values) = self_attn.Step(y, past);
                return attended;
            },
            y => multihead_attn.Cross(y.view(memories, rows / memories, width), cross.Keys, cross.Values, memoryMask).view(rows, 1, width));
        return (output.MoveToOuterDisposeScope(), keys!.MoveToOuterDisposeScope(), values!.MoveToOuterDisposeScope());
    }

    private Tensor Run(Tensor x, Func<Tensor, Tensor> self, Func<Tensor, Tensor> cross)
    {
        if (postNorm)
        {
            // Mixed precision may not round these norms: they are the sums of the next parts.
            x = EncoderBlock.AddNorm(x, Dropped(self(x)), norm1, Epsilon, keep: true).Normed;
            x = EncoderBlock.AddNorm(x, Dropped(cross(x)), norm2, Epsilon, keep: true).Normed;
            return EncoderBlock.AddNorm(x, FeedForward(x), norm3, Epsilon, keep: true).Normed;
        }
        var attended = Dropped(self(EncoderBlock.AddNorm(x, null, norm1, Epsilon).Normed));
        var (y, second) = EncoderBlock.AddNorm(x, attended, norm2, Epsilon);
        var (z, third) = EncoderBlock.AddNorm(y, Dropped(cross(second)), norm3, Epsilon);
        return z + FeedForward(third);
    }

    private Tensor FeedForward(Tensor x)
    {
        var hidden = Fused.LinearInTraining(x, linear1.weight, linear1.bias);
        var active = gelu ? Fused.Gelu(hidden) ?? nn.functional.gelu(hidden) : hidden.relu_();
        return Dropped(Fused.LinearInTraining(Dropped(active), linear2.weight, linear2.bias));
    }

    private Tensor Dropped(Tensor x) => training ? dropout.call(x) : x;
}
