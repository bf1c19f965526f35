using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>
/// Several operators in one pass over memory, with their gradients: kernels of ours for the CPU (float32 with AVX2,
/// bfloat16 too with AVX-512's products). Each method gives null where it has none for these tensors, this processor or
/// this engine, and the caller then takes the plain operators. Results differ from the plain ones by rounding only. A second gradient
/// (a gradient of a gradient) is refused with an exception: compute such things under <see cref="Off"/>.
/// </summary>
public static partial class Fused
{
    [ThreadStatic]
    private static int off;

    /// <summary>No fused kernel on this thread until the result is disposed of.</summary>
    public static IDisposable Off() => new Pause();

    /// <summary>Self-attention of several heads, softmax(q k^T / sqrt(d)) v, without the matrix of scores in memory.</summary>
    /// <param name="qkv">(B, T, 3 D), ordered as (3, heads, d = D / heads); d a multiple of 16</param>
    /// <param name="heads">number of heads</param>
    /// <param name="lengths">valid keys of each row, (B) of int64 on the CPU, 1 to T; null: all</param>
    /// <returns>(B, T, D), or null</returns>
    public static Tensor? Attention(Tensor qkv, int heads, Tensor? lengths = null)
    {
#if !TORCHSHARP
        if (Fits(qkv) && qkv.dim() == 3 && heads > 0 && qkv.shape[2] % (48L * heads) == 0) return Kernels.Attention.Call(qkv, heads, lengths);
#endif
        return null;
    }

    /// <summary>
    /// LayerNorm over the last axis. Under <see cref="Autocast"/> the result is bfloat16, as the product it goes into wants it,
    /// unless <paramref name="keep"/> asks for float32.
    /// </summary>
    public static Tensor? Norm(Tensor x, Tensor weight, Tensor bias, double epsilon, bool keep = false)
    {
#if !TORCHSHARP
        if (FitsInFloat32(x) && OverLast(x, weight) && OverLast(x, bias)) return Kernels.Norm.Call(x, weight, bias, epsilon, !keep && Lower);
#endif
        return null;
    }

    /// <summary>x + y and its LayerNorm, the two of a residual branch. The sum is float32; the norm as in <see cref="Norm"/>.</summary>
    public static (Tensor Sum, Tensor Normed)? AddNorm(Tensor x, Tensor y, Tensor weight, Tensor bias, double epsilon, bool keep = false)
    {
#if !TORCHSHARP
        if (FitsInFloat32(x) && Fits(y) && x.shape.AsSpan().SequenceEqual(y.shape) && OverLast(x, weight) && OverLast(x, bias)) return Kernels.AddNorm.Call2(x, y, weight, bias, epsilon, !keep && Lower);
#endif
        return null;
    }

    /// <summary>
    /// A linear layer, x W^T + b. Under <see cref="Autocast"/> the product and its result are bfloat16, while the weight's gradient is summed and
    /// kept in float32. Null for fewer than <see cref="LeastRows"/> rows, where packing the weight costs more than it brings.
    /// </summary>
    /// <param name="x">(..., K)</param>
    /// <param name="weight">(N, K), float32</param>
    /// <param name="bias">(N), float32, or null</param>
    /// <returns>(..., N), or null</returns>
    public static Tensor? Linear(Tensor x, Tensor weight, Tensor? bias)
    {
#if !TORCHSHARP
        if (IsLayer(x, weight, bias)) return Kernels.Linear.Call(x, weight, bias, Lower);
#endif
        return null;
    }

    /// <summary>Two linear layers with the exact GELU between them, each as <see cref="Linear"/>; without gradients what lies between is never in memory as a whole.</summary>
    /// <param name="x">(..., K)</param>
    /// <param name="weight1">(H, K), float32</param>
    /// <param name="bias1">(H)</param>
    /// <param name="weight2">(N, H), float32</param>
    /// <param name="bias2">(N)</param>
    /// <returns>(..., N), or null</returns>
    public static Tensor? Mlp(Tensor x, Tensor weight1, Tensor bias1, Tensor weight2, Tensor bias2)
    {
#if !TORCHSHARP
        if (IsLayer(x, weight1, bias1) && FitsInFloat32(weight2) && FitsInFloat32(bias2) && weight2.dim() == 2 && weight2.shape[1] == weight1.shape[0]
            && bias2.numel() == weight2.shape[0] && (weight2.shape[0] % 2 == 0 || !(Lower || x.dtype == ScalarType.BFloat16)))
        {
            return Kernels.Mlp.Call(x, weight1, bias1, weight2, bias2, Lower);
        }
#endif
        return null;
    }

