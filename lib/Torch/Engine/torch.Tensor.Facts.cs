namespace TorchSharp;

// What a tensor is: shape, type, place, and its part in automatic differentiation.
public static partial class torch
{
    public partial class Tensor
    {
        private const int RequiresGrad = 1, Contiguous = 2, Strided = 4, Conjugate = 8, Negative = 16;

        private int Facts
        {
            get
            {
                int facts = Door.Facts(Handle);
                GC.KeepAlive(this);
                return facts;
            }
        }

        public ScalarType dtype => (ScalarType)(Facts & 0xff);

        public DeviceType device_type => (DeviceType)((Facts >> 8) & 0xff);

        public int device_index => ((Facts >> 16) & 0xff) - 1;

        public Device device
        {
            get
            {
                int facts = Facts;
                return new Device((DeviceType)((facts >> 8) & 0xff), ((facts >> 16) & 0xff) - 1);
            }
        }

        public unsafe long[] shape => Sizes(0);

        public long[] size() => Sizes(0);

        public long[] stride() => Sizes(1);

        public long stride(int dim) => Sizes(1)[dim < 0 ? dim + (int)Dimensions : dim];

        public long size(int dim)
        {
            long[] sizes = Sizes(0);
            int at = dim < 0 ? dim + sizes.Length : dim;
            if (at < 0 || at >= sizes.Length)
            {
                throw new ArgumentOutOfRangeException(nameof(dim), $"dimension {dim} of a tensor with {sizes.Length} dimensions");
            }
            return sizes[at];
        }

        public long Dimensions
        {
            get
            {
                int d = Door.Dim(Handle);
                GC.KeepAlive(this);
                return d;
            }
        }

        public long dim() => Dimensions;

        public long ndim => Dimensions;

        public long NumberOfElements
        {
            get
            {
                long n = Door.Numel(Handle);
                GC.KeepAlive(this);
                return n;
            }
        }

        public long numel() => NumberOfElements;

        public long ElementSize => SizeOf(dtype);

        public long element_size() => ElementSize;

        public long storage_offset()
        {
            long offset = Door.StorageOffset(Handle);
            GC.KeepAlive(this);
            return offset;
        }

        public bool is_contiguous() => (Facts >> 24 & Contiguous) != 0;

        /// <summary>Whether the memory holds the conjugates or the negatives of the values.</summary>
        internal bool IsLazy => (Facts >> 24 & (Conjugate | Negative)) != 0;

        public bool is_sparse => (Facts >> 24 & Strided) == 0;

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_meta => device_type == DeviceType.META;

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_integral() => torch.is_integral(dtype);

        public bool is_quantized() => torch.is_quantized(dtype);

        public bool is_leaf => Aten.is_leaf.CallBool(this);

        public bool requires_grad
        {
            get => (Facts >> 24 & RequiresGrad) != 0;
            set
            {
                Door.Check(Door.SetRequiresGrad(Handle, value ? 1 : 0));
                GC.KeepAlive(this);
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        /// <summary>A new object for the gradient, or null where there is none.</summary>
        public Tensor? grad
        {
            get
            {
                nint g = Door.Grad(Handle);
                GC.KeepAlive(this);
                if (g != 0) return new Tensor(g);
                return Door.HasError() ? throw Door.Error() : null;
            }
            set
            {
                Door.Check(Door.SetGrad(Handle, value?.Handle ?? 0));
                GC.KeepAlive(this);
                GC.KeepAlive(value);
            }
        }

        public void retain_grad() => Aten.retain_grad.Run(this);

        public void backward() => autograd.backward([this], null, null, false, null);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null)
            => autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        public override bool Equals(object? obj) => obj is Tensor t && Equals(t);

        /// <summary>The same shape and the same values.</summary>
        public bool Equals(Tensor target) => Aten.equal.CallBool(this, target);

        public Tensor equal(Tensor target) => Aten.equal.CallBool(this, target);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

        internal static long SizeOf(ScalarType type) => type switch
        {
            ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool or ScalarType.QInt8 or ScalarType.QUInt8 => 1,
            ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
            ScalarType.Int32 or ScalarType.Float32 or ScalarType.QInt32 => 4,
            ScalarType.Int64 or ScalarType.Float64 or ScalarType.ComplexFloat32 => 8,
            ScalarType.ComplexFloat64 => 16,
            _ => throw new ArgumentException($"no size is known for {type}"),
        };

        private unsafe long[] Sizes(int which)
        {
            var sizes = new long[Dimensions];
            fixed (long* p = sizes) Door.Sizes(Handle, which, p);
            GC.KeepAlive(this);
            return sizes;
        }
    }
}

internal static partial class Aten
{
    internal static readonly Op is_leaf = new("aten::is_leaf");
    internal static readonly Op retain_grad = new("aten::retain_grad");
    internal static readonly Op equal = new("aten::equal");
}
