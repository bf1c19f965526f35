using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

public class IndexingTest
{
    // 0..23 as (2, 3, 4)
    private static Tensor Grid() => arange(24).reshape(2, 3, 4);

    private static long[] Values(Tensor t) => t.contiguous().data<long>().ToArray();

    [Fact]
    public void Numbers_PickAndDropDimensions()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal([20, 21, 22, 23], Values(Grid()[1, 2]));
        Assert.Equal(23, Grid()[-1, -1, -1].item<long>());
        Assert.Equal([2L, 4], Grid()[TensorIndex.Colon, 0].shape);
    }

    [Fact]
    public void Slices_TakeStepsRangesAndEnds()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal([1, 3], Values(Grid()[TensorIndex.Single(0), TensorIndex.Single(0), TensorIndex.Slice(1, null, 2)]));
        Assert.Equal([1, 2], Values(Grid()[0, 0][1..^1]));
        Assert.Equal([2, 3], Values(Grid()[0, 0][2..]));
        Assert.Equal([23], Values(Grid()[^1, ^1, 3..]));
        Assert.Equal([2L, 3, 2], Grid()[TensorIndex.Ellipsis, TensorIndex.Slice(2)].shape);
    }

    [Fact]
    public void EllipsisAndNull_KeepAndAddDimensions()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal([2L, 3, 4, 1], Grid()[TensorIndex.Ellipsis, TensorIndex.Null].shape);
        Assert.Equal([1L, 2, 3, 4], Grid()[TensorIndex.None].shape);
        Assert.Equal([3L, 7, 11, 15, 19, 23], Values(Grid()[TensorIndex.Ellipsis, 3]));
    }

    [Fact]
    public void Tensors_PickRowsAndPairs()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal([0, 4, 8, 12, 16, 20], Values(Grid()[TensorIndex.Ellipsis, TensorIndex.Tensor(tensor(new long[] { 0 }))]));
        Assert.Equal([4, 23], Values(Grid()[tensor(new long[] { 0, 1 }), tensor(new long[] { 1, 2 }), tensor(new long[] { 0, 3 })]));
        Assert.Equal([2L, 2, 4], Grid()[TensorIndex.Colon, TensorIndex.Tensor(tensor(new long[] { 2, 0 }))].shape);
    }

    [Fact]
    public void Mask_PicksWhereTrue()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Grid();
        Assert.Equal([21, 22, 23], Values(x[x > 20]));
        Assert.Equal([2L, 1, 4], x[TensorIndex.Colon, TensorIndex.Tensor(tensor(new[] { false, true, false }))].shape);
        Assert.Equal([1L, 2, 3, 4], x[TensorIndex.Bool(true)].shape);
        Assert.Equal([0L, 2, 3, 4], x[TensorIndex.Bool(false)].shape);
    }

    [Fact]
    public void Views_ShareMemory()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Grid();
        x[0, 0].fill_(-1);
        Assert.Equal(-1, x[0, 0, 3].item<long>());
        Tensor whole = x[TensorIndex.Colon];
        whole.Dispose();
        Assert.False(x.IsInvalid);
    }

    [Fact]
    public void Assignment_WritesThroughEveryKindOfIndex()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = zeros(2, 3);
        x[0, 1] = 5;
        x[TensorIndex.Single(1), TensorIndex.Slice(1)] = tensor(new float[] { 7, 8 });
        Assert.Equal([0, 5, 0, 0, 7, 8], x.data<float>().ToArray());
        x[x > 6] = 1;
        Assert.Equal([0, 5, 0, 0, 1, 1], x.data<float>().ToArray());
        x[TensorIndex.Ellipsis, TensorIndex.Tensor(tensor(new long[] { 0, 2 }))] = 9;
        Assert.Equal([9, 5, 9, 9, 1, 9], x.data<float>().ToArray());
        x.index_put_(2.5, TensorIndex.Single(0));
        Assert.Equal([2.5f, 2.5f, 2.5f, 9, 1, 9], x.data<float>().ToArray());
    }

    [Fact]
    public void Accumulate_AddsRepeatedPlaces()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = zeros(3);
        x.index_put_(ones(3), [tensor(new long[] { 1, 1, 2 })], accumulate: true);
        Assert.Equal([0f, 2, 1], x.data<float>().ToArray());
    }

    [Fact]
    public void Gradient_FlowsThroughASliceAndAMask()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new float[] { 1, 2, 3, 4 }, requires_grad: true);
        (x[1..3].sum() + x[x > 3].sum() * 10).backward();
        Assert.Equal([0f, 1, 1, 10], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Accessor_FollowsStrides()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor t = Grid()[0].t();
        Assert.False(t.is_contiguous());
        Assert.Equal([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], t.data<long>().ToArray());
        Assert.Equal(9, t.data<long>()[1, 2]);
        t.data<long>()[1, 2] = 77;
        Assert.Equal(77, t[1, 2].item<long>());
    }

    [Fact]
    public void IndexBeyondTheEnd_IsAnException()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.ThrowsAny<Exception>(() => Grid()[2]);
        Assert.ThrowsAny<Exception>(() => Grid()[0, 0, 0, 0]);
    }
}