    /// <summary>
    /// A transformer block with the norms in front, clip by clip, so that all between its input and output stays in a core's cache: the bits of
    /// <see cref="AddNorm"/>, <see cref="Linear"/>, <see cref="Attention"/> and <see cref="Mlp"/> one after another. Null where gradients are on,
    /// and where there are fewer clips than cores.
    /// </summary>
    /// <param name="x">(B, T, D), float32</param>
    /// <param name="before">(B, T, D), added to x first, or null</param>
    /// <param name="weights">weight and bias of norm, qkv, projection, norm, first and second layer of the mlp: twelve in float32</param>
    /// <param name="heads">number of heads</param>
    /// <param name="epsilon">of both norms</param>
    /// <param name="lengths">valid keys of each clip, (B) of int64 on the CPU, 1 to T; null: all</param>
    /// <returns>x + before + attention, and what the mlp adds to that</returns>
    public static (Tensor Sum, Tensor Added)? Block(Tensor x, Tensor? before, Tensor[] weights, int heads, double epsilon, Tensor? lengths = null)
    {
#if !TORCHSHARP
        if (is_grad_enabled() || x.dim() != 3 || x.shape[0] < get_num_threads() || x.shape[1] == 0 || heads < 1 || x.shape[2] % (16 * heads) != 0
            || !IsLayer(x, weights[2], weights[3]) || weights[8].dim() != 2 || weights[8].shape[0] % 2 != 0 || (before is not null && !Fits(before))
            || !Array.TrueForAll(weights, FitsInFloat32))
        {
            return null;
        }
        return Kernels.Block.Call2(x, before, weights, heads, epsilon, Lower, lengths);
#else
        return null;
#endif
    }

    /// <summary>What the layer makes of x, by <see cref="Linear"/> where that has a kernel. The layer's hooks are not called then.</summary>
    public static Tensor Call(TorchSharp.Modules.Linear layer, Tensor x) => Linear(x, layer.weight, layer.bias) ?? layer.call(x);

    /// <summary>
    /// x weight' + bias, by <see cref="Linear"/> where that has a kernel and gradients are on: in a search, whose steps have few rows, packing the weights
    /// does not pay.
    /// </summary>
    public static Tensor LinearInTraining(Tensor x, Tensor weight, Tensor? bias) =>
        (is_grad_enabled() ? Linear(x, weight, bias) : null) ?? nn.functional.linear(x, weight, bias);

    /// <summary>Fewest rows for which <see cref="Linear"/> and <see cref="Mlp"/> take over.</summary>
    public const int LeastRows = 32;

    /// <summary>The exact GELU, x Phi(x), of every element; absolute error of Phi below 2e-7.</summary>
    public static Tensor? Gelu(Tensor x)
    {
#if !TORCHSHARP
        if (Fits(x)) return Kernels.Gelu.Call(x);
#endif
        return null;
    }

    /// <summary>
    /// Dropout without a mask in memory: element i is 0 where a hash of the seed and i, as a fraction of 2^32, is below p, and
    /// else divided by 1 - p. The gradient makes the same hash again.
    /// </summary>
    /// <param name="x">(...)</param>
    /// <param name="p">in [0, 1)</param>
    /// <param name="seed">what the mask follows from</param>
    public static Tensor? Dropout(Tensor x, double p, long seed)
    {
#if !TORCHSHARP
        if (Fits(x)) return Kernels.Dropout.Call(x, p, seed);
#endif
        return null;
    }

    /// <summary>Whether there are kernels for the steps of decoding after this projection of the memory; they have no gradient.</summary>
    /// <param name="projected">(..., D)</param>
    /// <param name="heads">number of heads</param>
    public static bool HasSteps(Tensor projected, int heads)
    {
#if !TORCHSHARP
        return !is_grad_enabled() && FitsInFloat32(projected) && heads > 0 && projected.shape[^1] % (16 * heads) == 0;
#else
        return false;
#endif
    }

    /// <summary>Self-attention of one more token of each row, whose keys and values stay where the projections wrote them.</summary>
    /// <param name="steps">of each token so far, the projection (N_s, 3 D) to query, key and value of that step's rows</param>
    /// <param name="ancestors">(steps, N), int64: the row of each step that a present row descends from</param>
    /// <param name="heads">number of heads</param>
    /// <returns>(N, D)</returns>
    public static Tensor AttendSteps(IReadOnlyList<Tensor> steps, Tensor ancestors, int heads)
    {
#if !TORCHSHARP
        return Kernels.AttendSteps.Call(steps.ToArray(), ancestors, heads);
#else
        throw new PlatformNotSupportedException("this engine has no kernels; ask HasSteps first");
#endif
    }

