namespace TorchSharp;

// New tensors of the type and on the device of this one.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor new_empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewEmpty(size, dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewEmpty(size.ToArray(), dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_empty(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewEmpty([size], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_empty(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewEmpty([rows, columns], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_empty(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewEmpty([dim0, dim1, dim2], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_empty(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewEmpty([dim0, dim1, dim2, dim3], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewFull(size, value, dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_full(ReadOnlySpan<long> size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewFull(size.ToArray(), value, dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_full(long size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewFull([size], value, dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_full(long rows, long columns, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewFull([rows, columns], value, dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_full(long dim0, long dim1, long dim2, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewFull([dim0, dim1, dim2], value, dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_full(long dim0, long dim1, long dim2, long dim3, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewFull([dim0, dim1, dim2, dim3], value, dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_ones(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewOnes([size], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_ones(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewOnes([rows, columns], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_ones(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewOnes([dim0, dim1, dim2], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_ones(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewOnes([dim0, dim1, dim2, dim3], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewZeros(size, dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewZeros(size.ToArray(), dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_zeros(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewZeros([size], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_zeros(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewZeros([rows, columns], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_zeros(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewZeros([dim0, dim1, dim2], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
        public Tensor new_zeros(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => NewZeros([dim0, dim1, dim2, dim3], dtype ?? this.dtype, device ?? this.device, requires_grad, null);
    }
}
