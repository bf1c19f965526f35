using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// A transformer block with the norms in front: x += attention(norm1(x)); x += mlp(norm2(x)). Keys of its state:
/// <c>norm1</c>, <c>attn</c>, <c>norm2</c>, <c>mlp</c>, the usual ones of vision transformers.
/// </summary>
public sealed class EncoderBlock : nn.Module<Tensor, Tensor>
{
    private readonly LayerNorm norm1;
    private readonly SelfAttention attn;
    private readonly LayerNorm norm2;
    private readonly Mlp mlp;
    private readonly double epsilon;

    /// <param name="width">width of a token, D</param>
    /// <param name="heads">attention heads</param>
    /// <param name="hidden">width of the hidden layer</param>
    /// <param name="epsilon">added to the variance in both norms</param>
    public EncoderBlock(int width, int heads, int hidden, double epsilon = 1e-6) : base(nameof(EncoderBlock))
    {
        this.epsilon = epsilon;
        norm1 = nn.LayerNorm(width, epsilon);
        attn = new SelfAttention(width, heads);
        norm2 = nn.LayerNorm(width, epsilon);
        mlp = new Mlp(width, hidden);
        RegisterComponents();
    }

    /// <summary>(B, T, D) to (B, T, D). The input is not changed.</summary>
    public override Tensor forward(Tensor x) => Masked(x, null, null);

    /// <summary>(B, T, D) to (B, T, D). The input is not changed.</summary>
    /// <param name="x">(B, T, D)</param>
    /// <param name="mask">added to the scores, broadcast to (B, heads, T, T); see <see cref="LengthMask.Additive"/></param>
    /// <param name="dropout">acts on both parts before they are added to x</param>
    /// <param name="lengths">what the mask says, as numbers of valid keys; see <see cref="Attention.Packed"/></param>
    public Tensor Masked(Tensor x, Tensor? mask, SeededDropout? dropout, Tensor? lengths = null)
    {
        using var scope = NewDisposeScope();
        var (y, z) = Branches(x, null, mask, dropout, lengths);
        // With gradients y is kept for norm2's and must not change.
        return (is_grad_enabled() ? y + z : y.add_(z)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The block without its last addition, which the next block's norm does on its way: of x + before, the sum after the
    /// attention and what the mlp adds to it.
    /// </summary>
    internal (Tensor Sum, Tensor Added) Branches(
        Tensor x, Tensor? before, Tensor? mask = null, SeededDropout? dropout = null, Tensor? lengths = null)
    {
        if (dropout is null && (mask is null || lengths is not null) && !is_grad_enabled() && Whole(x, before, lengths) is { } whole)
        {
            return whole;
        }
        using var scope = NewDisposeScope();
        (x, var first) = AddNorm(x, before, norm1, epsilon);
        var attended = mask is null ? attn.call(first) : attn.Masked(first, mask, lengths);
        (x, var second) = AddNorm(x, dropout?.call(attended) ?? attended, norm2, epsilon);
        var added = mlp.call(second);
        return (x.MoveToOuterDisposeScope(), (dropout?.call(added) ?? added).MoveToOuterDisposeScope());
    }

    private (Tensor, Tensor)? Whole(Tensor x, Tensor? before, Tensor? lengths)
    {
        var (qkv, proj, heads) = attn.Parts;
        var (fc1, fc2) = mlp.Parts;
        return Fused.Block(x, before, [norm1.weight!, norm1.bias!, qkv.weight, qkv.bias!, proj.weight, proj.bias!, norm2.weight!, norm2.bias!,
            fc1.weight, fc1.bias!, fc2.weight, fc2.bias!], heads, epsilon, lengths);
    }

    /// <summary>x + y, or x where there is no y, and the norm of it, which mixed precision may round unless it is to be kept.</summary>
    internal static (Tensor Sum, Tensor Normed) AddNorm(Tensor x, Tensor? y, LayerNorm norm, double epsilon, bool keep = false)
    {
        if (y is null)
        {
            return (x, Fused.Norm(x, norm.weight!, norm.bias!, epsilon, keep) ?? norm.call(x));
        }
        if (Fused.AddNorm(x, y, norm.weight!, norm.bias!, epsilon, keep) is { } both)
        {
            return both;
        }
        var sum = x + y;
        return (sum, norm.call(sum));
    }
}
