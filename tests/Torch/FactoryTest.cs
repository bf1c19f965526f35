using System.Numerics;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

public class FactoryTest
{
    [Fact]
    public void Tensor_OfArrays_HasTheirTypeShapeAndValues()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(float64, tensor(new[] { 1.0, 2 }).dtype);
        Assert.Equal(int32, tensor(new[] { 1, 2 }).dtype);
        Assert.Equal(@bool, tensor(new[] { true }).dtype);
        Assert.Equal(bfloat16, tensor(new[] { (BFloat16)1f }).dtype);
        Assert.Equal([2L, 3], tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } }).shape);
        Assert.Equal([1f, 2, 3, 4, 5, 6], tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } }).data<float>().ToArray());
        Assert.Equal([2L, 2], tensor(new List<long> { 1, 2, 3, 4 }, 2, 2).shape);
        Assert.Equal(new Complex(1, -2), tensor(new[] { new Complex(1, -2) }).item<Complex>());
        Assert.Equal([], tensor(3.5f).shape);
        Assert.Equal(float16, tensor(new[] { 1.5f }, dtype: float16).dtype);
        Assert.Throws<ArgumentException>(() => tensor(new float[5], [2, 3]));
    }

    [Fact]
    public void AsTensor_SharesTheArray_TensorDoesNot()
    {
        using DisposeScope scope = NewDisposeScope();
        float[] data = [1, 2, 3];
        Tensor shared = as_tensor(data), copied = tensor(data);
        data[0] = 9;
        Assert.Equal(9, shared[0].item<float>());
        Assert.Equal(1, copied[0].item<float>());
    }

    [Fact]
    public void Arange_TakesTheTypeOfItsNumbers()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(int64, arange(4).dtype);
        Assert.Equal(float32, arange(0, 1, 0.25).dtype);
        Assert.Equal([0f, 0.25f, 0.5f, 0.75f], arange(0, 1, 0.25).data<float>().ToArray());
        Assert.Equal([2L, 4, 6], arange(2, 8, 2).data<long>().ToArray());
    }

    [Fact]
    public void Generator_WithASeed_RepeatsAndRestores()
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator a = new(42), b = new(42);
        Assert.Equal(randn(8, generator: a).data<float>().ToArray(), randn(8, generator: b).data<float>().ToArray());
        Tensor state = a.get_state();
        float[] next = rand(4, generator: a).data<float>().ToArray();
        a.set_state(state);
        Assert.Equal(next, rand(4, generator: a).data<float>().ToArray());
        Assert.Equal(42, a.initial_seed());
        Assert.Equal([.. Enumerable.Range(0, 9).Select(i => (long)i)], randperm(9, generator: a).data<long>().ToArray().Order());
    }

    [Fact]
    public void ManualSeed_GivesPyTorchsDraws()
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator own = new(5);
        // torch.randn(5, generator=torch.Generator().manual_seed(42)) in Python
        own.manual_seed(42);
        float[] expected = [0.33669037f, 0.1288094f, 0.23446237f, 0.23033303f, -1.1228564f];
        Assert.Equal(expected, randn(5, generator: own).data<float>().ToArray());
    }

    [Fact]
    public void Conversions_GiveTypeAndValue()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new[] { 1.6f, -2.4f });
        Assert.Equal([1L, -2], x.@long().data<long>().ToArray());
        Assert.Equal(1.6f, (float)x[0]);
        Assert.Equal(1, x[0].ToInt32());
        Assert.Equal(float64, x.to(float64).dtype);
        Assert.Throws<ArgumentException>(() => x.data<double>());
        Assert.Equal(-2.4, x[1].ToDouble(), 6);
    }

    [Fact]
    public void Scalars_KeepTheirKind()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(int64, (tensor(new long[] { 1 }) + 1).dtype);
        Assert.Equal(float32, (tensor(new long[] { 1 }) + 1.5).dtype);
        Assert.Equal(float32, (tensor(new float[] { 1 }) * 2.5).dtype);
        Assert.Equal(5, full(2, 5).sum().item<float>() / 2);
    }

    [Fact]
    public void Text_ShowsShapeTypeAndNumbers()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new float[,] { { 1, 2.5f }, { -3, 4 } });
        Assert.Equal("[2x2], type = Float32, device = cpu", x.metastr());
        Assert.Equal("[2x2], type = Float32, device = cpu\n  1 2.5\n -3   4\n", x.jlstr());
        Assert.Equal("[[1 2.5]\n [-3 4]]", x.npstr());
        Assert.Equal("[], type = Int64, device = cpu, value = 7", tensor(7L).ToString(torch.julia));
    }

    [Fact]
    public void Autocast_OnTheCpu_MultipliesInBFloat16AndEndsWithItsScope()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = rand(4, 4), b = rand(4, 4);
        using (Autocast.Cpu()) Assert.Equal(bfloat16, a.mm(b).dtype);
        Assert.Equal(float32, a.mm(b).dtype);
    }

    [Fact]
    public void Grad_OfSecondOrder_IsExact()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new[] { 2.0, 3.0 }, requires_grad: true);
        Tensor first = autograd.grad([x.pow(3).sum()], [x], create_graph: true)[0];
        Tensor second = autograd.grad([first.sum()], [x])[0];
        Assert.Equal([12.0, 27.0], first.data<double>().ToArray());
        Assert.Equal([12.0, 18.0], second.data<double>().ToArray());
        Assert.Null(x.grad);
    }

    [Fact]
    public void InferenceMode_EndsWithItsScope()
    {
        using DisposeScope scope = NewDisposeScope();
        using (inference_mode()) Assert.True(is_inference_mode_enabled());
        Assert.False(is_inference_mode_enabled());
    }
}
