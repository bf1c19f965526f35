namespace TorchSharp;

// Sums, means, extremes, and what runs along a dimension. One line an operator: TorchSharp's signature, and the operator behind it.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor all() => Aten.all.Call(this);
        public Tensor all(long dim, bool keepdim = false) => Aten.all_dim.Call(this, dim, keepdim);
        public Tensor amax(params long[] dims) => Aten.amax.Call(this, dims);
        public Tensor amin(params long[] dims) => Aten.amin.Call(this, dims);
        public (Tensor min, Tensor max) aminmax(long? dim = null, bool keepdim = false) => Aten.aminmax.Call2(this, dim, keepdim);
        public Tensor any() => Aten.any.Call(this);
        public Tensor any(long dim, bool keepdim = false) => Aten.any_dim.Call(this, dim, keepdim);
        public Tensor argmax() => Aten.argmax.Call(this);
        public Tensor argmax(long dim, bool keepdim = false) => Aten.argmax.Call(this, dim, keepdim);
        public Tensor argmin() => Aten.argmin.Call(this);
        public Tensor argmin(long dim, bool keepdim = false) => Aten.argmin.Call(this, dim, keepdim);
        public Tensor bincount(Tensor? weights, long minlength = 0) => Aten.bincount.Call(this, weights, minlength);
        public Tensor corrcoef() => Aten.corrcoef.Call(this);
        public Tensor cov(long correction = 1, Tensor? fweights = null, Tensor? aweights = null) => Aten.cov.Call(this, correction, fweights, aweights);
        public (Tensor, Tensor) cummax(long dim) => Aten.cummax.Call2(this, dim);
        public (Tensor, Tensor) cummin(long dim) => Aten.cummin.Call2(this, dim);
        public Tensor cumprod(long dim, ScalarType? type = null) => Aten.cumprod.Call(this, dim, type);
        public Tensor cumsum(long dim, ScalarType? type = null) => Aten.cumsum.Call(this, dim, type);
        public Tensor cumulative_trapezoid(Tensor x, long dim = -1) => Aten.cumulative_trapezoid_x.Call(this, x, dim);
        public Tensor diff(long n = 1, long dim = -1, Tensor? prepend = null, Tensor? append = null) => Aten.diff.Call(this, n, dim, prepend, append);
        public Tensor dist(Tensor other, float p = 2) => Aten.dist.Call(this, other, p);
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Aten.log_softmax_int.Call(this, dim, dtype);
        public Tensor logcumsumexp(long dim) => Aten.logcumsumexp.Call(this, dim);
        public Tensor max() => Aten.max.Call(this);
        public Tensor max(Tensor other) => Aten.max_other.Call(this, other);
        public (Tensor, Tensor) max(long dim, bool keepdim = false) => Aten.max_dim.Call2(this, dim, keepdim);
        public Tensor mean() => Aten.mean.Call(this);
        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) => Aten.mean_dim.Call(this, dimensions, keepdim, type);
        public Tensor median() => Aten.median.Call(this);
        public Tensor min() => Aten.min.Call(this);
        public Tensor min(Tensor other) => Aten.min_other.Call(this, other);
        public (Tensor, Tensor) min(long dim, bool keepdim = false) => Aten.min_dim.Call2(this, dim, keepdim);
        public (Tensor values, Tensor indices) mode(long dim = -1, bool keepdim = false) => Aten.mode.Call2(this, dim, keepdim);
        public Tensor nanmedian() => Aten.nanmedian.Call(this);
        public Tensor nanquantile(Tensor q, long dim = -1, bool keepdim = false) => Aten.nanquantile.Call(this, q, dim, keepdim);
        public Tensor nansum() => Aten.nansum.Call(this);
        public Tensor norm(float p = 2) => Aten.norm_Scalar.Call(this, p);
        public Tensor prod(ScalarType? type = null) => Aten.prod.Call(this, type);
        public Tensor prod(long dim, bool keepdim = false, ScalarType? type = null) => Aten.prod_dim_int.Call(this, dim, keepdim, type);
        public Tensor quantile(Tensor q, long dim = -1, bool keepdim = false) => Aten.quantile.Call(this, q, dim, keepdim);
        public Tensor renorm(float p, long dim, float maxnorm) => Aten.renorm.Call(this, p, dim, maxnorm);
        public Tensor softmax(long dim, ScalarType? dtype = null) => Aten.softmax_int.Call(this, dim, dtype);
        public Tensor std(bool unbiased = true) => Aten.std.Call(this, unbiased);
        public (Tensor, Tensor) std_mean(bool unbiased = true) => Aten.std_mean.Call2(this, unbiased);
        public Tensor sum(ScalarType? type = null) => Aten.sum.Call(this, type);
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => Aten.sum_dim_IntList.Call(this, dim, keepdim, type);
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => Aten.sum_dim_IntList.Call(this, dim.ToArray(), keepdim, type);
        public Tensor trace() => Aten.trace.Call(this);
        public Tensor trapezoid(Tensor x, long dim = -1) => Aten.trapezoid_x.Call(this, x, dim);
        public Tensor var(bool unbiased = true) => Aten.var.Call(this, unbiased);
        public (Tensor, Tensor) var_mean(bool unbiased = true) => Aten.var_mean.Call2(this, unbiased);
    }
}

