using System.Numerics;

namespace TorchSharp;

// Tensors that share the memory of an array where they can.
public static partial class torch
{
    public static Tensor as_tensor(IList<bool> rawArray, ScalarType? dtype = null, Device? device = null) => Make<bool>(Flat(rawArray), [rawArray.Count], ScalarType.Bool, dtype, device, false, null);
    public static Tensor as_tensor(bool[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<bool>(rawArray, [rawArray.Length], ScalarType.Bool, dtype, device, false, null);
    public static Tensor as_tensor(IList<byte> rawArray, ScalarType? dtype = null, Device? device = null) => Make<byte>(Flat(rawArray), [rawArray.Count], ScalarType.Byte, dtype, device, false, null);
    public static Tensor as_tensor(byte[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<byte>(rawArray, [rawArray.Length], ScalarType.Byte, dtype, device, false, null);
    public static Tensor as_tensor(IList<sbyte> rawArray, ScalarType? dtype = null, Device? device = null) => Make<sbyte>(Flat(rawArray), [rawArray.Count], ScalarType.Int8, dtype, device, false, null);
    public static Tensor as_tensor(sbyte[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<sbyte>(rawArray, [rawArray.Length], ScalarType.Int8, dtype, device, false, null);
    public static Tensor as_tensor(IList<short> rawArray, ScalarType? dtype = null, Device? device = null) => Make<short>(Flat(rawArray), [rawArray.Count], ScalarType.Int16, dtype, device, false, null);
    public static Tensor as_tensor(short[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<short>(rawArray, [rawArray.Length], ScalarType.Int16, dtype, device, false, null);
    public static Tensor as_tensor(IList<int> rawArray, ScalarType? dtype = null, Device? device = null) => Make<int>(Flat(rawArray), [rawArray.Count], ScalarType.Int32, dtype, device, false, null);
    public static Tensor as_tensor(int[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<int>(rawArray, [rawArray.Length], ScalarType.Int32, dtype, device, false, null);
    public static Tensor as_tensor(IList<long> rawArray, ScalarType? dtype = null, Device? device = null) => Make<long>(Flat(rawArray), [rawArray.Count], ScalarType.Int64, dtype, device, false, null);
    public static Tensor as_tensor(long[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<long>(rawArray, [rawArray.Length], ScalarType.Int64, dtype, device, false, null);
    public static Tensor as_tensor(IList<float> rawArray, ScalarType? dtype = null, Device? device = null) => Make<float>(Flat(rawArray), [rawArray.Count], ScalarType.Float32, dtype, device, false, null);
    public static Tensor as_tensor(float[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<float>(rawArray, [rawArray.Length], ScalarType.Float32, dtype, device, false, null);
    public static Tensor as_tensor(IList<double> rawArray, ScalarType? dtype = null, Device? device = null) => Make<double>(Flat(rawArray), [rawArray.Count], ScalarType.Float64, dtype, device, false, null);
    public static Tensor as_tensor(double[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<double>(rawArray, [rawArray.Length], ScalarType.Float64, dtype, device, false, null);
    public static Tensor as_tensor(IList<(float, float)> rawArray, ScalarType? dtype = null, Device? device = null) => Make<(float, float)>(Flat(rawArray), [rawArray.Count], ScalarType.ComplexFloat32, dtype, device, false, null);
    public static Tensor as_tensor((float, float)[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<(float, float)>(rawArray, [rawArray.Length], ScalarType.ComplexFloat32, dtype, device, false, null);
    public static Tensor as_tensor(IList<Complex> rawArray, ScalarType? dtype = null, Device? device = null) => Make<Complex>(Flat(rawArray), [rawArray.Count], ScalarType.ComplexFloat64, dtype, device, false, null);
    public static Tensor as_tensor(Complex[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<Complex>(rawArray, [rawArray.Length], ScalarType.ComplexFloat64, dtype, device, false, null);
    public static Tensor as_tensor(IList<BFloat16> rawArray, ScalarType? dtype = null, Device? device = null) => Make<BFloat16>(Flat(rawArray), [rawArray.Count], ScalarType.BFloat16, dtype, device, false, null);
    public static Tensor as_tensor(BFloat16[] rawArray, ScalarType? dtype = null, Device? device = null) => Share<BFloat16>(rawArray, [rawArray.Length], ScalarType.BFloat16, dtype, device, false, null);

    public static Tensor as_tensor(Tensor data, ScalarType? dtype = null, Device? device = null)
        => data.to(dtype ?? data.dtype, device ?? data.device);

    public static Tensor as_tensor(Array data, ScalarType? dtype = null, Device? device = null) => from_array(data, dtype, device);
}
