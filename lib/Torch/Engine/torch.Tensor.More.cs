namespace TorchSharp;

// Signatures that differ from the operator's: other defaults, other forms of naming dimensions.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor amax(long[] dims, bool keepdim = false, Tensor? @out = null)
            => @out is null ? Aten.amax.Call(this, dims, keepdim) : Aten.amax_out.Call(this, dims, keepdim, @out);

        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => amax(dims.ToArray(), keepdim, @out);

        public Tensor amin(long[] dims, bool keepdim = false, Tensor? @out = null)
            => @out is null ? Aten.amin.Call(this, dims, keepdim) : Aten.amin_out.Call(this, dims, keepdim, @out);

        public Tensor amin(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => amin(dims.ToArray(), keepdim, @out);

        public Tensor arctan(Tensor other) => atan2(other);

        public Tensor arctan_(Tensor other) => atan2_(other);

        public Tensor count_nonzero(long[]? dims = null)
            => dims is null ? Aten.count_nonzero.Call(this) : Aten.count_nonzero_dim_IntList.Call(this, dims);

        public Tensor cross(Scalar other, long dim) => Aten.cross.Call(this, Of(other), dim);

        public Tensor cumulative_trapezoid(double dx = 1, long dim = -1) => Aten.cumulative_trapezoid_dx.Call(this, dx, dim);

        public Tensor trapezoid(double dx = 1, long dim = -1) => Aten.trapezoid_dx.Call(this, dx, dim);

        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None)
            => rounding_mode == RoundingMode.None ? Aten.div_Tensor.Call(this, target) : Aten.div_Tensor_mode.Call(this, target, rounding_mode.ToString());

        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None)
            => rounding_mode == RoundingMode.None ? Aten.div_Scalar.Call(this, target) : Aten.div_Scalar_mode.Call(this, target, rounding_mode.ToString());

        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None)
            => rounding_mode == RoundingMode.None ? Aten.div_Tensor_.Into(this, target) : Aten.div_Tensor_mode_.Into(this, target, rounding_mode.ToString());

        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None)
            => rounding_mode == RoundingMode.None ? Aten.div_Scalar_.Into(this, target) : Aten.div_Scalar_mode_.Into(this, target, rounding_mode.ToString());

        public Tensor divide(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => div(target, rounding_mode);

        public Tensor divide(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => div(target, rounding_mode);

        public Tensor divide_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) => div_(target, rounding_mode);

        public Tensor divide_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) => div_(target, rounding_mode);

        public Tensor elu(double alpha = 1) => Aten.elu.Call(this, alpha);

        public Tensor elu_(double alpha = 1) => Aten.elu_.Into(this, alpha);

        public Tensor histc(long bins = 100, long min = 0, long max = 0) => Aten.histc.Call(this, bins, min, max);

        public (Tensor values, Tensor indexes) kthvalue(long k, long? dim, bool keepdim = false) => Aten.kthvalue.Call2(this, k, dim ?? -1, keepdim);

        public static (Tensor, Tensor) kthvalue(Tensor input, long k, long? dim, bool keepdim = false) => input.kthvalue(k, dim, keepdim);

        public static Tensor block_diag(params Tensor[] tensors) => torch.block_diag(tensors);

        /// <summary>F#'s operator --> : the module applied to the tensor.</summary>
        public static Tensor op_MinusMinusGreater(Tensor t, nn.Module<Tensor, Tensor> m) => m.call(t);

        public Tensor gelu(Modules.GELU.Approximate approximate) => Aten.gelu.Call(this, approximate.ToString());

        public Tensor gelu_(Modules.GELU.Approximate approximate) => Aten.gelu_.Into(this, approximate.ToString());

        public Tensor logsumexp(long dim, bool keepdim = false) => Aten.logsumexp.Call(this, new[] { dim }, keepdim);

        public Tensor nanmean(int? dim = null, bool keepdim = false, ScalarType? dtype = null)
            => Aten.nanmean.Call(this, dim is { } d ? new long[] { d } : (long[]?)null, keepdim, dtype);

        public IList<Tensor> nonzero_as_list() => Aten.nonzero_numpy.CallList(this);

        public Tensor norm(int dim, bool keepdim = false, float p = 2) => Aten.norm_ScalarOpt_dim.Call(this, p, new long[] { dim }, keepdim);

        public Tensor permute(IEnumerable<long> permutation) => Aten.permute.Call(this, permutation.ToArray());

        public Tensor pinverse(double rcond = 1e-15, bool hermitian = false)
            => Aten.linalg_pinv.Call(this, rcond, hermitian);

        public Tensor polygamma(long p) => Aten.polygamma.Call(p, this);

        public Tensor random_(double from, double to, Generator? generator = null) => Aten.random_from_.Into(this, (long)from, (long)to, generator);

        public Tensor rrelu(double lower = 0.125, double upper = 1.0 / 3) => Aten.rrelu.Call(this, lower, upper);

        public Tensor rrelu_(double lower = 0.125, double upper = 1.0 / 3) => Aten.rrelu_.Into(this, lower, upper);

        public Tensor round(long decimals = 0) => decimals == 0 ? Aten.round.Call(this) : Aten.round_decimals.Call(this, decimals);

        public Tensor round_(long decimals = 0) => decimals == 0 ? Aten.round_.Into(this) : Aten.round_decimals_.Into(this, decimals);

        public Tensor softplus(double beta = 1, double threshold = 20) => Aten.softplus.Call(this, beta, threshold);

        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false)
            => Aten.sort_stable.Call2(this, stable, dim, descending);

        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum([dim], keepdim, type);

        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) => sum([dim0, dim1], keepdim, type);

        public Tensor sum(long dim0, long dim1, long dim2, bool keepdim = false, ScalarType? type = null) => sum([dim0, dim1, dim2], keepdim, type);

        public Tensor take_along_dim(IEnumerable<long> indices) => take_along_dim(tensor(indices.ToArray()).to(device));

        public Tensor take_along_dim(IEnumerable<long> indices, long dim) => take_along_dim(tensor(indices.ToArray()).to(device), dim);

        public Tensor tensordot(Tensor b, (long, long)[] dims)
            => tensordot(b, Array.ConvertAll(dims, d => d.Item1), Array.ConvertAll(dims, d => d.Item2));

        public Tensor tensordot(Tensor b, long dims = 2)
        {
            var ours = new long[dims];
            var theirs = new long[dims];
            for (int i = 0; i < dims; i++)
            {
                ours[i] = Dimensions - dims + i;
                theirs[i] = i;
            }
            return tensordot(b, ours, theirs);
        }

        /// <summary>The different values; which of them each element is, and how often each came, where asked for and else null.</summary>
        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique(bool sorted = true, bool return_inverse = false, bool return_counts = false, int? dim = null)
            => Asked(dim is { } d
                ? Aten.unique_dim.Call3(this, d, sorted, return_inverse, return_counts)
                : Aten._unique2.Call3(this, sorted, return_inverse, return_counts), return_inverse, return_counts);

        private static (Tensor, Tensor?, Tensor?) Asked((Tensor Output, Tensor Inverse, Tensor Counts) found, bool inverse, bool counts)
        {
            if (!inverse) found.Inverse.Dispose();
            if (!counts) found.Counts.Dispose();
            return (found.Output, inverse ? found.Inverse : null, counts ? found.Counts : null);
        }

        /// <exception cref="InvalidOperationException">The tensor has not one dimension.</exception>
        public Tensor vander(long N = -1, bool increasing = false) => Dimensions == 1
            ? Aten.vander.Call(this, N < 0 ? NumberOfElements : N, increasing)
            : throw new InvalidOperationException($"vander takes a tensor of one dimension, not of {Dimensions}");

        public Tensor where(Tensor condition, Tensor y) => Aten.where_self.Call(condition, this, y);

        public Tensor stft(long n_fft, long hop_length = -1, long win_length = -1, Tensor? window = null, bool center = true, PaddingModes pad_mode = PaddingModes.Reflect, bool normalized = false, bool? onesided = null, bool? return_complex = null)
            => Aten.stft_center.Call(this, n_fft, Given(hop_length), Given(win_length), window, center, pad_mode.ToString().ToLowerInvariant(), normalized, onesided, return_complex);

        public Tensor istft(long n_fft, long hop_length = -1, long win_length = -1, Tensor? window = null, bool center = true, bool normalized = false, bool? onesided = null, long length = -1, bool return_complex = false)
            => Aten.istft.Call(this, n_fft, Given(hop_length), Given(win_length), window, center, normalized, onesided, Given(length), return_complex);

        private static long? Given(long value) => value < 0 ? null : value;
    }
}

