// Adam's update of float32 tensors on the CPU in one pass over memory, where the operator by operator path takes nine. The
// order of roundings is that of libtorch's kernels, product by product.

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace TorchSharp;

internal static unsafe class FusedAdam
{
    private const int Chunk = 1 << 16;

    // Exchanges an axis with itself. It changes nothing but the tensor's version, by which autograd finds out that a value
    // which a later backward pass needs has been overwritten.
    private static readonly Op Touch = new("aten::transpose_");

    /// <summary>Whether all are contiguous float32 tensors on the CPU and the processor multiplies and adds in one.</summary>
    internal static bool Fits(params ReadOnlySpan<Tensor[]> lists)
    {
        if (!Fma.IsSupported)
        {
            return false;
        }
        foreach (var list in lists)
        {
            foreach (var tensor in list)
            {
                if (tensor.dtype != ScalarType.Float32 || tensor.device_type != DeviceType.CPU || !tensor.is_contiguous() || tensor.IsLazy)
                {
                    return false;
                }
            }
        }
        return true;
    }

    /// <summary>
    /// p *= keep; g = ±g + decay · p; m = β1 m + (1 - β1) g; v = β2 v + (1 - β2) g²; p += rate · m / (sqrt(v) / root + ε)
    /// </summary>
    internal static void Step(Tensor[] parameters, Tensor[] grads, Tensor[] m, Tensor[] v, double beta1, double beta2, double eps,
        double decay, double keep, bool maximize, double[] rates, double[] roots)
    {
        var work = new List<Piece>();
        for (var i = 0; i < parameters.Length; i++)
        {
            var p = Start(parameters[i]);
            var g = Start(grads[i]);
            var first = Start(m[i]);
            var second = Start(v[i]);
            var count = Door.Numel(parameters[i].Handle);
            for (var at = 0L; at < count; at += Chunk)
            {
                work.Add(new Piece(p + at, g + at, first + at, second + at, (int)Math.Min(Chunk, count - at), (float)rates[i], (float)roots[i]));
            }
        }
        var numbers = new Numbers((float)beta1, (float)(1 - beta1), (float)beta2, (float)(1 - beta2), (float)eps, (float)decay, (float)keep, maximize);
        foreach (var parameter in parameters)
        {
            Touch.Run(parameter, 0, 0);
        }
        var threads = get_num_threads();
        if (threads <= 1 || work.Count == 1)
        {
            foreach (var piece in work)
            {
                Update(piece, numbers);
            }
        }
        else
        {
            Parallel.For(0, work.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => Update(work[i], numbers));
        }
    }

    // Of the tensor's own first element: a gradient may be a part of a larger storage.
    private static float* Start(Tensor tensor)
    {
        long storageBytes;
        return (float*)Door.Data(tensor.Handle, &storageBytes);
    }

    private readonly struct Piece(float* p, float* g, float* m, float* v, int count, float rate, float root)
    {
        internal readonly float* P = p, G = g, M = m, V = v;
        internal readonly int Count = count;
        internal readonly float Rate = rate, Root = root;
    }

    private readonly record struct Numbers(float Beta1, float Rest1, float Beta2, float Rest2, float Eps, float Decay, float Keep, bool Maximize);

    private static void Update(Piece piece, Numbers n)
    {
        var i = 0;
        for (; i <= piece.Count - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            var p = Vector256.Load(piece.P + i);
            var g = Vector256.Load(piece.G + i);
            if (n.Keep != 1)
            {
                p *= n.Keep;
            }
            if (n.Maximize)
            {
                g = -g;
            }
            if (n.Decay != 0)
            {
                g = Fma.MultiplyAdd(p, Vector256.Create(n.Decay), g);
            }
            var m = Fma.MultiplyAdd(g, Vector256.Create(n.Rest1), Vector256.Load(piece.M + i) * n.Beta1);
            var v = Fma.MultiplyAdd(g * n.Rest2, g, Vector256.Load(piece.V + i) * n.Beta2);
            m.Store(piece.M + i);
            v.Store(piece.V + i);
            var below = Vector256.Sqrt(v) / Vector256.Create(piece.Root) + Vector256.Create(n.Eps);
            p += m * piece.Rate / below;
            p.Store(piece.P + i);
        }
        for (; i < piece.Count; i++)
        {
            var (p, g) = (piece.P[i] * n.Keep, n.Maximize ? -piece.G[i] : piece.G[i]);
            if (n.Decay != 0)
            {
                g = MathF.FusedMultiplyAdd(p, n.Decay, g);
            }
            var m = MathF.FusedMultiplyAdd(g, n.Rest1, piece.M[i] * n.Beta1);
            var v = MathF.FusedMultiplyAdd(g * n.Rest2, g, piece.V[i] * n.Beta2);
            (piece.M[i], piece.V[i]) = (m, v);
            piece.P[i] = p + m * piece.Rate / (MathF.Sqrt(v) / piece.Root + n.Eps);
        }
    }
}