    /// <summary>Attention of rows to their memories.</summary>
    /// <param name="q">(N, heads d)</param>
    /// <param name="keys">(M, heads, d, S'), S' being S up to a multiple of 64</param>
    /// <param name="values">(M, heads, S, d)</param>
    /// <param name="memories">the memory of each row, (N) of int64</param>
    /// <param name="lengths">valid frames of each memory, (M) of int64</param>
    /// <returns>(N, heads d)</returns>
    public static Tensor AttendMemory(Tensor q, Tensor keys, Tensor values, Tensor memories, Tensor lengths)
    {
#if !TORCHSHARP
        return Kernels.AttendMemory.Call(q, keys, values, memories, lengths);
#else
        throw new PlatformNotSupportedException("this engine has no kernels; ask HasSteps first");
#endif
    }

    /// <summary>The best continuations of each search: the largest of log_softmax(logits) factor + sum.</summary>
    /// <param name="logits">(U slots, V), float32</param>
    /// <param name="sums">(U, slots), float64; -infinity for a slot that is not used</param>
    /// <param name="factor">of the log-probabilities</param>
    /// <param name="count">how many are wanted</param>
    /// <returns>(3, U, count) of float64: values in falling order (NaN first if a row's logits are not numbers), places among slots V, log-probabilities; or null</returns>
    public static Tensor? Continuations(Tensor logits, Tensor sums, double factor, int count)
    {
#if !TORCHSHARP
        if (FitsInFloat32(logits)) return Kernels.Continuations.Call(logits, sums, factor, count);
#endif
        return null;
    }

    /// <summary>
    /// The mel spectrogram in dB, 10 log10 max(bank^T |FFT(window x)|^2, 1e-10), centred frames with reflected borders; no
    /// gradient.
    /// </summary>
    /// <param name="waves">(B, samples), more than half a window</param>
    /// <param name="window">its length, a power of two from 32 to 2048, is the transform's</param>
    /// <param name="bank">(length / 2 + 1, mels)</param>
    /// <param name="hop">samples from frame to frame</param>
    /// <returns>(B, mels, 1 + samples / hop), or null</returns>
    public static Tensor? Mel(Tensor waves, Tensor window, Tensor bank, int hop)
    {
#if !TORCHSHARP
        var length = window.numel();
        if (FitsInFloat32(waves) && FitsInFloat32(window) && FitsInFloat32(bank) && long.IsPow2(length) && length is >= 32 and <= 2048)
        {
            return Kernels.Mel.Call(waves, window, bank, hop);
        }
#endif
        return null;
    }

    /// <summary>
    /// A depthwise convolution: each channel's planes with a square of 3 or 5 taps a side, stride 1 or 2. A bias and SiLU on top of it
    /// have no gradient.
    /// </summary>
    /// <param name="x">(B, C, H, W), at least as high and wide with its padding as the taps</param>
    /// <param name="weight">(C, 1, K, K), float32</param>
    /// <param name="stride">1 or 2</param>
    /// <param name="before">zeros above and left of each plane, fewer than K</param>
    /// <param name="after">zeros below and right of each plane</param>
    /// <param name="bias">(C); null for none</param>
    /// <param name="silu">whether the result is its SiLU</param>
    /// <returns>(B, C, H', W'), or null</returns>
    public static Tensor? Depthwise(Tensor x, Tensor weight, int stride, int before, int after, Tensor? bias = null, bool silu = false)
    {
#if !TORCHSHARP
        var k = weight.shape[^1];
        if (Fits(x) && x.dim() == 4 && x.numel() > 0 && FitsInFloat32(weight) && weight.dim() == 4 && k is 3 or 5 && stride is 1 or 2 && before < k
            && x.shape[2] + before + after >= k && x.shape[3] + before + after >= k)
        {
            return Kernels.Depthwise.Call(x, weight, bias, stride, before, after, silu);
        }
#endif
        return null;
    }

