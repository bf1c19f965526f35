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
        Sqrt = new("aten::_foreach_sqrt"), SqrtInPlace = new("aten::_foreach_sqrt_"), Maximum = new("aten::_foreach_maximum", "List"),
        Addcmul = new("aten::_foreach_addcmul", "Scalar"), AddcmulInPlace = new("aten::_foreach_addcmul_", "Scalar"),
        MulEachInPlace = new("aten::_foreach_mul_", "List"), DivEachInPlace = new("aten::_foreach_div_", "List");

    private static readonly Op AddcdivInPlace = new("aten::_foreach_addcdiv_", "Scalar"), AddcdivLists = new("aten::_foreach_addcdiv_", "ScalarList"),
        DivInPlace = new("aten::_foreach_div_", "Scalar"), DivLists = new("aten::_foreach_div_", "ScalarList"),
        Div = new("aten::_foreach_div", "Scalar"), DivNewLists = new("aten::_foreach_div", "ScalarList"),
        MulLists = new("aten::_foreach_mul_", "ScalarList");

    /// <summary>self += value · a / b</summary>
    internal static void Addcdiv(Tensor[] self, Tensor[] a, Tensor[] b, double value) => AddcdivInPlace.Run(self, a, b, value);

    /// <summary>self += value · a / b, a value for each tensor</summary>
    internal static void Addcdiv(Tensor[] self, Tensor[] a, Tensor[] b, double[] values)
    {
        if (Same(values))
        {
            AddcdivInPlace.Run(self, a, b, values[0]);
        }
        else
        {
            AddcdivLists.Run(self, a, b, values);
        }
    }

    internal static void DivideBy(Tensor[] self, double[] values)
    {
        if (Same(values))
        {
            DivInPlace.Run(self, values[0]);
        }
        else
        {
            DivLists.Run(self, values);
        }
    }

    internal static Tensor[] Divided(Tensor[] self, double[] values) =>
        Same(values) ? Div.CallList(self, values[0]) : DivNewLists.CallList(self, values);

    internal static void MultiplyBy(Tensor[] self, double[] values)
    {
        if (Same(values))
        {
            MulInPlace.Run(self, values[0]);
        }
        else
        {
            MulLists.Run(self, values);
        }
    }

    private static bool Same(double[] values) => values.AsSpan().IndexOfAnyExcept(values[0]) < 0;
}
