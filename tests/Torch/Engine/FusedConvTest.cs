using Retort.Torch;
using static Retort.Tests.Torch.FusedChecks;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

// The kernels of convolutional networks against the plain operators, forward and gradient. Tolerances are of the largest value there:
// 3e-6 in float32; in bfloat16, whose rounding is 4e-3, 2e-2 against the float32 result of the same rounded inputs.
public class FusedConvTest
{
    private static double Tolerance(ScalarType dtype) => dtype == ScalarType.Float32 ? 3e-6 : 2e-2;

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 3, 1, 1, 1, 8, 26)]
    [InlineData(ScalarType.Float32, 3, 2, 0, 1, 32, 101)]
    [InlineData(ScalarType.Float32, 3, 2, 1, 1, 9, 16)]
    [InlineData(ScalarType.Float32, 5, 1, 2, 2, 4, 13)]
    [InlineData(ScalarType.Float32, 5, 2, 2, 2, 7, 50)]
    [InlineData(ScalarType.Float32, 5, 2, 1, 2, 8, 33)]
    [InlineData(ScalarType.Float32, 3, 1, 1, 1, 1, 1)]
    [InlineData(ScalarType.Float32, 5, 1, 2, 2, 1, 64)]
    [InlineData(ScalarType.BFloat16, 3, 2, 0, 1, 32, 101)]
    [InlineData(ScalarType.BFloat16, 5, 1, 2, 2, 4, 13)]
    public void Depthwise_Fused_EqualsPlain(ScalarType dtype, int kernel, int stride, int before, int after, int height, int width)
    {
        SkipWithout(dtype);
        using var scope = NewDisposeScope();
        Tensor x = Values("x", dtype, 3, 5, height, width), weight = Values("weight", ScalarType.Float32, 5, 1, kernel, kernel);
        Tensor plainX = x.to(ScalarType.Float32).detach().clone().requires_grad_(), plainWeight = weight.clone().requires_grad_();
        var expected = nn.functional.conv2d(nn.functional.pad(plainX, (before, after, before, after)), plainWeight, null, [stride, stride], groups: 5);
        var slope = Values("slope", dtype, expected.shape);
        expected.backward([slope.to(ScalarType.Float32)]);
        Tensor ourX = x.clone().requires_grad_(), ourWeight = weight.clone().requires_grad_();
        var actual = Fused.Depthwise(ourX, ourWeight, stride, before, after)!;
        actual.backward([slope]);

        Near(expected, actual, Tolerance(dtype), "the result");
        Near(plainX.grad!, ourX.grad, Tolerance(dtype), "the gradient of x");
        Near(plainWeight.grad!, ourWeight.grad, Tolerance(dtype), "the gradient of the weight");
        using var none = no_grad();
        var bias = Values("bias", ScalarType.Float32, 5);
        Near(nn.functional.silu(expected + bias.view(-1, 1, 1)), Fused.Depthwise(x, weight, stride, before, after, bias, silu: true), Tolerance(dtype), "with bias and SiLU");
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 4, 6, 52, false)]
    [InlineData(ScalarType.Float32, 4, 6, 52, true)]
    [InlineData(ScalarType.Float32, 5, 3, 1, true)]
    [InlineData(ScalarType.Float32, 3, 2, 1003, true)]
    [InlineData(ScalarType.BFloat16, 4, 6, 53, true)]
    public void BatchNorm_Fused_EqualsPlain(ScalarType dtype, int batch, int channels, int size, bool silu)
    {
        SkipWithout(dtype);
        using var scope = NewDisposeScope();
        var x = Values("x", dtype, batch, channels, size) * 3;
        Tensor weight = Values("weight", ScalarType.Float32, channels), bias = Values("bias", ScalarType.Float32, channels);
        Tensor mean = Values("mean", ScalarType.Float32, channels), variance = Values("variance", ScalarType.Float32, channels).abs();
        var (expected, plain) = Run(x.to(ScalarType.Float32), (v, w, b, m, s) =>
        {
            var y = nn.functional.batch_norm(v, m, s, w, b, training: true, momentum: 0.01, eps: 1e-3);
            return silu ? nn.functional.silu(y) : y;
        });
        var (actual, ours) = Run(x, (v, w, b, m, s) => Fused.BatchNorm(v, w, b, m, s, 0.01, 1e-3, silu)!);

        Near(expected, actual, Tolerance(dtype), "the result");
        foreach (var (p, o, what) in plain.Zip(ours, ["gradient of x", "gradient of the weight", "gradient of the bias", "running mean", "running variance"]))
        {
            Near(p, o, Tolerance(dtype) * (what == "gradient of x" ? 4 : 1), what);
        }

        (Tensor, Tensor[]) Run(Tensor input, Func<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor> norm)
        {
            Tensor v = input.detach().clone().requires_grad_(), w = weight.clone().requires_grad_(), b = bias.clone().requires_grad_(), m = mean.clone(), s = variance.clone();
            var y = norm(v, w, b, m, s);
            y.backward([Values("slope", dtype, y.shape).to(y.dtype)]);
            return (y.detach(), [v.grad!, w.grad!, b.grad!, m, s]);
        }
    }

    [SkippableFact]
    public void BatchNorm_FarValues_StayNumbers()
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var x = tensor(new[] { -300f, 300f, 0f, 1f }, [1, 1, 4]).requires_grad_();
        var y = Fused.BatchNorm(x, full([1], 200f), zeros(1), zeros(1), ones(1), 0.1, 1e-3, silu: true)!;
        y.sum().backward();
        Assert.True(y.isfinite().all().item<bool>() && x.grad!.isfinite().all().item<bool>());
        Assert.Equal(0, y[0, 0, 0].item<float>(), 1e-20f);
    }

    [SkippableTheory]
    [InlineData(8, 20)]
    [InlineData(64, 96)]
    public void Pointwise_Fused_EqualsPlain(int channels, int outputs)
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        Tensor x = Values("x", ScalarType.Float32, 2, channels, 5, 7), weight = Values("weight", ScalarType.Float32, outputs, channels, 1, 1), bias = Values("bias", ScalarType.Float32, outputs);
        Near(nn.functional.conv2d(x, weight, bias), Fused.Pointwise(x, weight, bias), Tolerance(ScalarType.Float32), "with a bias");
        Near(nn.functional.conv2d(x, weight), Fused.Pointwise(x, weight), Tolerance(ScalarType.Float32), "without");
    }

    [SkippableFact]
    public void BiasSilu_InPlace_EqualsPlain()
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        Tensor x = Values("x", ScalarType.Float32, 2, 3, 5, 7), bias = Values("bias", ScalarType.Float32, 3);
        var expected = nn.functional.silu(x + bias.view(-1, 1, 1));
        var y = Fused.BiasSilu_(x, bias);
        Near(expected, y, Tolerance(ScalarType.Float32), "the result");
        Near(expected, x, Tolerance(ScalarType.Float32), "x itself");
    }
}
