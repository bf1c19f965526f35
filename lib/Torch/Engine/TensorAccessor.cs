using System.Collections;

namespace TorchSharp.Utils;

/// <summary>
/// A tensor's elements in row-major order, read and written in the tensor's own memory whatever its strides are.
/// </summary>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor tensor;
    private readonly long[] sizes;
    private readonly long[] strides;
    private readonly bool straight;
    private readonly T* first;
    private readonly nint handle;

    internal TensorAccessor(torch.Tensor tensor, bool copy)
    {
        this.tensor = copy ? tensor.DetachFromDisposeScope() : tensor;
        IsReadOnly = copy;
        handle = tensor.Handle;
        sizes = tensor.shape;
        strides = tensor.stride();
        straight = tensor.is_contiguous();
        first = (T*)tensor.DataPointer();
        Count = tensor.NumberOfElements;
    }

    public long Count { get; }

    public bool IsReadOnly { get; }

    // The memory, as long as the tensor has it.
    private T* Start => tensor.Handle == handle ? first : throw new InvalidOperationException("the tensor has other memory now; ask it for data again");

    private T* Writable => IsReadOnly ? throw new InvalidOperationException("these values are a copy, of a tensor whose memory holds conjugates or negatives") : Start;

    public T this[params long[] indices]
    {
        get
        {
            T value = *(Start + Place(indices));
            GC.KeepAlive(tensor);
            return value;
        }
        set
        {
            *(Writable + Place(indices)) = value;
            GC.KeepAlive(tensor);
        }
    }

    public T[] ToArray()
    {
        var all = new T[Count];
        CopyTo(all);
        return all;
    }

    /// <summary>An array with as many dimensions as the tensor; a single value for none.</summary>
    public Array ToNDArray()
    {
        if (sizes.Length == 0) return new[] { At(0) };
        Array made = Array.CreateInstance(typeof(T), sizes);
        T[] flat = ToArray();
        var index = new long[sizes.Length];
        foreach (T value in flat)
        {
            made.SetValue(value, index);
            for (int d = sizes.Length - 1; d >= 0 && ++index[d] == sizes[d]; d--) index[d] = 0;
        }
        return made;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        T* start = Start;
        Span<T> target = array[arrayIndex..];
        int n = (int)Math.Min(target.Length, Count - tensorIndex);
        if (straight)
        {
            new ReadOnlySpan<T>(start + tensorIndex, n).CopyTo(target);
        }
        else
        {
            for (int i = 0; i < n; i++) target[i] = start[Offset(tensorIndex + i)];
        }
        GC.KeepAlive(tensor);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        T* start = Writable;
        ReadOnlySpan<T> source = array[arrayIndex..];
        int n = (int)Math.Min(source.Length, Count - tensorIndex);
        if (straight) source[..n].CopyTo(new Span<T>(start + tensorIndex, n));
        else for (int i = 0; i < n; i++) start[Offset(tensorIndex + i)] = source[i];
        GC.KeepAlive(tensor);
    }

    public IEnumerator<T> GetEnumerator()
    {
        // Block by block: an enumerator cannot hold a pointer.
        var block = new T[Math.Min(Count, 4096)];
        for (long i = 0; i < Count; i += block.Length)
        {
            CopyTo(block, 0, i);
            for (int k = 0; k < block.Length && i + k < Count; k++) yield return block[k];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override bool Equals(object? obj) => obj is TensorAccessor<T> other && this == other;

    public override int GetHashCode() => tensor.GetHashCode();

    public static bool operator ==(TensorAccessor<T> left, TensorAccessor<T> right) => left.Count == right.Count && left.SequenceEqual(right);

    public static bool operator !=(TensorAccessor<T> left, TensorAccessor<T> right) => !(left == right);

    /// <summary>Nothing to let go of: the tensor keeps the memory.</summary>
    public void Dispose()
    {
    }

    /// <summary>The element at a place of the row-major order.</summary>
    internal T At(long i)
    {
        T value = Start[Offset(i)];
        GC.KeepAlive(tensor);
        return value;
    }

    private long Place(long[] indices)
    {
        if (indices.Length == 1 && sizes.Length != 1)
        {
            if (indices[0] < 0 || indices[0] >= Count) throw new IndexOutOfRangeException();
            return Offset(indices[0]);
        }
        if (indices.Length != sizes.Length) throw new ArgumentException($"{indices.Length} indices for {sizes.Length} dimensions");
        long offset = 0;
        for (int d = 0; d < sizes.Length; d++)
        {
            if (indices[d] < 0 || indices[d] >= sizes[d]) throw new IndexOutOfRangeException();
            offset += indices[d] * strides[d];
        }
        return offset;
    }

    private long Offset(long i)
    {
        if (straight) return i;
        long offset = 0;
        for (int d = sizes.Length - 1; d >= 0; d--)
        {
            offset += i % sizes[d] * strides[d];
            i /= sizes[d];
        }
        return offset;
    }
}
