namespace TorchSharp;

// Spread over dimensions, in TorchSharp's forms of naming them.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Std(dimensions, unbiased, keepdim, type);
        public Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Std(dimensions.ToArray(), unbiased, keepdim, type);
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Std([dim], unbiased, keepdim, type);
        public Tensor std((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Std([dim.Item1, dim.Item2], unbiased, keepdim, type);
        public Tensor std((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Std([dim.Item1, dim.Item2, dim.Item3], unbiased, keepdim, type);
        public (Tensor, Tensor) std_mean(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => StdMean(dimensions, unbiased, keepdim, type);
        public (Tensor, Tensor) std_mean(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => StdMean(dimensions.ToArray(), unbiased, keepdim, type);
        public (Tensor, Tensor) std_mean(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => StdMean([dim], unbiased, keepdim, type);
        public (Tensor, Tensor) std_mean((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => StdMean([dim.Item1, dim.Item2], unbiased, keepdim, type);
        public (Tensor, Tensor) std_mean((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => StdMean([dim.Item1, dim.Item2, dim.Item3], unbiased, keepdim, type);
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Var(dimensions, unbiased, keepdim, type);
        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Var(dimensions.ToArray(), unbiased, keepdim, type);
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Var([dim], unbiased, keepdim, type);
        public Tensor var((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Var([dim.Item1, dim.Item2], unbiased, keepdim, type);
        public Tensor var((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Var([dim.Item1, dim.Item2, dim.Item3], unbiased, keepdim, type);
        public (Tensor, Tensor) var_mean(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => VarMean(dimensions, unbiased, keepdim, type);
        public (Tensor, Tensor) var_mean(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => VarMean(dimensions.ToArray(), unbiased, keepdim, type);
        public (Tensor, Tensor) var_mean(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => VarMean([dim], unbiased, keepdim, type);
        public (Tensor, Tensor) var_mean((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => VarMean([dim.Item1, dim.Item2], unbiased, keepdim, type);
        public (Tensor, Tensor) var_mean((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => VarMean([dim.Item1, dim.Item2, dim.Item3], unbiased, keepdim, type);

        private Tensor Std(long[] dim, bool unbiased, bool keepdim, ScalarType? type) => As(type, x => Aten.std_dim.Call(x, dim, unbiased, keepdim));

        private Tensor Var(long[] dim, bool unbiased, bool keepdim, ScalarType? type) => As(type, x => Aten.var_dim.Call(x, dim, unbiased, keepdim));

        private (Tensor, Tensor) StdMean(long[] dim, bool unbiased, bool keepdim, ScalarType? type) => As(type, x => Aten.std_mean_dim.Call2(x, dim, unbiased, keepdim));

        private (Tensor, Tensor) VarMean(long[] dim, bool unbiased, bool keepdim, ScalarType? type) => As(type, x => Aten.var_mean_dim.Call2(x, dim, unbiased, keepdim));

        // Computes in another type where one is named.
        private R As<R>(ScalarType? type, Func<Tensor, R> compute)
        {
            if (type is null || type == dtype) return compute(this);
            using Tensor converted = to(type.Value);
            return compute(converted);
        }
    }
}

internal static partial class Aten
{
    internal static readonly Op std_dim = new("aten::std", "dim");
    internal static readonly Op std_mean_dim = new("aten::std_mean", "dim");
    internal static readonly Op var_dim = new("aten::var", "dim");
    internal static readonly Op var_mean_dim = new("aten::var_mean", "dim");
}
