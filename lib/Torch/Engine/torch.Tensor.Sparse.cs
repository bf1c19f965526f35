namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The places of a sparse tensor's values, one column each.</summary>
        public Tensor SparseIndices => Aten._indices.Call(this);

        public Tensor SparseValues => Aten._values.Call(this);
    }
}

internal static partial class Aten
{
    internal static readonly Op _indices = new("aten::_indices");
    internal static readonly Op _values = new("aten::_values");
}
