using static TorchSharp.torch;

namespace Retort.Tests.Weights;

internal static class TensorAssert
{
    private static readonly Dictionary<string, ScalarType> Types = new()
    {
        ["float64"] = ScalarType.Float64,
        ["float32"] = ScalarType.Float32,
        ["float16"] = ScalarType.Float16,
        ["bfloat16"] = ScalarType.BFloat16,
        ["int64"] = ScalarType.Int64,
        ["int32"] = ScalarType.Int32,
        ["int16"] = ScalarType.Int16,
        ["int8"] = ScalarType.Int8,
        ["uint8"] = ScalarType.Byte,
        ["bool"] = ScalarType.Bool,
    };

    public static double[] Values(Tensor tensor)
    {
        using var dense = tensor.detach().to(ScalarType.Float64).contiguous();
        return dense.data<double>().ToArray();
    }

    public static void Same(Dictionary<string, Fixtures.Expected> expected, Dictionary<string, Tensor> found)
    {
        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        foreach (var (name, want) in expected)
        {
            Assert.Equal(Types[want.DType], found[name].dtype);
            Assert.Equal(want.Shape, found[name].shape);
            Assert.Equal(want.Values, Values(found[name]));
        }
    }
}
