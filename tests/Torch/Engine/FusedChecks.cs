using Retort.Randomness;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>What the tests of fused kernels share: values of a name, leaves, and nearness by the largest value.</summary>
internal static class FusedChecks
{
    /// <summary>Normally distributed values, the same for the same name and shape.</summary>
    public static Tensor Values(string name, params long[] shape)
    {
        var draw = RandomStream.Of(7, "fused", name);
        return tensor([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)draw.Normal())], shape);
    }

    public static Tensor Values(string name, ScalarType dtype, params long[] shape) => Values(name, shape).to(dtype);

    public static Tensor Leaf(Tensor x, ScalarType? dtype = null) => x.detach().clone().to(dtype ?? x.dtype).requires_grad_();

    /// <summary>No value is further off than the tolerance times the largest expected one.</summary>
    public static void Near(Tensor expected, Tensor? actual, double tolerance, string what = "the result")
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.shape, actual.shape);
        if (expected.numel() == 0) return;
        var scale = expected.abs().max().to(ScalarType.Float64).item<double>();
        var error = (expected.to(ScalarType.Float64) - actual.to(ScalarType.Float64)).abs().max().item<double>();
        Assert.True(error <= tolerance * scale, $"{what}: the largest error is {error}, the largest value {scale}");
    }

    public static void SkipWithout(ScalarType dtype)
    {
        using var none = no_grad();
        using var one = zeros([16], dtype);
        using var y = Fused.Gelu(one);
        Skip.If(y is null, "this processor has no fused kernels of the type");
    }
}
