using System.Collections;
using System.Numerics;

namespace TorchSharp;

public static unsafe partial class torch
{
    public partial class Tensor
    {
        /// <summary>All elements of the memory that this tensor is a view of, in their order there; writing to them changes the tensor.</summary>
        public Storage<T> storage<T>() where T : unmanaged
        {
            CheckType<T>(this);
            return new Storage<T>(this);
        }
    }

    public static bool is_storage(object obj) => obj is Storage;

    /// <summary>The memory of a tensor.</summary>
    public abstract class Storage
    {
        // One dimension over the whole memory.
        private protected readonly Tensor flat;

        protected Storage() : this(empty(0)) { }

        protected Storage(Tensor tensor) : this(tensor, 0) { }

        protected Storage(Tensor tensor, nint data_ptr)
        {
            using var guard = no_grad();
            long bytes;
            var start = Door.Data(tensor.Handle, &bytes);
            if (start == null) throw Door.Error();
            if (data_ptr != 0 && data_ptr != (nint)start) throw new ArgumentException("an address that is not the tensor's", nameof(data_ptr));
            flat = tensor.as_strided([bytes / tensor.ElementSize], [1], 0).DetachFromDisposeScope();
        }

        public nint data_ptr() => (nint)flat.DataPointer();

        public ulong nbytes() => (ulong)(flat.numel() * flat.ElementSize);

        public abstract int element_size();

        // The elements in another type, in memory of their own.
        public Storage<bool> @bool() => As<bool>(ScalarType.Bool);
        public Storage<byte> @byte() => As<byte>(ScalarType.Byte);
        public Storage<char> @char() => As<char>(ScalarType.Int16);
        public Storage<int> @int() => As<int>(ScalarType.Int32);
        public Storage<long> @long() => As<long>(ScalarType.Int64);
        public Storage<float> @float() => As<float>(ScalarType.Float32);
        public Storage<double> @double() => As<double>(ScalarType.Float64);
        public Storage<(float, float)> complex_float() => As<(float, float)>(ScalarType.ComplexFloat32);
        public Storage<Complex> complex_double() => As<Complex>(ScalarType.ComplexFloat64);

        private Storage<T> As<T>(ScalarType type) where T : unmanaged
        {
            using var converted = flat.to_type(type, copy: true);
            return new Storage<T>(converted);
        }

        protected static Tensor CreateTypedTensor<T>(ScalarType dtype, IList<T> rawArray)
        {
            using var made = from_array(rawArray.ToArray());
            return made.to_type(dtype, copy: true);
        }
    }

    /// <summary>The memory of a tensor as a list of numbers. It keeps that memory alive until it is disposed of.</summary>
    public sealed class Storage<T> : Storage, IDisposable, ICollection<T> where T : unmanaged
    {
        internal Storage(Tensor tensor) : base(tensor) { }

        private Storage(Tensor tensor, bool whole) : base(whole ? tensor : tensor.clone()) { }

        public int Count => checked((int)flat.numel());

        public bool IsReadOnly => false;

        public Device device => flat.device;

        public override int element_size() => sizeof(T);

        private Span<T> Elements => flat.device_type == DeviceType.CPU ? new Span<T>(flat.DataPointer(), Count)
            : throw new InvalidOperationException("the elements of a storage on another device cannot be read one by one; call cpu() first");

        public T this[int index]
        {
            get => Elements[index];
            set => Elements[index] = value;
        }

        /// <summary>Some of the elements: a copy. Assigning writes them; one value alone goes to all.</summary>
        public Storage<T> this[Range range]
        {
            get
            {
                var (start, length) = range.GetOffsetAndLength(Count);
                using var part = flat.slice(0, start, start + length, 1);
                return new Storage<T>(part, whole: false);
            }
            set
            {
                var part = Elements[range];
                if (value.Count == 1) part.Fill(value[0]);
                else if (value.Count == part.Length) value.Elements.CopyTo(part);
                else throw new ArgumentException($"{value.Count} elements for {part.Length}");
            }
        }

        public Storage<T> this[(int? start, int? end) range]
        {
            get => this[(range.start ?? 0)..(range.end ?? Count)];
            set => this[(range.start ?? 0)..(range.end ?? Count)] = value;
        }

        public static implicit operator Storage<T>(T value)
        {
            using var one = from_array(new[] { value });
            return new Storage<T>(one);
        }

        public void fill_(T value) => Elements.Fill(value);

        public void copy_(IList<T> array) => CopyFrom(array, 0);

        /// <summary>Writes the list's elements from the place on, as many as fit.</summary>
        public void CopyFrom(IList<T> array, int arrayIndex)
        {
            var here = Elements;
            for (var i = 0; i < here.Length && arrayIndex + i < array.Count; i++) here[i] = array[arrayIndex + i];
        }

        /// <summary>Writes the elements into the list from the place on, as many as fit.</summary>
        public void CopyTo(IList<T> array, int arrayIndex)
        {
            var here = Elements;
            for (var i = 0; i < here.Length && arrayIndex + i < array.Count; i++) array[arrayIndex + i] = here[i];
        }

        void ICollection<T>.CopyTo(T[] array, int arrayIndex) => Elements.CopyTo(array.AsSpan(arrayIndex));

        void ICollection<T>.Add(T item) => throw new NotSupportedException("a storage does not grow");

        bool ICollection<T>.Remove(T item) => throw new NotSupportedException("a storage does not shrink");

        void ICollection<T>.Clear() => throw new NotSupportedException("a storage does not shrink");

        public bool Contains(T item) => IndexOf(item) >= 0;

        public int IndexOf(T item) => Array.IndexOf(ToArray(), item);

        public T[] ToArray() => Elements.ToArray();

        public IList<T> tolist() => ToArray();

        public Storage<T> cpu() => On(CPU);

        public Storage<T> cuda(Device? device = null) => On(device ?? CUDA);

        private Storage<T> On(Device device)
        {
            using var there = flat.to(device, copy: true);
            return new Storage<T>(there);
        }

        public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)ToArray()).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public void Dispose() => flat.Dispose();
    }
}
