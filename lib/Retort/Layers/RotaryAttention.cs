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

    /// <summary>Angles (N, pairs) in radians of N places: place times frequency.</summary>
    /// <exception cref="InvalidOperationException">Nothing is turned here.</exception>
    public Tensor Angles(long tokens)
    {
        var frequencies = rotary_emb?.freqs ?? throw new InvalidOperationException("this attention has no rotary embedding");
        using var places = arange(tokens, dtype: float32, device: frequencies.device);
        return outer(places, frequencies);
    }

    /// <summary>(B, N, D) to (B, N, D).</summary>
    /// <param name="x">(B, N, D)</param>
    /// <param name="bias">(heads, N, N), added to the logits; null for none</param>
    /// <param name="angles">what <see cref="Angles"/> gave; null: nothing is turned</param>
    public Tensor Attend(Tensor x, Tensor? bias, Tensor? angles)
    {
        using var scope = NewDisposeScope();
        long batch = x.shape[0], tokens = x.shape[1], width = x.shape[2], size = width / heads;
        var qkv = to_qkv.call(x).view(batch, tokens, 3, heads, size).permute(2, 0, 3, 1, 4);  // (3, B, heads, N, d)
        // Scaled before it is turned, as published; the two commute.
        var q = qkv.select(0, 0) * (1 / Math.Sqrt(size));
        var k = qkv.select(0, 1);
        if (angles is not null)
        {
            Tensor cos = angles.cos(), sin = angles.sin();
            q = Turn(q, cos, sin);
            k = Turn(k, cos, sin);
        }
        var logits = matmul(q, k.transpose(-2, -1));
        if (bias is not null)
        {
            logits = logits + bias;
        }
        var mixed = matmul(logits.softmax(-1), qkv.select(0, 2));  // (B, heads, N, d)
        return proj.call(mixed.transpose(1, 2).reshape(batch, tokens, width)).MoveToOuterDisposeScope();
    }

    // Each pair (a, b) of the first channels becomes (a cos - b sin, b cos + a sin).
    private static Tensor Turn(Tensor x, Tensor cos, Tensor sin)
    {
        var channels = 2 * cos.shape[1];
        var pairs = x.narrow(-1, 0, channels).unflatten(-1, -1, 2);
        Tensor a = pairs.select(-1, 0), b = pairs.select(-1, 1);
        var turned = stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2);
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
