using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// One call for a list of tensors. Every libtorch from 1.13 on has these operators; on the CPU they run tensor after
/// tensor inside libtorch, on a GPU in few kernels.
/// </summary>
internal static class Foreach
{
    internal static readonly Op Zero = new("aten::_foreach_zero_"), Neg = new("aten::_foreach_neg"),
        Add = new("aten::_foreach_add", "List"), AddInPlace = new("aten::_foreach_add_", "List"),
        AddScalarInPlace = new("aten::_foreach_add_", "Scalar"), MulInPlace = new("aten::_foreach_mul_", "Scalar"),
        Sqrt = new("aten::_foreach_sqrt"), SqrtInPlace = new("aten::_foreach_sqrt_"),
        Addcmul = new("aten::_foreach_addcmul", "Scalar"), AddcmulInPlace = new("aten::_foreach_addcmul_", "Scalar");

    private static readonly Op AddcdivInPlace = new("aten::_foreach_addcdiv_", "Scalar"), DivInPlace = new("aten::_foreach_div_", "Scalar"),
        Div = new("aten::_foreach_div", "Scalar");

    /// <summary>self += value · a / b</summary>
    internal static void Addcdiv(Tensor[] self, Tensor[] a, Tensor[] b, double value) => AddcdivInPlace.Run(self, a, b, value);

    /// <summary>self += value · a / b, a value for each tensor</summary>
    internal static void Addcdiv(Tensor[] self, Tensor[] a, Tensor[] b, double[] values)
    {
        foreach (var (value, places) in Alike(values))
        {
            AddcdivInPlace.Run(At(self, places), At(a, places), At(b, places), value);
        }
    }

    internal static void DivideBy(Tensor[] self, double[] values)
    {
        foreach (var (value, places) in Alike(values))
        {
            DivInPlace.Run(At(self, places), value);
        }
    }

    internal static Tensor[] Divided(Tensor[] self, double[] values)
    {
        var result = new Tensor[self.Length];
        foreach (var (value, places) in Alike(values))
        {
            var part = Div.CallList(At(self, places), value);
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
