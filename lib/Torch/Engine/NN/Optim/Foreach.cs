using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// One call for a list of tensors. Every libtorch from 1.13 on has these operators; on the CPU they run tensor after
/// tensor inside libtorch, on a GPU in few kernels.
/// </summary>
internal static class Foreach
{
    /// <summary>A running average: self = keep · self + (1 - keep) · value.</summary>
    internal static void Average(Tensor[] self, Tensor[] value, double keep)
    {
        Aten._foreach_mul_Scalar_.Run(self, keep);
        Aten._foreach_add_List_.Run(self, value, 1 - keep);
    }

    /// <summary>A running average of squares: self = keep · self + (1 - keep) · value².</summary>
    internal static void AverageOfSquares(Tensor[] self, Tensor[] value, double keep)
    {
        Aten._foreach_mul_Scalar_.Run(self, keep);
        Aten._foreach_addcmul_Scalar_.Run(self, value, value, 1 - keep);
    }

    /// <summary>sqrt(self) + ε, in new tensors.</summary>
    internal static Tensor[] RootPlus(Tensor[] self, double eps)
    {
        var root = Aten._foreach_sqrt.CallList(self);
        Aten._foreach_add_Scalar_.Run(root, eps);
        return root;
    }

    /// <summary>self += value · a / b</summary>
    internal static void Addcdiv(Tensor[] self, Tensor[] a, Tensor[] b, double value) => Aten._foreach_addcdiv_Scalar_.Run(self, a, b, value);

    /// <summary>self += value · a / b, a value for each tensor</summary>
    internal static void Addcdiv(Tensor[] self, Tensor[] a, Tensor[] b, double[] values)
    {
        foreach (var (value, places) in Alike(values))
        {
            Aten._foreach_addcdiv_Scalar_.Run(At(self, places), At(a, places), At(b, places), value);
        }
    }

    internal static void DivideBy(Tensor[] self, double[] values)
    {
        foreach (var (value, places) in Alike(values))
        {
            Aten._foreach_div_Scalar_.Run(At(self, places), value);
        }
    }

    internal static Tensor[] Divided(Tensor[] self, double[] values)
    {
        var result = new Tensor[self.Length];
        foreach (var (value, places) in Alike(values))
        {
            var part = Aten._foreach_div_Scalar.CallList(At(self, places), value);
            for (var i = 0; i < part.Length; i++)
            {
                result[places?[i] ?? i] = part[i];
            }
        }
        return result;
    }

    // Nearly always one number for all: they differ where a parameter had no gradient in some step. Null stands for all.
    private static IEnumerable<(double Value, int[]? Places)> Alike(double[] values) =>
        values.AsSpan().IndexOfAnyExcept(values[0]) < 0
            ? [(values[0], null)]
            : Enumerable.Range(0, values.Length).GroupBy(i => values[i]).Select(g => (g.Key, (int[]?)g.ToArray()));

    private static Tensor[] At(Tensor[] tensors, int[]? places) => places is null ? tensors : Array.ConvertAll(places, i => tensors[i]);
}
