using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

// What LLaMA's layers need: with gradients in float32, without in bfloat16 too.
public static partial class Fused
{
    /// <summary>RMSNorm over the last axis, x / sqrt(mean(x^2) + epsilon) weight; its width is a multiple of 16.</summary>
    /// <param name="x">(..., D)</param>
    /// <param name="weight">(D), of the same type</param>
    /// <param name="epsilon">added to the mean square</param>
    /// <returns>(..., D), or null</returns>
    public static Tensor? RmsNorm(Tensor x, Tensor weight, double epsilon)
    {
#if !TORCHSHARP
        if (Fits(x) && FitsAs(weight, x.dtype) && x.dim() > 0 && x.shape[^1] % 16 == 0 && weight.numel() == x.shape[^1] && HasGradient(x, weight)) return LlamaKernels.RmsNorm.Call(x, weight, epsilon);
#endif
        return null;
    }

    /// <summary>The gate of SwiGLU, silu(a) b of every element.</summary>
    /// <param name="a">(...)</param>
    /// <param name="b">(...), of the same type</param>
    /// <returns>(...), or null</returns>
    public static Tensor? Gate(Tensor a, Tensor b)
    {
#if !TORCHSHARP
        if (Fits(a) && FitsAs(b, a.dtype) && a.shape.AsSpan().SequenceEqual(b.shape) && HasGradient(a, b)) return LlamaKernels.Gate.Call(a, b);
#endif
        return null;
    }

    /// <summary>Queries, keys and values of grouped attention out of their fused projection, turned by their places ("rotate half").</summary>
    /// <param name="fused">(B, T, G, each + 2, h): of each group its queries, its key, its value; float32, or without gradients bfloat16</param>
    /// <param name="cosines">of the angles, (B or 1, T, ..., h / 2), float32</param>
    /// <param name="sines">of the angles, (B or 1, T, ..., h / 2), float32</param>
    /// <returns>queries (B, G, each T, h) divided by sqrt(h), keys (B, G, T, h), values (B, G, T, h); or null</returns>
    public static (Tensor Queries, Tensor Keys, Tensor Values)? SplitHeads(Tensor fused, Tensor cosines, Tensor sines)
    {
#if !TORCHSHARP
        if (Fits(fused) && HasGradient(fused, fused) && fused.dim() == 5 && fused.shape[3] > 2 && fused.shape[4] % 2 == 0 && FitsInFloat32(cosines) && FitsInFloat32(sines))
        {
            return LlamaKernels.SplitHeads.Call3(fused, cosines, sines);
        }
#endif
        return null;
    }

    /// <summary>Whether <see cref="AttendGrouped"/> has a kernel for layers of such a model: in float32, or without gradients in bfloat16; not under autocast.</summary>
    /// <param name="weight">a weight of the model</param>
    /// <param name="head">width of a head</param>
    public static bool HasGrouped(Tensor weight, int head)
    {
#if !TORCHSHARP
        return head % 16 == 0 && Fits(weight) && (weight.dtype == ScalarType.Float32 || !is_grad_enabled()) && Door.Autocast((int)DeviceType.CPU, 0, 0) == 0;
#else
        return false;
#endif
    }

    /// <summary>
    /// Attention of the last T tokens of each row to all up to themselves, without the matrix of scores in memory, and beside it to an adapter's rows by a softmax of
    /// their own times a gate: softmax(q k^T) v + gate softmax(q pk^T) pv. Ask <see cref="HasGrouped"/> first.
    /// </summary>
    /// <param name="q">(B, G, each T, h), divided by sqrt(h)</param>
    /// <param name="k">(B, G, S, h), S at least T; the last two axes contiguous</param>
    /// <param name="v">(B, G, S, h)</param>
    /// <param name="length">T</param>
    /// <param name="left">tokens at the left of each row that only themselves see, (B) of int64 below S; null for none</param>
    /// <param name="prompt">the adapter's keys and values (B or 1, G each, U, h), and gates (G each) of float32; null for none</param>
    /// <returns>(B, T, G each h)</returns>
    public static Tensor AttendGrouped(Tensor q, Tensor k, Tensor v, long length, Tensor? left = null, (Tensor Keys, Tensor Values, Tensor Gates)? prompt = null)
    {
#if !TORCHSHARP
        return LlamaKernels.AttendGrouped.Call(q, k, v, length, left, prompt?.Keys, prompt?.Values, prompt?.Gates);
#else
        throw new PlatformNotSupportedException("this engine has no kernels; ask HasGrouped first");
#endif
    }

