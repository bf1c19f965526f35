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

    /// <param name="width">width of a token, D</param>
    /// <param name="heads">attention heads</param>
    /// <param name="hidden">width of the hidden layer</param>
    /// <param name="epsilon">added to the variance in both norms</param>
    public EncoderBlock(int width, int heads, int hidden, double epsilon = 1e-6) : base(nameof(EncoderBlock))
    {
        norm1 = nn.LayerNorm(width, epsilon);
        attn = new SelfAttention(width, heads);
        norm2 = nn.LayerNorm(width, epsilon);
        mlp = new Mlp(width, hidden);
        RegisterComponents();
    }

    /// <summary>(B, T, D) to (B, T, D). The input is not changed.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = x + attn.call(norm1.call(x));
        var z = mlp.call(norm2.call(y));
        // With gradients y is kept for norm2's and must not change.
        return (is_grad_enabled() ? y + z : y.add_(z)).MoveToOuterDisposeScope();
    }
}
