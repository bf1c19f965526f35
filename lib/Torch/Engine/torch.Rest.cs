namespace TorchSharp;

// Windows, index patterns, histograms, and what else takes no tensor or an unusual form.
public static partial class torch
{
    public static Tensor hann_window(long len, bool periodic = true, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => Named(Aten.hann_window_periodic.Call(len, periodic, Type(dtype), Arg.None, Place(device)), requires_grad, null);

    public static Tensor bartlett_window(long len, bool periodic = true, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => Named(Aten.bartlett_window_periodic.Call(len, periodic, Type(dtype), Arg.None, Place(device)), requires_grad, null);

    public static Tensor blackman_window(long len, bool periodic = true, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => Named(Aten.blackman_window_periodic.Call(len, periodic, Type(dtype), Arg.None, Place(device)), requires_grad, null);

    public static Tensor hamming_window(long len, bool periodic = true, float alpha = 0.54f, float beta = 0.46f, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => Named(Aten.hamming_window_periodic_alpha_beta.Call(len, periodic, alpha, beta, Type(dtype), Arg.None, Place(device)), requires_grad, null);

    public static Tensor kaiser_window(long len, bool periodic = true, float beta = 12, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => Named(Aten.kaiser_window_beta.Call(len, periodic, beta, Type(dtype), Arg.None, Place(device)), requires_grad, null);

    public static Tensor tril_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null)
        => Aten.tril_indices.Call(row, col, offset, dtype, Arg.None, Place(device));

    public static Tensor triu_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null)
        => Aten.triu_indices.Call(row, col, offset, dtype, Arg.None, Place(device));

    public static Tensor empty_strided(long[] size, long[] strides, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
        => Named(Aten.empty_strided.Call(size, strides, Type(dtype), Arg.None, Place(device)), requires_grad, names);

    public static Tensor sparse_coo_tensor(Tensor indices, Tensor values, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
        => Named(Aten.sparse_coo_tensor_indices_size.Call(indices, values, size, dtype ?? values.dtype, Arg.None, device ?? values.device), requires_grad, names);

    public static Tensor sparse(Tensor indices, Tensor values, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
        => sparse_coo_tensor(indices, values, size, dtype, device, requires_grad, names);

    public static Tensor from_file(string filename, bool? shared = null, long? size = 0, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => Named(Aten.from_file.Call(filename, shared, size, Type(dtype), Arg.None, Place(device)), requires_grad, null);

    public static (Tensor hist, Tensor bin_edges) histogram(Tensor input, Tensor bins, Tensor? weight = null, bool density = false)
        => Aten.histogram_bins_tensor.Call2(input, bins, weight, density);

    public static (Tensor hist, Tensor bin_edges) histogram(Tensor input, long bins, (double min, double max)? range = null, Tensor? weight = null, bool density = false)
        => Aten.histogram_bin_ct.Call2(input, bins, range is { } r ? new[] { r.min, r.max } : (double[]?)null, weight, density);

    public static Tensor index_reduce(Tensor input, long dim, Tensor index, Tensor source, Reduce reduce, bool include_self = true)
        => Aten.index_reduce.Call(input, dim, index, source, reduce.ToString(), include_self);

    public static Tensor fake_quantize_per_tensor_affine(Tensor input, Tensor scale, Tensor zero_point, long quant_min, long quant_max)
        => Aten.fake_quantize_per_tensor_affine_tensor_qparams.Call(input, scale, zero_point, quant_min, quant_max);

    public static Tensor fake_quantize_per_channel_affine(Tensor input, Tensor scale, Tensor zero_point, int axis, long quant_min, long quant_max)
        => Aten.fake_quantize_per_channel_affine.Call(input, scale, zero_point, axis, quant_min, quant_max);

    public static Tensor quantize_per_tensor(Tensor input, double scale, long zero_point, ScalarType dtype)
        => Aten.quantize_per_tensor.Call(input, scale, zero_point, dtype);

    public static Tensor quantize_per_channel(Tensor input, Tensor scales, Tensor zero_points, long axis, ScalarType dtype)
        => Aten.quantize_per_channel.Call(input, scales, zero_points, axis, dtype);
}

internal static partial class Aten
{
    internal static readonly Op hann_window_periodic = new("aten::hann_window", "periodic");
    internal static readonly Op bartlett_window_periodic = new("aten::bartlett_window", "periodic");
    internal static readonly Op blackman_window_periodic = new("aten::blackman_window", "periodic");
    internal static readonly Op hamming_window_periodic_alpha_beta = new("aten::hamming_window", "periodic_alpha_beta");
    internal static readonly Op kaiser_window_beta = new("aten::kaiser_window", "beta");
    internal static readonly Op tril_indices = new("aten::tril_indices");
    internal static readonly Op triu_indices = new("aten::triu_indices");
    internal static readonly Op empty_strided = new("aten::empty_strided");
    internal static readonly Op sparse_coo_tensor_indices_size = new("aten::sparse_coo_tensor", "indices_size");
    internal static readonly Op from_file = new("aten::from_file");
    internal static readonly Op histogram_bins_tensor = new("aten::histogram", "bins_tensor");
    internal static readonly Op histogram_bin_ct = new("aten::histogram", "bin_ct");
    internal static readonly Op index_reduce = new("aten::index_reduce");
    internal static readonly Op fake_quantize_per_tensor_affine_tensor_qparams = new("aten::fake_quantize_per_tensor_affine", "tensor_qparams");
    internal static readonly Op fake_quantize_per_channel_affine = new("aten::fake_quantize_per_channel_affine");
    internal static readonly Op quantize_per_tensor = new("aten::quantize_per_tensor");
    internal static readonly Op quantize_per_channel = new("aten::quantize_per_channel");
}
