namespace TorchSharp;

// Shapes and sizes in TorchSharp's forms; new tensors like this one; what fills this one again.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor squeeze(long? dim = null) => dim is { } d ? Aten.squeeze_dim.Call(this, d) : Aten.squeeze.Call(this);

        public Tensor squeeze_(long? dim = null) => dim is { } d ? Aten.squeeze_dim_.Into(this, d) : Aten.squeeze_.Into(this);

        public Tensor roll(long shifts, long? dims = null) => Aten.roll.Call(this, new[] { shifts }, dims is { } d ? new[] { d } : Array.Empty<long>());

        public Tensor roll((long, long) shifts, (long, long) dims) => roll([shifts.Item1, shifts.Item2], [dims.Item1, dims.Item2]);

        public Tensor roll((long, long, long) shifts, (long, long, long) dims)
            => roll([shifts.Item1, shifts.Item2, shifts.Item3], [dims.Item1, dims.Item2, dims.Item3]);

        public Tensor rot90(long k = 1, (long, long)? dims = null)
            => Aten.rot90.Call(this, k, dims is { } d ? new[] { d.Item1, d.Item2 } : [0, 1]);

        public Tensor[] hsplit(Tensor indices) => hsplit(indices.to(ScalarType.Int64).data<long>().ToArray());

        public Tensor[] vsplit(Tensor indices) => vsplit(indices.to(ScalarType.Int64).data<long>().ToArray());

        public Tensor[] dsplit(Tensor indices) => dsplit(indices.to(ScalarType.Int64).data<long>().ToArray());

        public Tensor[] dsplit((long, long) indices_or_sections) => dsplit([indices_or_sections.Item1, indices_or_sections.Item2]);

        public Tensor[] dsplit((long, long, long) indices_or_sections)
            => dsplit([indices_or_sections.Item1, indices_or_sections.Item2, indices_or_sections.Item3]);

        public Tensor[] dsplit((long, long, long, long) indices_or_sections)
            => dsplit([indices_or_sections.Item1, indices_or_sections.Item2, indices_or_sections.Item3, indices_or_sections.Item4]);

        public Tensor zeros_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
            => Named(Aten.zeros_like.Call(this, dtype, Arg.None, device), requires_grad, null);

        public Tensor ones_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
            => Named(Aten.ones_like.Call(this, dtype, Arg.None, device), requires_grad, null);

        public Tensor empty_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
            => Named(Aten.empty_like.Call(this, dtype, Arg.None, device), requires_grad, null);

        public Tensor full_like(Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
            => Named(Aten.full_like.Call(this, value, dtype, Arg.None, device), requires_grad, null);

        public Tensor rand_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
            => Named(Aten.rand_like.Call(this, dtype, Arg.None, device), requires_grad, null);

        public Tensor randn_like(ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
            => Named(Aten.randn_like.Call(this, dtype, Arg.None, device), requires_grad, null);

        public Tensor randint_like(long low, long high, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
            => Named(Aten.randint_like_low_dtype.Call(this, low, high, dtype, Arg.None, device), requires_grad, null);

        // TorchSharp's names for the operators with an out argument: this tensor takes the new size and values.
        public Tensor zeros(params long[] sizes) => Refill(Aten.zeros_out, sizes, this);

        public Tensor ones(params long[] sizes) => Refill(Aten.ones_out, sizes, this);

        public Tensor empty(params long[] sizes) => Refill(Aten.empty_out, sizes, Arg.Default, this);

        public Tensor full(long[] sizes, Scalar value) => Refill(Aten.full_out, sizes, value, this);

        public Tensor full(ReadOnlySpan<long> sizes, Scalar value) => full(sizes.ToArray(), value);

        public Tensor eye(long rows, long columns) => Refill(Aten.eye_m_out, rows, columns, this);

        public Tensor rand_out(params long[] sizes) => Refill(Aten.rand_out, sizes, this);

        public Tensor randn_out(params long[] sizes) => Refill(Aten.randn_out, sizes, this);

        public Tensor randint_out(long high, long[] sizes) => Refill(Aten.randint_out, high, sizes, this);

        public Tensor randperm_out(long n) => Refill(Aten.randperm_out, n, this);

        public Tensor arange_out(Scalar start, Scalar stop, Scalar step) => Refill(Aten.arange_start_out, start, stop, step, this);

        private Tensor Refill(Op op, params ReadOnlySpan<Arg> args)
        {
            op.Run(args);
            return this;
        }
    }
}

internal static partial class Aten
{
    internal static readonly Op squeeze = new("aten::squeeze");
    internal static readonly Op squeeze_dim = new("aten::squeeze", "dim");
    internal static readonly Op squeeze_ = new("aten::squeeze_");
    internal static readonly Op squeeze_dim_ = new("aten::squeeze_", "dim");
    internal static readonly Op rot90 = new("aten::rot90");
    internal static readonly Op zeros_like = new("aten::zeros_like");
    internal static readonly Op ones_like = new("aten::ones_like");
    internal static readonly Op empty_like = new("aten::empty_like");
    internal static readonly Op full_like = new("aten::full_like");
    internal static readonly Op rand_like = new("aten::rand_like");
    internal static readonly Op randn_like = new("aten::randn_like");
    internal static readonly Op randint_like_low_dtype = new("aten::randint_like", "low_dtype");
    internal static readonly Op zeros_out = new("aten::zeros", "out");
    internal static readonly Op ones_out = new("aten::ones", "out");
    internal static readonly Op empty_out = new("aten::empty", "out");
    internal static readonly Op full_out = new("aten::full", "out");
    internal static readonly Op eye_m_out = new("aten::eye", "m_out");
    internal static readonly Op rand_out = new("aten::rand", "out");
    internal static readonly Op randn_out = new("aten::randn", "out");
    internal static readonly Op randint_out = new("aten::randint", "out");
    internal static readonly Op randperm_out = new("aten::randperm", "out");
    internal static readonly Op arange_start_out = new("aten::arange", "start_out");
}
