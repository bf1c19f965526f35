namespace TorchSharp;

// Gathering, scattering, masks, sorting. One line an operator: TorchSharp's signature, and the operator behind it.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor argsort(long dim = -1, bool descending = false) => Aten.argsort.Call(this, dim, descending);
        public Tensor argwhere() => Aten.argwhere.Call(this);
        public Tensor bucketize(Tensor boundaries, bool outInt32 = false, bool right = false) => Aten.bucketize_Tensor.Call(this, boundaries, outInt32, right);
        public Tensor gather(long dim, Tensor index) => Aten.gather.Call(this, dim, index);
        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) => Aten.index_add.Call(this, dim, index, source, alpha);
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => Aten.index_add_.Into(this, dim, index, source, alpha);
        public Tensor index_copy(long dim, Tensor index, Tensor source) => Aten.index_copy.Call(this, dim, index, source);
        public Tensor index_copy_(long dim, Tensor index, Tensor source) => Aten.index_copy_.Into(this, dim, index, source);
        public Tensor index_fill(long dim, Tensor index, Scalar value) => Aten.index_fill_int_Scalar.Call(this, dim, index, value);
        public Tensor index_fill_(long dim, Tensor index, Scalar value) => Aten.index_fill_int_Scalar_.Into(this, dim, index, value);
        public Tensor index_select(long dim, Tensor index) => Aten.index_select.Call(this, dim, index);
        public Tensor isin(Tensor test_elements, bool assumeUnique = false, bool invert = false) => Aten.isin_Tensor_Tensor.Call(this, test_elements, assumeUnique, invert);
        public Tensor masked_fill(Tensor mask, Scalar value) => Aten.masked_fill_Scalar.Call(this, mask, value);
        public Tensor masked_fill_(Tensor mask, Scalar value) => Aten.masked_fill_Scalar_.Into(this, mask, value);
        public Tensor masked_scatter(Tensor mask, Tensor value) => Aten.masked_scatter.Call(this, mask, value);
        public Tensor masked_scatter_(Tensor mask, Tensor value) => Aten.masked_scatter_.Into(this, mask, value);
        public Tensor masked_select(Tensor mask) => Aten.masked_select.Call(this, mask);
        public Tensor msort() => Aten.msort.Call(this);
        public Tensor nonzero() => Aten.nonzero.Call(this);
        public Tensor scatter(long dim, Tensor index, Tensor src) => Aten.scatter_src.Call(this, dim, index, src);
        public Tensor scatter_(long dim, Tensor index, Tensor src) => Aten.scatter_src_.Into(this, dim, index, src);
        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Aten.scatter_add.Call(this, dim, index, src);
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => Aten.scatter_add_.Into(this, dim, index, src);
        public Tensor take(Tensor index) => Aten.take.Call(this, index);
        public Tensor take_along_dim(Tensor indices) => Aten.take_along_dim.Call(this, indices);
        public Tensor take_along_dim(Tensor indices, long dim) => Aten.take_along_dim.Call(this, indices, dim);
        public (Tensor values, Tensor indices) topk(int k, int dim = -1, bool largest = true, bool sorted = true) => Aten.topk.Call2(this, k, dim, largest, sorted);
        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique_consecutive(bool return_inverse = false, bool return_counts = false, int? dim = null)
            => Asked(Aten.unique_consecutive.Call3(this, return_inverse, return_counts, dim), return_inverse, return_counts);
    }
}

internal static partial class Aten
{
    internal static readonly Op argsort = new("aten::argsort");
    internal static readonly Op argwhere = new("aten::argwhere");
    internal static readonly Op bucketize_Tensor = new("aten::bucketize", "Tensor");
    internal static readonly Op gather = new("aten::gather");
    internal static readonly Op index_add = new("aten::index_add");
    internal static readonly Op index_add_ = new("aten::index_add_");
    internal static readonly Op index_copy = new("aten::index_copy");
    internal static readonly Op index_copy_ = new("aten::index_copy_");
    internal static readonly Op index_fill_int_Scalar = new("aten::index_fill", "int_Scalar");
    internal static readonly Op index_fill_int_Scalar_ = new("aten::index_fill_", "int_Scalar");
    internal static readonly Op index_select = new("aten::index_select");
    internal static readonly Op isin_Tensor_Tensor = new("aten::isin", "Tensor_Tensor");
    internal static readonly Op masked_fill_Scalar = new("aten::masked_fill", "Scalar");
    internal static readonly Op masked_fill_Scalar_ = new("aten::masked_fill_", "Scalar");
    internal static readonly Op masked_scatter = new("aten::masked_scatter");
    internal static readonly Op masked_scatter_ = new("aten::masked_scatter_");
    internal static readonly Op masked_select = new("aten::masked_select");
    internal static readonly Op msort = new("aten::msort");
    internal static readonly Op nonzero = new("aten::nonzero");
    internal static readonly Op scatter_add = new("aten::scatter_add");
    internal static readonly Op scatter_add_ = new("aten::scatter_add_");
    internal static readonly Op scatter_src = new("aten::scatter", "src");
    internal static readonly Op scatter_src_ = new("aten::scatter_", "src");
    internal static readonly Op take = new("aten::take");
    internal static readonly Op take_along_dim = new("aten::take_along_dim");
    internal static readonly Op topk = new("aten::topk");
    internal static readonly Op unique_consecutive = new("aten::unique_consecutive");
}
