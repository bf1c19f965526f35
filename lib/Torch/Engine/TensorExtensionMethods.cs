using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Numbers out of one-element tensors, tensors out of arrays, and small questions about shapes.</summary>
public static partial class TensorExtensionMethods
{
    public static int ElementSize(this ScalarType type) => (int)Tensor.SizeOf(type);

    public static long TotalSize(this IEnumerable<long> shape) => shape.Aggregate(1L, (a, b) => a * b);

    public static ReadOnlySpan<int> IntShape(this Tensor tensor) => Array.ConvertAll(tensor.shape, s => (int)s);

    /// <summary>A tensor of the array's values with the shape given.</summary>
    public static Tensor ToTensor<T>(this T[] rawArray, long[] dimensions, bool doCopy = false, bool requires_grad = false)
        => Reshaped(from_array(rawArray), dimensions, requires_grad);

    /// <summary>A tensor without dimensions that holds the number.</summary>
    public static Tensor ToTensor<T>(this T scalar, Device? device = null, bool requires_grad = false) where T : struct
        => Reshaped(from_array(new[] { scalar }, null, device), [], requires_grad);

    /// <summary>A parameter that takes the tensor's place.</summary>
    public static Modules.Parameter AsParameter(this Tensor tensor) => new(tensor);

    public static float ToSingle(this Tensor value) => (float)Number(value).Real;
    public static double ToDouble(this Tensor value) => Number(value).Real;
    public static Half ToHalf(this Tensor value) => (Half)Number(value).Real;
    public static BFloat16 ToBFloat16(this Tensor value) => (BFloat16)Number(value).Real;
    public static sbyte ToSByte(this Tensor value) => (sbyte)value.ToScalar().Integer;
    public static byte ToByte(this Tensor value) => (byte)value.ToScalar().Integer;
    public static short ToInt16(this Tensor value) => (short)value.ToScalar().Integer;
    public static int ToInt32(this Tensor value) => (int)value.ToScalar().Integer;
    public static long ToInt64(this Tensor value) => value.ToScalar().Integer;
    public static bool ToBoolean(this Tensor value) => Number(value) != Complex.Zero;
    public static (float Real, float Imaginary) ToComplexFloat32(this Tensor value) => ((float)Number(value).Real, (float)Number(value).Imaginary);
    public static Complex ToComplexFloat64(this Tensor value) => Number(value);
    public static (float Real, float Imaginary) ToComplex32(this Tensor value) => value.ToComplexFloat32();
    public static Complex ToComplex64(this Tensor value) => Number(value);

    private static Complex Number(Tensor value) => value.ToScalar().Number;

    private static Tensor Reshaped(Tensor flat, long[] dimensions, bool requiresGrad)
    {
        Tensor shaped = flat.reshape(dimensions);
        flat.Dispose();
        return requiresGrad ? shaped.requires_grad_() : shaped;
    }
}
