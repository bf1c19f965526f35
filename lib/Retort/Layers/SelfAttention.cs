using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>Multi-head self-attention with one projection for queries, keys and values. Keys of its state: <c>qkv</c>, <c>proj</c>.</summary>
public sealed class SelfAttention : nn.Module<Tensor, Tensor>
{
    private readonly Linear qkv;
    private readonly Linear proj;
    private readonly int heads;

    /// <param name="width">width of a token, D</param>
    /// <param name="heads">number of heads; divides D</param>
    public SelfAttention(int width, int heads) : base(nameof(SelfAttention))
    {
        qkv = nn.Linear(width, 3 * width);
        proj = nn.Linear(width, width);
        this.heads = heads;
        RegisterComponents();
    }

    internal (Linear Qkv, Linear Proj, int Heads) Parts => (qkv, proj, heads);

    /// <summary>(B, T, D) to (B, T, D).</summary>
    public override Tensor forward(Tensor x) => Masked(x, null);

    /// <summary>(B, T, D) to (B, T, D).</summary>
    /// <param name="x">(B, T, D)</param>
    /// <param name="mask">added to the scores, broadcast to (B, heads, T, T); see <see cref="LengthMask.Additive"/></param>
    /// <param name="lengths">what the mask says, as numbers of valid keys; see <see cref="Attention.Packed"/></param>
    public Tensor Masked(Tensor x, Tensor? mask, Tensor? lengths = null)
    {
        using var scope = NewDisposeScope();
        return Fused.Call(proj, Attention.Packed(Fused.Call(qkv, x), heads, mask, lengths: lengths)).MoveToOuterDisposeScope();
    }
}
