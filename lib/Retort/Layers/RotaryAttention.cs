using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// Self-attention in both directions whose first channels of queries and keys are turned by their place (Su et al., RoFormer,
/// 2021; neighbouring channels are a pair, frequencies 10000^(-2k / turned)), with a bias added to the logits. Keys of its
/// state: <c>to_qkv.weight</c>, <c>proj</c>, <c>rotary_emb.freqs</c>.
/// </summary>
public sealed class RotaryAttention : nn.Module
{
    private readonly Linear to_qkv;
    private readonly Linear proj;
    private readonly Frequencies? rotary_emb;
    private readonly int heads;

    /// <param name="width">width of a token, D</param>
    /// <param name="heads">number of heads</param>
    /// <param name="turned">channels of a head that are turned, of which an odd last one is not; 0 for none</param>
    public RotaryAttention(int width, int heads, int turned) : base(nameof(RotaryAttention))
    {
        this.heads = heads;
        to_qkv = nn.Linear(width, 3 * width, hasBias: false);
        proj = nn.Linear(width, width);
        rotary_emb = turned > 0 ? new Frequencies(turned) : null;
        RegisterComponents();
    }

    /// <summary>Cosines and sines (N, pairs) of the angles of N places: place times frequency, in radians.</summary>
    /// <exception cref="InvalidOperationException">Nothing is turned here.</exception>
    public (Tensor Cos, Tensor Sin) Angles(long tokens)
    {
        var frequencies = rotary_emb?.freqs ?? throw new InvalidOperationException("this attention has no rotary embedding");
        using var scope = NewDisposeScope();
        var angles = outer(arange(tokens, dtype: float32, device: frequencies.device), frequencies);
        return (angles.cos().MoveToOuterDisposeScope(), angles.sin().MoveToOuterDisposeScope());
    }

    /// <summary>(B, N, D) to (B, N, D).</summary>
    /// <param name="x">(B, N, D)</param>
    /// <param name="bias">(heads, N, N), added to the logits; null for none</param>
    /// <param name="angles">what <see cref="Angles"/> gave; null: nothing is turned</param>
    public Tensor Attend(Tensor x, Tensor? bias, (Tensor Cos, Tensor Sin)? angles)
    {
        using var scope = NewDisposeScope();
        long batch = x.shape[0], tokens = x.shape[1], width = x.shape[2], size = width / heads;
        var qkv = Fused.Call(to_qkv, x).view(batch, tokens, 3, heads, size);
        var turned = angles is { } a ? Turned(qkv.narrow(2, 0, 2), a) : qkv.narrow(2, 0, 2);
        Tensor Heads(Tensor t, int part) => t.select(2, part).transpose(1, 2).reshape(batch * heads, tokens, size);
        // Published: q is scaled before it is turned; the two commute, and so the product is.
        Tensor q = Heads(turned, 0), k = Heads(turned, 1).transpose(1, 2), v = Heads(qkv, 2);
        var scale = (float)(1 / Math.Sqrt(size));
        var logits = bias is null ? bmm(q, k) * scale : baddbmm(bias.to(q.dtype).expand(batch, heads, tokens, tokens).reshape(batch * heads, tokens, tokens), q, k, alpha: scale);
        var mixed = bmm(logits.softmax(-1), v).view(batch, heads, tokens, size);
        return Fused.Call(proj, mixed.transpose(1, 2).reshape(batch, tokens, width)).MoveToOuterDisposeScope();
    }

    // Each pair (a, b) of the first channels of (B, N, 2, heads, d) becomes (a cos - b sin, b cos + a sin).
    private static Tensor Turned(Tensor x, (Tensor Cos, Tensor Sin) angles)
    {
        var channels = 2 * angles.Cos.shape[1];
        Tensor Along(Tensor t) => t.to(x.dtype).view(1, -1, 1, 1, channels / 2, 1);
        var pairs = x.narrow(-1, 0, channels).unflatten(-1, -1, 2);
        // (-b, a) of each pair.
        var across = stack([-pairs.select(-1, 1), pairs.select(-1, 0)], -1);
        var turned = (pairs * Along(angles.Cos) + across * Along(angles.Sin)).flatten(-2);
        return channels == x.shape[^1] ? turned : cat([turned, x.narrow(-1, channels, x.shape[^1] - channels)], -1);
    }

    /// <summary>The frequencies under their published name; a constant, not trained.</summary>
    private sealed class Frequencies : nn.Module
    {
        internal readonly Tensor freqs;

        internal Frequencies(int turned) : base(nameof(Frequencies))
        {
            freqs = tensor(Enumerable.Range(0, turned / 2).Select(k => (float)Math.Pow(10000, -2.0 * k / turned)).ToArray());
            RegisterComponents();
            this.OutliveScopes();
        }
    }
}