    /// <summary>
    /// x times the transpose of a weight for a few rows, where reading the weight is what takes the time: it is read once, its products are
    /// summed up in float32. No gradient.
    /// </summary>
    /// <param name="x">(..., K), bfloat16, at most <see cref="FewRows"/> rows; K a multiple of 32</param>
    /// <param name="weight">(O, K), bfloat16</param>
    /// <returns>(..., O), or null</returns>
    public static Tensor? LinearRows(Tensor x, Tensor weight)
    {
#if !TORCHSHARP
        if (!is_grad_enabled() && x.dtype == ScalarType.BFloat16 && Fits(x) && FitsAs(weight, x.dtype) && weight.dim() == 2 && x.dim() > 0
            && x.shape[^1] == weight.shape[1] && weight.shape[1] % 32 == 0 && x.numel() <= FewRows * weight.shape[1])
        {
            return LlamaKernels.LinearRows.Call(x, weight);
        }
#endif
        return null;
    }

    /// <summary>x times the transpose of a weight of 8 bits whose rows have a scale each. No gradient.</summary>
    /// <param name="x">(..., K), float32, at most <see cref="FewRows"/> rows; K a multiple of 64</param>
    /// <param name="weight">(O, K), int8</param>
    /// <param name="scales">(O), float32</param>
    /// <returns>(..., O), or null</returns>
    public static Tensor? LinearBytes(Tensor x, Tensor weight, Tensor scales)
    {
#if !TORCHSHARP
        if (!is_grad_enabled() && FitsInFloat32(x) && FitsInFloat32(scales) && weight.dtype == ScalarType.Int8 && weight.dim() == 2 && weight.is_contiguous()
            && x.dim() > 0 && x.shape[^1] == weight.shape[1] && weight.shape[1] % 64 == 0 && x.numel() <= FewRows * weight.shape[1])
        {
            return LlamaKernels.LinearBytes.Call(x, weight, scales);
        }
#endif
        return null;
    }

    /// <summary>Whether <see cref="LlamaLayer"/> has a kernel: one more token of a few rows in bfloat16, widths in multiples of 64, without gradients.</summary>
    /// <param name="x">(B, T, D)</param>
    /// <param name="hidden">width of the hidden layer</param>
    /// <param name="head">width of a head</param>
    public static bool HasLlamaLayer(Tensor x, long hidden, int head)
    {
#if !TORCHSHARP
        return !is_grad_enabled() && x.dtype == ScalarType.BFloat16 && x.dim() == 3 && x.shape[1] == 1 && x.shape[0] <= FewRows && Fits(x)
            && x.shape[2] % 64 == 0 && hidden % 64 == 0 && head % 16 == 0;
#else
        return false;
#endif
    }

    /// <summary>
    /// A layer of LLaMA for one more token of a few rows: norm, attention to what is kept, norm, gated hidden layer, in one call, for where all else is out of the
    /// caches after each product. The bits of the other methods one after another. Ask <see cref="HasLlamaLayer"/> first.
    /// </summary>
    /// <param name="x">(B, 1, D)</param>
    /// <param name="norms">weights of both norms</param>
    /// <param name="weights">of q, k and v by groups, output, gate, up and down: bfloat16, or bytes</param>
    /// <param name="scales">of the bytes' rows; none for bfloat16</param>
    /// <param name="cosines">of the token's angles, float32</param>
    /// <param name="sines">of the token's angles, float32</param>
    /// <param name="keys">(B, G, capacity, h), which gets the token's</param>
    /// <param name="values">(B, G, capacity, h), likewise</param>
    /// <param name="place">the token's</param>
    /// <param name="epsilon">of the norms</param>
    /// <param name="left">as in <see cref="AttendGrouped"/></param>
    /// <param name="prompt">as in <see cref="AttendGrouped"/></param>
    /// <returns>(B, 1, D)</returns>
    public static Tensor LlamaLayer(Tensor x, Tensor[] norms, Tensor[] weights, Tensor[] scales, Tensor cosines, Tensor sines, Tensor keys, Tensor values, long place,
        double epsilon, Tensor? left = null, (Tensor Keys, Tensor Values, Tensor Gates)? prompt = null)
    {
#if !TORCHSHARP
        Tensor[] rows = prompt is { } p ? [p.Keys, p.Values, p.Gates] : [];
        return LlamaKernels.LlamaLayer.Call(x, norms, weights, scales, cosines, sines, keys, values, place, epsilon, left, rows);
#else
        throw new PlatformNotSupportedException("this engine has no kernels; ask HasLlamaLayer first");
#endif
    }

    /// <summary>Rows up to which <see cref="LinearRows"/> and <see cref="LinearBytes"/> are the faster way.</summary>
    public const int FewRows = 4;

#if !TORCHSHARP
    // In bfloat16 there are no gradients here.
    private static bool HasGradient(Tensor x, Tensor y) => x.dtype == ScalarType.Float32 || !is_grad_enabled() || !(x.requires_grad || y.requires_grad);

    private static class LlamaKernels
    {
        internal static readonly Op
            RmsNorm = new("retort::rms_norm"), Gate = new("retort::gate"), SplitHeads = new("retort::split_heads"), AttendGrouped = new("retort::attend_grouped"),
            LinearRows = new("retort::linear_rows"), LinearBytes = new("retort::linear_bytes"), LlamaLayer = new("retort::llama_layer");
    }
#endif
}