internal static partial class Aten
{
    internal static readonly Op all = new("aten::all");
    internal static readonly Op all_dim = new("aten::all", "dim");
    internal static readonly Op amax = new("aten::amax");
    internal static readonly Op amin = new("aten::amin");
    internal static readonly Op aminmax = new("aten::aminmax");
    internal static readonly Op any = new("aten::any");
    internal static readonly Op any_dim = new("aten::any", "dim");
    internal static readonly Op argmax = new("aten::argmax");
    internal static readonly Op argmin = new("aten::argmin");
    internal static readonly Op bincount = new("aten::bincount");
    internal static readonly Op corrcoef = new("aten::corrcoef");
    internal static readonly Op cov = new("aten::cov");
    internal static readonly Op cummax = new("aten::cummax");
    internal static readonly Op cummin = new("aten::cummin");
    internal static readonly Op cumprod = new("aten::cumprod");
    internal static readonly Op cumsum = new("aten::cumsum");
    internal static readonly Op cumulative_trapezoid_x = new("aten::cumulative_trapezoid", "x");
    internal static readonly Op diff = new("aten::diff");
    internal static readonly Op dist = new("aten::dist");
    internal static readonly Op log_softmax_int = new("aten::log_softmax", "int");
    internal static readonly Op logcumsumexp = new("aten::logcumsumexp");
    internal static readonly Op max = new("aten::max");
    internal static readonly Op max_dim = new("aten::max", "dim");
    internal static readonly Op max_other = new("aten::max", "other");
    internal static readonly Op mean = new("aten::mean");
    internal static readonly Op mean_dim = new("aten::mean", "dim");
    internal static readonly Op median = new("aten::median");
    internal static readonly Op min = new("aten::min");
    internal static readonly Op min_dim = new("aten::min", "dim");
    internal static readonly Op min_other = new("aten::min", "other");
    internal static readonly Op mode = new("aten::mode");
    internal static readonly Op nanmedian = new("aten::nanmedian");
    internal static readonly Op nanquantile = new("aten::nanquantile");
    internal static readonly Op nansum = new("aten::nansum");
    internal static readonly Op norm_Scalar = new("aten::norm", "Scalar");
    internal static readonly Op prod = new("aten::prod");
    internal static readonly Op prod_dim_int = new("aten::prod", "dim_int");
    internal static readonly Op quantile = new("aten::quantile");
    internal static readonly Op renorm = new("aten::renorm");
    internal static readonly Op softmax_int = new("aten::softmax", "int");
    internal static readonly Op std = new("aten::std");
    internal static readonly Op std_mean = new("aten::std_mean");
    internal static readonly Op sum = new("aten::sum");
    internal static readonly Op sum_dim_IntList = new("aten::sum", "dim_IntList");
    internal static readonly Op trace = new("aten::trace");
    internal static readonly Op trapezoid_x = new("aten::trapezoid", "x");
    internal static readonly Op var = new("aten::var");
    internal static readonly Op var_mean = new("aten::var_mean");
}
