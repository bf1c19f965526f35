using System.Numerics;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Tests.Torch.Engine;

/// <summary>Inputs at the edge: empty, infinite, lazily conjugated, disposed of, on another thread.</summary>
public class EdgeTest
{
    private static bool HasKernels()
    {
        using var one = zeros(16);
        using var y = Fused.Gelu(one);
        return y is not null;
    }

    [SkippableFact]
    public void DecodingKernels_OfNothing_GiveNothing()
    {
        Skip.IfNot(HasKernels(), "this processor has no fused kernels");
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var best = Fused.Continuations(zeros(0, 10), zeros([3, 0], float64), 1, 2)!;
        Assert.Equal([3, 3, 2], best.shape);
        Assert.Equal([0, 10], zeros(0, 10).shape);
        Assert.Equal([2, 0], Fused.AttendSteps([zeros(2, 0)], zeros([1, 2], int64), 1).shape);
        Assert.Equal([0, 16], Fused.AttendMemory(zeros(0, 16), zeros(0, 1, 16, 64), zeros(0, 1, 0, 16), zeros([0], int64), zeros([0], int64)).shape);
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Gelu_FarOutAndOfNoNumber_IsPyTorchs(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        float[] values = [float.PositiveInfinity, 3e38f, -3e38f, 1e10f, -1e10f, 20, -20, 13.2f, -13.2f, float.NaN, 0, 1, -1, 5, -5, 2, 0.5f];
        var x = tensor(values).to(dtype);
        using (no_grad()) Skip.If(Fused.Gelu(x) is null, "this processor has no fused kernels of the type");
        var leaf = x.clone().requires_grad_();
        var y = Fused.Gelu(leaf)!;
        y.backward([ones_like(y)]);
        var plainLeaf = x.to(float64).requires_grad_();
        var plain = nn.functional.gelu(plainLeaf);
        plain.backward([ones_like(plain)]);
        var (ours, theirs) = (y.detach().to(float64).data<double>().ToArray(), plain.detach().data<double>().ToArray());
        var (slopes, theirSlopes) = (leaf.grad!.to(float64).data<double>().ToArray(), plainLeaf.grad!.data<double>().ToArray());
        var tolerance = dtype == ScalarType.Float32 ? 1e-6 : 1e-2;
        for (var i = 0; i < values.Length; i++)
        {
            Close(theirs[i], ours[i]);
            Close(theirSlopes[i], slopes[i]);
        }

        void Close(double expected, double actual) => Assert.True(
            expected.Equals(actual) || Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected)), $"{actual} for {expected}");
    }

    [Fact]
    public void Values_OfAConjugate_AreConjugates()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(-2, tensor(new Complex(1, 2)).conj().imag.item<double>());
        Assert.Equal(new Complex(1, -2), tensor(new Complex(1, 2)).conj().item<Complex>());
        var many = tensor(new Complex[] { new(1, 2), new(3, -4) }).conj();
        Assert.Equal([new Complex(1, -2), new Complex(3, 4)], many.data<Complex>().ToArray());
        Assert.Equal([-2.0, 4.0], many.imag.data<double>().ToArray());
        Assert.Throws<InvalidOperationException>(() => many.bytes.Length);
        var accessor = many.data<Complex>();
        Assert.True(accessor.IsReadOnly);
        Assert.Throws<InvalidOperationException>(() => accessor[0] = Complex.One);
        using var stream = new MemoryStream();
        many.WriteBytesToStream(stream);
        Assert.Equal(-2, BitConverter.ToDouble(stream.ToArray(), 8));
    }

    [Fact]
    public void FusedKernels_OfANegativeView_SeeItsValues()
    {
        using var scope = NewDisposeScope();
        var negative = view_as_complex(stack([zeros(64), ones(64)], -1)).conj().imag.contiguous();
        var view = view_as_complex(ones(64, 2)).conj().select(0, 3).view(1).imag;
        Assert.Equal(-1, view.item<float>());
        using var none = no_grad();
        var y = Fused.Gelu(negative) ?? nn.functional.gelu(negative);
        Assert.Equal(-0.15865526f, y.data<float>()[5], 1e-6);
    }

    [Fact]
    public void Accessor_OfADisposedOrMovedTensor_Throws()
    {
        var numbers = ones(5);
        var accessor = numbers.data<float>();
        Assert.Equal(1, accessor[2]);
        numbers.Dispose();
        Assert.Throws<InvalidOperationException>(() => accessor[2]);
        Assert.Throws<InvalidOperationException>(() => accessor[2] = 3);
        Assert.Throws<InvalidOperationException>(accessor.ToArray);
        using var linear = nn.Linear(2, 2);
        var weights = linear.weight!.data<float>();
        linear.to(float64);
        Assert.Throws<InvalidOperationException>(() => weights[0]);
    }

    [SkippableFact]
    public void AddNorm_OfShapesThatDoNotFit_IsNull()
    {
        Skip.IfNot(HasKernels(), "this processor has no fused kernels");
        using var scope = NewDisposeScope();
        Assert.NotNull(Fused.AddNorm(ones(4, 32), ones(4, 32), ones(32), ones(32), 1e-5));
        Assert.Null(Fused.AddNorm(ones(4, 32), ones(1, 32), ones(32), ones(32), 1e-5));
        Assert.Null(Fused.AddNorm(ones(4, 32), ones(4, 32), ones(16), ones(32), 1e-5));
        Assert.Null(Fused.Norm(ones(4, 32), ones(32), ones(4, 32), 1e-5));
    }

    [Fact]
    public void ParameterList_Remove_TakesTheObjectNotItsEqual()
    {
        using var list = new ParameterList(new Parameter(zeros(2)), new Parameter(zeros(2)), new Parameter(ones(3)));
        var (first, second) = (list[0], list[1]);
        Assert.True(list.Remove(second));
        Assert.Same(first, list[0]);
        Assert.Equal(["0", "1"], list.state_dict().Keys);
        Assert.False(list.Remove(second));
        Assert.DoesNotContain(list, own => ReferenceEquals(own, second));
        second.Dispose();
    }

    [Fact]
    public void Optimizer_AfterItsModuleChangedType_SaysWhatToDo()
    {
        using var scope = NewDisposeScope();
        using var linear = nn.Linear(2, 2);
        using var optimizer = optim.Adam(linear.parameters());
        linear.to(float64);
        linear.call(ones([1, 2], float64)).sum().backward();
        var error = Assert.Throws<InvalidOperationException>(() => optimizer.step());
        Assert.Contains("move the module first", error.Message);
    }

    [Fact]
    public void ModuleTo_AnIntegralType_IsRefused()
    {
        using var linear = nn.Linear(2, 2);
        Assert.Throws<ArgumentException>(() => linear.to(int64));
        Assert.Equal(float32, linear.weight!.dtype);
    }

    [Fact]
    public void FromBuffer_CountsElementsAndSharesTheArray()
    {
        using var scope = NewDisposeScope();
        float[] array = [0, 1, 2, 3, 4];
        var t = frombuffer(array, float32, count: 3, offset: 1);
        Assert.Equal([1f, 2, 3], t.data<float>().ToArray());
        t[0] = tensor(7f);
        Assert.Equal(7, array[1]);
        array[2] = 9;
        Assert.Equal(9, t[1].item<float>());
        Assert.Throws<ArgumentOutOfRangeException>(() => frombuffer(array, float32, count: 5, offset: 1));
    }

    [Fact]
    public void ManualSeed_DisposedResult_LeavesTheGeneratorAlone()
    {
        using (var first = manual_seed(1)) { }
        using (var second = manual_seed(2)) { }
        Assert.Equal(2, initial_seed());
        Generator.Default.Dispose();
        Assert.Equal(2, initial_seed());
    }

    [Fact]
    public void Modes_EndedOnAnotherThread_AreRefusedAndStay()
    {
        foreach (var begin in new Func<IDisposable>[] { () => inference_mode(), no_grad, () => Autocast.Cpu() })
        {
            var mode = begin();
            Exception? met = null;
            var other = new Thread(() => met = Record.Exception(mode.Dispose));
            other.Start();
            other.Join();
            Assert.IsType<InvalidOperationException>(met);
            mode.Dispose();
            Assert.False(is_inference_mode_enabled());
            Assert.True(is_grad_enabled());
        }
    }

    [Fact]
    public void Parameter_InAScope_CountsOnce()
    {
        ThreadDisposeScopeStatistics counts = DisposeScopeManager.Statistics;
        counts.Reset();
        using (NewDisposeScope())
        {
            _ = new Parameter(zeros(2));
        }
        Assert.Equal(1, counts.CreatedInScopeCount);
        Assert.Equal(0, counts.ThreadTotalLiveCount);
    }
}