internal static partial class Aten
{
    internal static readonly Op amax_out = new("aten::amax", "out");
    internal static readonly Op amin_out = new("aten::amin", "out");
    internal static readonly Op count_nonzero = new("aten::count_nonzero");
    internal static readonly Op count_nonzero_dim_IntList = new("aten::count_nonzero", "dim_IntList");
    internal static readonly Op cross = new("aten::cross");
    internal static readonly Op cumulative_trapezoid_dx = new("aten::cumulative_trapezoid", "dx");
    internal static readonly Op trapezoid_dx = new("aten::trapezoid", "dx");
    internal static readonly Op div_Tensor_mode = new("aten::div", "Tensor_mode");
    internal static readonly Op div_Scalar_mode = new("aten::div", "Scalar_mode");
    internal static readonly Op div_Tensor_ = new("aten::div_", "Tensor");
    internal static readonly Op div_Scalar_ = new("aten::div_", "Scalar");
    internal static readonly Op div_Tensor_mode_ = new("aten::div_", "Tensor_mode");
    internal static readonly Op div_Scalar_mode_ = new("aten::div_", "Scalar_mode");
    internal static readonly Op histc = new("aten::histc");
    internal static readonly Op kthvalue = new("aten::kthvalue");
    internal static readonly Op logsumexp = new("aten::logsumexp");
    internal static readonly Op nanmean = new("aten::nanmean");
    internal static readonly Op nonzero_numpy = new("aten::nonzero_numpy");
    internal static readonly Op norm_ScalarOpt_dim = new("aten::norm", "ScalarOpt_dim");
    internal static readonly Op linalg_pinv = new("aten::linalg_pinv");
    internal static readonly Op polygamma = new("aten::polygamma");
    internal static readonly Op random_from_ = new("aten::random_", "from");
    internal static readonly Op rrelu = new("aten::rrelu");
    internal static readonly Op rrelu_ = new("aten::rrelu_");
    internal static readonly Op round = new("aten::round");
    internal static readonly Op round_ = new("aten::round_");
    internal static readonly Op round_decimals = new("aten::round", "decimals");
    internal static readonly Op round_decimals_ = new("aten::round_", "decimals");
    internal static readonly Op softplus = new("aten::softplus");
    internal static readonly Op sort_stable = new("aten::sort", "stable");
    internal static readonly Op unique_dim = new("aten::unique_dim");
    internal static readonly Op _unique2 = new("aten::_unique2");
    internal static readonly Op vander = new("aten::vander");
    internal static readonly Op where_self = new("aten::where", "self");
    internal static readonly Op stft_center = new("aten::stft", "center");
    internal static readonly Op istft = new("aten::istft");
}
