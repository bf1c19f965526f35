using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retort.Tests.Torch;

/// <summary>Where TorchSharp's own tests found this engine to differ from TorchSharp.</summary>
public class SemanticsTest
{
    [Fact]
    public void OneCycle_AtItsLastStep_IsLegal()
    {
        using var linear = Linear(2, 2);
        using var optimizer = optim.SGD(linear.parameters(), 0.1);
        var schedule = optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps: 5);
        for (var i = 0; i < 5; i++) schedule.step();
        Assert.Throws<InvalidOperationException>(() => schedule.step());
    }

    [Fact]
    public void Unique_WithoutMore_GivesNullForMore()
    {
        using var scope = NewDisposeScope();
        var (values, inverse, counts) = tensor(new long[] { 3, 1, 3 }).unique();
        Assert.Equal([1, 3], values.data<long>().ToArray());
        Assert.Null(inverse);
        Assert.Null(counts);
        Assert.Equal([1, 2], tensor(new long[] { 3, 1, 3 }).unique(return_counts: true).counts!.data<long>().ToArray());
    }

    [Fact]
    public void GaussianLoss_OfANegativeVariance_Throws()
    {
        using var scope = NewDisposeScope();
        Assert.ThrowsAny<ArgumentException>(() => functional.gaussian_nll_loss(zeros(2), zeros(2), tensor(new[] { 1f, -1f })));
        Assert.ThrowsAny<ArgumentException>(() => functional.local_response_norm(zeros(2, 3), 2));
    }

    [Fact]
    public void NamesOfPairs_AreTorchSharps()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 4, 2 });
        Assert.Equal([1L, 2], x.topk(2).indices.data<long>().ToArray());
        Assert.Equal(1, x.mode().values.item<float>());
        Assert.Equal(4, x.aminmax().max.item<float>());
        Assert.Equal([0.5f, 0.5f, 0.5f], x.frexp().Mantissa.data<float>().ToArray());
        Assert.Equal(4, functional.max_pool1d_with_indices(x.reshape(1, 1, 3), 3).Values.item<float>());
    }

    [Fact]
    public void RmsProp_WithAMomentumSetLater_GoesOn()
    {
        using var scope = NewDisposeScope();
        using var linear = Linear(2, 2);
        using var optimizer = optim.RMSProp(linear.parameters(), 0.1);
        linear.call(ones(1, 2)).sum().backward();
        optimizer.step();
        foreach (var group in optimizer.ParamGroups) ((RMSProp.ParamGroup)group).Options.momentum = 0.5;
        optimizer.step();
    }

    [Fact]
    public void Sequential_WithANameTwice_RunsBothAndListsBoth()
    {
        using var net = Sequential(("lin", Linear(2, 3)), ("act", ReLU()), ("lin", Linear(3, 1)));
        Assert.Equal(4, net.parameters().Count());
        using var y = net.call(ones(1, 2));
        Assert.Equal([1, 1], y.shape);
    }

    [Fact]
    public void TextOfATensor_IsItsKindAndOnRequestItsValues()
    {
        using var x = tensor(new[] { 1f, 2 });
        Assert.Equal("[2], type = Float32, device = cpu", x.ToString());
        Assert.Contains("1 2", x.ToString(torch.julia));
        Assert.Contains("1 2", x.str());
    }

    [Fact]
    public void Sizes_SlicedFromTheEnd_AreThoseOfPython()
    {
        var size = new torch.Size([2, 3, 4, 5]);
        Assert.Equal([3L, 4], size.Slice(1, -1).ToArray());
        Assert.Equal([4L, 5], size.Slice(-2, 4).ToArray());
    }

    [Fact]
    public void TensorOfALongerArray_TakesItsBeginning()
    {
        using var x = tensor(new float[] { 1, 2, 3, 4, 5 }, [2, 2]);
        Assert.Equal([1f, 2, 3, 4], x.data<float>().ToArray());
        Assert.ThrowsAny<Exception>(() => tensor(new float[] { 1, 2, 3 }, [2, 2]));
    }

    [Fact]
    public void Synchronize_WithoutADevice_DoesNothing() => cuda.synchronize();
}