    /// <summary>A convolution of one tap without gradients, by whichever of libtorch's kernels is the faster.</summary>
    /// <param name="x">(B, C, H, W)</param>
    /// <param name="weight">(O, C, 1, 1)</param>
    /// <param name="bias">(O); null for none</param>
    /// <returns>(B, O, H, W), or null</returns>
    public static Tensor? Pointwise(Tensor x, Tensor weight, Tensor? bias = null)
    {
#if !TORCHSHARP
        if (!is_grad_enabled() && !Lower && FitsInFloat32(x) && FitsInFloat32(weight) && x.dim() == 4 && weight.shape[^1] == 1) return Kernels.Pointwise.Call(x, weight, bias);
#endif
        return null;
    }

    /// <summary>Batch norm in training, by the batch's statistics, and its SiLU if asked for. Moves the running statistics.</summary>
    /// <param name="x">(B, C, ...)</param>
    /// <param name="weight">(C), float32, as the next three</param>
    /// <param name="bias">(C)</param>
    /// <param name="mean">(C), the running mean</param>
    /// <param name="variance">(C), the running variance, which moves by the batch's unbiased one</param>
    /// <param name="momentum">the batch's share in them</param>
    /// <param name="epsilon">added to the variance</param>
    /// <param name="silu">whether the result is its SiLU</param>
    public static Tensor? BatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor variance, double momentum, double epsilon, bool silu = false)
    {
#if !TORCHSHARP
        if (Fits(x) && x.dim() > 1 && x.numel() > 0 && FitsInFloat32(weight) && FitsInFloat32(bias) && FitsInFloat32(mean) && FitsInFloat32(variance))
        {
            return Kernels.BatchNorm.Call(x, weight, bias, mean, variance, momentum, epsilon, silu);
        }
#endif
        return null;
    }

    /// <summary>SiLU of x + bias in the place of x, without gradients: what a convolution leaves is not needed again.</summary>
    /// <param name="x">(B, C, ...); it becomes the result</param>
    /// <param name="bias">(C), float32</param>
    /// <returns>the result, or null, and x is as it was</returns>
    public static Tensor? BiasSilu_(Tensor x, Tensor bias)
    {
#if !TORCHSHARP
        if (!is_grad_enabled() && Fits(x) && x.dim() > 1 && FitsInFloat32(bias)) return Kernels.BiasSilu.Call(x, bias);
#endif
        return null;
    }

#if !TORCHSHARP
    private static readonly int level = (int)Kernels.Level.CallLong();

    private static bool Lower => level == 2 && Door.Autocast((int)DeviceType.CPU, 0, 0) == 1;

    private static bool Fits(Tensor x) => FitsAs(x, x.dtype);

    private static bool FitsInFloat32(Tensor x) => FitsAs(x, x.dtype) && x.dtype == ScalarType.Float32;

    private static bool OverLast(Tensor x, Tensor each) => FitsInFloat32(each) && x.dim() > 0 && each.numel() == x.shape[^1];

    private static bool IsLayer(Tensor x, Tensor weight, Tensor? bias)
    {
        if (!Fits(x) || !FitsInFloat32(weight) || (bias is not null && !FitsInFloat32(bias)) || x.dim() == 0 || weight.dim() != 2) return false;
        long k = weight.shape[1], n = weight.shape[0];
        return x.shape[^1] == k && k > 0 && n > 0 && x.numel() >= LeastRows * k && (bias is null || (bias.dim() == 1 && bias.numel() == n))
            && ((k % 2 == 0 && n % 2 == 0) || !(Lower || x.dtype == ScalarType.BFloat16));
    }

    private static bool FitsAs(Tensor x, ScalarType dtype) => off == 0 && level > 0
        && (dtype == ScalarType.Float32 || (dtype == ScalarType.BFloat16 && level == 2))
        && x.device_type == DeviceType.CPU && x.is_contiguous() && !x.IsLazy;

    private static class Kernels
    {
        internal static readonly Op
            Level = new("retort::kernels"), Attention = new("retort::attention"), Norm = new("retort::norm"),
            AddNorm = new("retort::add_norm"), Gelu = new("retort::gelu"), Dropout = new("retort::dropout"), Mel = new("retort::mel"),
            Linear = new("retort::linear"), Mlp = new("retort::mlp"), Block = new("retort::block"),
            AttendSteps = new("retort::attend_steps"), AttendMemory = new("retort::attend_memory"), Continuations = new("retort::continuations"),
            Depthwise = new("retort::depthwise"), BatchNorm = new("retort::batch_norm"), BiasSilu = new("retort::bias_silu"), Pointwise = new("retort::pointwise");
    }
#endif

    private sealed class Pause : IDisposable
    {
        private bool done;

        internal Pause() => off++;

        public void Dispose()
        {
            if (done) return;
            done = true;
            off--;
        }
    }
}
