using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp.Utils;

namespace TorchSharp;

// The numbers inside a tensor.
public static unsafe partial class torch
{
    public partial class Tensor
    {
        /// <summary>The single value of a tensor with one element; T must be the type of its elements.</summary>
        public T item<T>() where T : unmanaged
        {
            if (NumberOfElements != 1) throw new ArgumentException("Number of elements in the tensor must be 1");
            CheckType<T>(this);
            if (device_type != DeviceType.CPU)
            {
                using Tensor here = cpu();
                return here.item<T>();
            }
            if (IsLazy)
            {
                using Tensor solid = Solid();
                return solid.item<T>();
            }
            T value = *(T*)DataPointer();
            GC.KeepAlive(this);
            return value;
        }

        /// <summary>
        /// Reads and writes elements in place, without a copy; strides are followed. Of a tensor whose memory holds conjugates or
        /// negatives (after <c>conj</c>, say) the values are a copy and cannot be written.
        /// </summary>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            CheckType<T>(this);
            if (device_type != DeviceType.CPU) throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
            return IsLazy ? new TensorAccessor<T>(Solid(), true) : new TensorAccessor<T>(this, false);
        }

        /// <summary>
        /// The memory of a contiguous CPU tensor. It is good until the tensor is disposed of; the last few tensors that a thread
        /// asked are kept from the collector, so that a temporary's bytes can be read at once.
        /// </summary>
        public Span<byte> bytes
        {
            get
            {
                if (!is_contiguous()) throw new InvalidOperationException("bytes of a tensor that is not contiguous; call contiguous() first");
                if (device_type != DeviceType.CPU) throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
                long total = NumberOfElements * ElementSize;
                if (IsLazy) throw new InvalidOperationException("the memory holds conjugates or negatives of the values; call resolve_conj() or resolve_neg() first");
                if (total > int.MaxValue) throw new InvalidOperationException("the tensor is larger than one span; read it in parts");
                lastAsked ??= new Tensor?[8];
                lastAsked[nextAsked++ & 7] = this;
                return new Span<byte>(DataPointer(), (int)total);
            }
            set
            {
                Span<byte> here = bytes;
                if (value.Length != here.Length) throw new ArgumentException($"{value.Length} bytes for a tensor of {here.Length}");
                value.CopyTo(here);
            }
        }

        public T ReadCpuValue<T>(long i) where T : unmanaged
        {
            CheckType<T>(this);
            if (i < 0 || i >= NumberOfElements) throw new IndexOutOfRangeException("The index is greater than the number of elements in the tensor");
            return data<T>().At(i);
        }

        public byte ReadCpuByte(long i) => ReadCpuValue<byte>(i);
        public sbyte ReadCpuSByte(long i) => ReadCpuValue<sbyte>(i);
        public short ReadCpuInt16(long i) => ReadCpuValue<short>(i);
        public int ReadCpuInt32(long i) => ReadCpuValue<int>(i);
        public long ReadCpuInt64(long i) => ReadCpuValue<long>(i);
        public float ReadCpuSingle(long i) => ReadCpuValue<float>(i);
        public double ReadCpuDouble(long i) => ReadCpuValue<double>(i);
        public bool ReadCpuBool(long i) => ReadCpuValue<bool>(i);
        public float ReadCpuFloat16(long i) => (float)ReadCpuValue<Half>(i);
        public float ReadCpuBFloat16(long i) => ReadCpuValue<BFloat16>(i).ToSingle();

        /// <summary>The single value as a scalar of the tensor's kind.</summary>
        public Scalar ToScalar()
        {
            Returned r = Aten._local_scalar_dense.CallRaw(this);
            double real = BitConverter.Int64BitsToDouble(r.Bits);
            return (Arg.Kind)r.Tag switch
            {
                Arg.Kind.Int => r.Bits,
                Arg.Kind.Bool => r.Bits != 0,
                Arg.Kind.Complex => new Complex(real, r.Imaginary),
                _ => real,
            };
        }

        public void WriteBytesToStream(Stream stream, int bufferSize = 1024)
        {
            using Tensor whole = cpu();
            using Tensor solid = whole.Solid();
            using Tensor straight = solid.contiguous();
            var all = new UnmanagedMemoryStream((byte*)straight.DataPointer(), straight.NumberOfElements * straight.ElementSize);
            all.CopyTo(stream, Math.Max(bufferSize, 1));
            GC.KeepAlive(straight);
        }

        public void ReadBytesFromStream(Stream stream, int bufferSize = 1024)
        {
            using Tensor read = torch.empty(shape, dtype, CPU);
            byte* p = (byte*)read.DataPointer();
            for (long left = read.NumberOfElements * read.ElementSize; left > 0;)
            {
                int part = (int)Math.Min(left, 1 << 20);
                stream.ReadExactly(new Span<byte>(p, part));
                p += part;
                left -= part;
            }
            using (no_grad()) copy_(read);
        }

        // A span cannot keep the tensor alive whose memory it shows.
        [ThreadStatic]
        private static Tensor?[]? lastAsked;
        [ThreadStatic]
        private static int nextAsked;

        /// <summary>A tensor of the same values whose memory holds them as they are.</summary>
        private Tensor Solid()
        {
            using Tensor values = Aten.resolve_conj.Call(this);
            return Aten.resolve_neg.Call(values);
        }

        /// <summary>The address of the first element.</summary>
        internal void* DataPointer()
        {
            long storageBytes;
            void* p = Door.Data(Handle, &storageBytes);
            return p != null ? p : throw Door.Error();
        }

        internal static void CheckType<T>(Tensor tensor) where T : unmanaged
        {
            ScalarType have = tensor.dtype;
            bool fits = have switch
            {
                ScalarType.Byte => typeof(T) == typeof(byte),
                ScalarType.Int8 => typeof(T) == typeof(sbyte),
                ScalarType.Int16 => typeof(T) == typeof(short),
                ScalarType.Int32 => typeof(T) == typeof(int),
                ScalarType.Int64 => typeof(T) == typeof(long),
                ScalarType.Bool => typeof(T) == typeof(bool),
                ScalarType.Float16 => typeof(T) == typeof(Half),
                ScalarType.BFloat16 => typeof(T) == typeof(BFloat16),
                ScalarType.Float32 => typeof(T) == typeof(float),
                ScalarType.Float64 => typeof(T) == typeof(double),
                ScalarType.ComplexFloat32 => typeof(T) == typeof((float, float)),
                ScalarType.ComplexFloat64 => typeof(T) == typeof(Complex),
                _ => false,
            };
            if (!fits) throw new ArgumentException($"{typeof(T).Name} is not compatible with {have}");
        }
    }
}

internal static partial class Aten
{
    internal static readonly Op _local_scalar_dense = new("aten::_local_scalar_dense");
}
