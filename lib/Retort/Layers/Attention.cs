// Scaled dot-product attention, softmax(q k^T / sqrt(d)) v (Vaswani et al. 2017, equation 1).

using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>Attention without parameters: by a fused kernel where there is one, and else by libtorch's operators with few copies.</summary>
public static class Attention
{
    /// <summary>softmax(q k^T scale + mask) v.</summary>
    /// <param name="q">queries (..., T, d)</param>
    /// <param name="k">keys (..., S, d)</param>
    /// <param name="v">values (..., S, e)</param>
    /// <param name="mask">added to the scores, broadcast to (..., T, S); 0 where attention is allowed, -infinity where not</param>
    /// <param name="scale">factor of the scores; 1 / sqrt(d) if null</param>
    /// <param name="dropout">acts on the weights after the softmax</param>
    /// <returns>(..., T, e)</returns>
    public static Tensor Scaled(
        Tensor q, Tensor k, Tensor v, Tensor? mask = null, double? scale = null, SeededDropout? dropout = null)
    {
        using var scope = NewDisposeScope();
        // Scaling q is cheaper than scaling the scores, which are T / d times as many.
        var scores = matmul(q * (scale ?? 1 / Math.Sqrt(q.shape[^1])), k.transpose(-2, -1));  // (..., T, S)
        if (mask is not null)
        {
            scores = scores + mask;
        }
        var weights = scores.softmax(-1);
        return matmul(dropout is null ? weights : dropout.call(weights), v).MoveToOuterDisposeScope();
    }

    /// <summary>(B, T, D) to (B, heads, T, D / heads).</summary>
    /// <param name="x">the heads side by side</param>
    /// <param name="heads">number of heads; divides D</param>
    public static Tensor Split(Tensor x, int heads) => x.view(x.shape[0], x.shape[1], heads, x.shape[2] / heads).transpose(1, 2);

    /// <summary>(B, heads, T, d) to (B, T, heads d), the inverse of <see cref="Split"/>.</summary>
    public static Tensor Merge(Tensor x) => x.transpose(1, 2).reshape(x.shape[0], x.shape[2], x.shape[1] * x.shape[3]);

    /// <summary>Self-attention of several heads from one projection that holds queries, keys and values side by side.</summary>
    /// <param name="qkv">(B, T, 3 D), ordered as (3, heads, D / heads)</param>
    /// <param name="heads">number of heads; divides D</param>
    /// <param name="mask">added to the scores, broadcast to (B, heads, T, T)</param>
    /// <param name="dropout">acts on the weights after the softmax</param>
    /// <param name="lengths">what the mask says, as numbers of valid keys, (B) of int64 on the CPU, for the fused kernel; null if there is no mask or another</param>
    /// <returns>(B, T, D), the heads side by side</returns>
    public static Tensor Packed(Tensor qkv, int heads, Tensor? mask = null, SeededDropout? dropout = null, Tensor? lengths = null)
    {
        if ((mask is null || lengths is not null) && dropout is null && Fused.Attention(qkv, heads, lengths) is { } fused)
        {
            return fused;
        }
        using var scope = NewDisposeScope();
        long batch = qkv.shape[0], length = qkv.shape[1], width = qkv.shape[2] / 3, head = width / heads;
        var scale = 1 / Math.Sqrt(head);
        if (mask is null && dropout is null && !is_grad_enabled() && qkv.device.type == DeviceType.CPU && qkv.dtype == ScalarType.Float32 && batch > 1)
        {
            // Clip by clip, so that the scores (heads T T) stay in the cache; q, k and v are read where they lie.
            var clips = new Tensor[batch];
            for (var b = 0; b < batch; b++)
            {
                using var clip = NewDisposeScope();
                var part = qkv.select(0, b).view(length, 3, heads, head).permute(1, 2, 0, 3);  // (3, heads, T, d)
                var weights = bmm(part.select(0, 0) * scale, part.select(0, 1).transpose(1, 2)).softmax(-1);  // (heads, T, T)
                clips[b] = bmm(weights, part.select(0, 2)).transpose(0, 1).MoveToOuterDisposeScope();  // (T, heads, d)
            }
            return stack(clips).view(batch, length, width).MoveToOuterDisposeScope();
        }
        // One copy brings all three into the order of the batched products: (3, B heads, T, d).
        var parts = qkv.view(batch, length, 3, heads, head).permute(2, 0, 3, 1, 4).contiguous()
            .view(3, batch * heads, length, head).unbind(0);  // by unbind, whose gradient is one stack
        var scores = bmm(parts[0] * scale, parts[1].transpose(1, 2));  // (B heads, T, T)
        if (mask is not null)
        {
            scores = (scores.view(batch, heads, length, length) + mask).view(batch * heads, length, length);
        }
        var attention = scores.softmax(-1);
        var mixed = bmm(dropout is null ? attention : dropout.call(attention), parts[2]);  // (B heads, T, d)
        return mixed.view(batch, heads, length, head).transpose(1, 2).reshape(batch, length, width).MoveToOuterDisposeScope();
    }
}
