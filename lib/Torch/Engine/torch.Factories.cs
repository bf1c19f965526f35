using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

// What every factory of a tensor goes through, and the factories without a size.
public static unsafe partial class torch
{
    public static Tensor eye(long rows, long columns = -1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
        => Named(Aten.eye_m.Call(rows, columns < 0 ? rows : columns, Type(dtype), Arg.None, Place(device)), requires_grad, names);

    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => arange(0, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => arange(start, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        bool whole = start.Type == ScalarType.Int64 && stop.Type == ScalarType.Int64 && step.Type == ScalarType.Int64;
        ScalarType type = dtype ?? (whole ? ScalarType.Int64 : get_default_dtype());
        if (is_complex(type))
        {
            // libtorch has none of these: a line on the real axis, as TorchSharp has it.
            using Tensor real = arange(start, stop, step, Part(type), device);
            return Named(real.to_type(type, copy: true), requires_grad, null);
        }
        return Named(Aten.arange_start_step.Call(start, stop, step, type, Arg.None, Place(device)), requires_grad, null);
    }

    public static Tensor linspace(double start, double end, long steps, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => Named(Aten.linspace.Call(start, end, steps, Type(dtype), Arg.None, Place(device)), requires_grad, null);

    public static Tensor logspace(double start, double end, long steps, double @base = 10, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => Named(Aten.logspace.Call(start, end, steps, @base, Type(dtype), Arg.None, Place(device)), requires_grad, null);

    public static Tensor complex(Tensor real, Tensor imag) => Aten.complex.Call(real, imag);

    public static Tensor polar(Tensor abs, Tensor angle) => Aten.polar.Call(abs, angle);

    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device);

    public static Tensor from_array(Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        var sizes = new long[rawArray.Rank];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = rawArray.GetLength(i);
        return rawArray.GetType().GetElementType() switch
        {
            var t when t == typeof(bool) => Make(Flat<bool>(rawArray), sizes, ScalarType.Bool, dtype, device, requires_grad, names),
            var t when t == typeof(byte) => Make(Flat<byte>(rawArray), sizes, ScalarType.Byte, dtype, device, requires_grad, names),
            var t when t == typeof(sbyte) => Make(Flat<sbyte>(rawArray), sizes, ScalarType.Int8, dtype, device, requires_grad, names),
            var t when t == typeof(short) => Make(Flat<short>(rawArray), sizes, ScalarType.Int16, dtype, device, requires_grad, names),
            var t when t == typeof(int) => Make(Flat<int>(rawArray), sizes, ScalarType.Int32, dtype, device, requires_grad, names),
            var t when t == typeof(long) => Make(Flat<long>(rawArray), sizes, ScalarType.Int64, dtype, device, requires_grad, names),
            var t when t == typeof(Half) => Make(Flat<Half>(rawArray), sizes, ScalarType.Float16, dtype, device, requires_grad, names),
            var t when t == typeof(BFloat16) => Make(Flat<BFloat16>(rawArray), sizes, ScalarType.BFloat16, dtype, device, requires_grad, names),
            var t when t == typeof(float) => Make(Flat<float>(rawArray), sizes, ScalarType.Float32, dtype, device, requires_grad, names),
            var t when t == typeof(double) => Make(Flat<double>(rawArray), sizes, ScalarType.Float64, dtype, device, requires_grad, names),
            var t when t == typeof(Complex) => Make(Flat<Complex>(rawArray), sizes, ScalarType.ComplexFloat64, dtype, device, requires_grad, names),
            var t when t == typeof((float, float)) => Make(Flat<(float, float)>(rawArray), sizes, ScalarType.ComplexFloat32, dtype, device, requires_grad, names),
            var t => throw new NotSupportedException($"no tensor is made of an array of {t}"),
        };
    }

    public static Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        Type element = rawArray.GetType().GetElementType()!;
        // A bool and a char of .NET are not what they are elsewhere.
        long width = element == typeof(bool) ? 1 : element == typeof(char) ? 2 : Marshal.SizeOf(element);
        long all = rawArray.LongLength * width / Tensor.SizeOf(dtype), n = count >= 0 ? count : all - offset;
        if (offset < 0 || offset > all) throw new ArgumentOutOfRangeException(nameof(offset), $"{offset} of {all} elements");
        if (n > all - offset) throw new ArgumentOutOfRangeException(nameof(count), $"{n} elements from {offset} on, of {all}");
        return Named(OverPinned(rawArray, offset * Tensor.SizeOf(dtype), [n], dtype), requires_grad, null);
    }

    internal static Tensor NewZeros(long[] size, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        => Named(Aten.zeros.Call(size, Type(dtype), Arg.None, Place(device)), requiresGrad, names);

    internal static Tensor NewOnes(long[] size, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        => Named(Aten.ones.Call(size, Type(dtype), Arg.None, Place(device)), requiresGrad, names);

    internal static Tensor NewEmpty(long[] size, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        => Named(Aten.empty_memory_format.Call(size, Type(dtype), Arg.None, Place(device)), requiresGrad, names);

    // TorchSharp takes the default type here whatever the value is; PyTorch would look at the value.
    internal static Tensor NewFull(long[] size, Scalar value, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        => Named(Aten.full.Call(size, value, Type(dtype), Arg.None, Place(device)), requiresGrad, names);

    internal static Tensor NewRand(long[] size, Generator? generator, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        => Named(Aten.rand_generator.Call(size, generator, Drawn(dtype, "rand"), Arg.None, Place(device)), requiresGrad, names);

    internal static Tensor NewRandn(long[] size, Generator? generator, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        => Named(Aten.randn_generator.Call(size, generator, Drawn(dtype, "randn"), Arg.None, Place(device)), requiresGrad, names);

    /// <summary>The type of a complex number's two parts.</summary>
    internal static ScalarType Part(ScalarType complex) => complex == ScalarType.ComplexFloat32 ? ScalarType.Float32 : ScalarType.Float64;

    private static ScalarType Drawn(ScalarType? dtype, string what) => !is_integral(Type(dtype))
        ? Type(dtype)
        : throw new ArgumentException($"torch.{what}() was passed a bad dtype: {dtype}. It must be floating point or complex.", nameof(dtype));

    internal static ScalarType Type(ScalarType? dtype) => dtype ?? get_default_dtype();

    internal static Device Place(Device? device) => Ready(device ?? get_default_device());

    /// <summary>The device, where it can be used.</summary>
    /// <exception cref="InvalidOperationException">There is no such device on this machine, or this libtorch cannot use it.</exception>
    internal static Device Ready(Device device) => device.type != DeviceType.CUDA || cuda.is_available()
        ? device
        : throw new InvalidOperationException($"Torch device type {device.type} did not initialise on the current machine: there is none, or this libtorch has no CUDA");

    internal static Tensor Named(Tensor made, bool requiresGrad, string[]? names)
    {
        if (names is { Length: > 0 }) made.rename_(names);
        return requiresGrad ? made.requires_grad_() : made;
    }

    /// <summary>A tensor with a copy of the values.</summary>
    internal static Tensor Make<T>(ReadOnlySpan<T> data, ReadOnlySpan<long> sizes, ScalarType type, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        where T : unmanaged
    {
        CheckCount(data.Length, sizes);
        Tensor made;
        byte nothing = 0;
        fixed (T* p = data)
        fixed (long* s = sizes)
        {
            made = new Tensor(Door.Check(Door.FromBytes(p == null ? &nothing : (byte*)p, s, sizes.Length, (int)type)));
        }
        return Named(Moved(made, dtype, device), requiresGrad, names);
    }

    private static Tensor OverPinned(Array data, long firstByte, ReadOnlySpan<long> sizes, ScalarType type)
    {
        GCHandle pin = GCHandle.Alloc(data, GCHandleType.Pinned);
        nint handle;
        fixed (long* s = sizes)
        {
            handle = Door.FromBlob((byte*)pin.AddrOfPinnedObject() + firstByte, s, sizes.Length, (int)type, &Unpin, GCHandle.ToIntPtr(pin));
        }
        if (handle == 0)
        {
            pin.Free();
            throw Door.Error();
        }
        return new Tensor(handle);
    }

    /// <summary>A tensor over the array itself, which stays pinned until libtorch lets go of the memory.</summary>
    internal static Tensor Share<T>(T[] data, ReadOnlySpan<long> sizes, ScalarType type, ScalarType? dtype, Device? device, bool requiresGrad, string[]? names)
        where T : unmanaged
    {
        CheckCount(data.Length, sizes);
        return Named(Moved(OverPinned(data, 0, sizes, type), dtype, device), requiresGrad, names);
    }

    private static Tensor Moved(Tensor made, ScalarType? dtype, Device? device)
    {
        Device place = Place(device);
        if ((dtype is null || dtype == made.dtype) && place.type == DeviceType.CPU) return made;
        Tensor moved = made.to(dtype ?? made.dtype, place);
        made.Dispose();
        return moved;
    }

    private static void CheckCount(long count, ReadOnlySpan<long> sizes)
    {
        long expected = 1;
        foreach (long s in sizes) expected *= s;
        // As TorchSharp: of a longer array the first values are taken.
        if (expected > count) throw new ArgumentException($"mismatched total size creating a tensor from an array: {count} values for the shape [{string.Join(", ", sizes.ToArray())}]");
    }

    private static T[] Flat<T>(IList<T> list) => list as T[] ?? [.. list];

    private static ReadOnlySpan<T> Flat<T>(Array array) where T : unmanaged
        => MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);

    [UnmanagedCallersOnly]
    private static void Unpin(nint pin) => GCHandle.FromIntPtr(pin).Free();
}

internal static partial class Aten
{
    internal static readonly Op eye_m = new("aten::eye", "m");
    internal static readonly Op arange_start_step = new("aten::arange", "start_step");
    internal static readonly Op linspace = new("aten::linspace");
    internal static readonly Op logspace = new("aten::logspace");
    internal static readonly Op complex = new("aten::complex");
    internal static readonly Op polar = new("aten::polar");
    internal static readonly Op zeros = new("aten::zeros");
    internal static readonly Op ones = new("aten::ones");
    internal static readonly Op empty_memory_format = new("aten::empty", "memory_format");
    internal static readonly Op full = new("aten::full");
    internal static readonly Op rand_generator = new("aten::rand", "generator");
    internal static readonly Op randn_generator = new("aten::randn", "generator");
}
