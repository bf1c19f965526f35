using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.utils.data;

namespace Retort.Tests.Torch;

public class DataLoaderTest
{
    private sealed class Squares(long count) : Dataset
    {
        public override long Count => count;

        public override Dictionary<string, Tensor> GetTensor(long index) => new() { ["x"] = tensor((float)index), ["y"] = tensor(index * index) };
    }

    [Fact]
    public void Batches_InOrder_AreStackedByName()
    {
        using var loader = DataLoader(new Squares(7), 3);
        Assert.Equal(3, loader.Count);
        var sizes = new List<long>();
        var seen = new List<long>();
        foreach (var batch in loader)
        {
            sizes.Add(batch["x"].shape[0]);
            seen.AddRange(batch["y"].data<long>().ToArray());
        }
        Assert.Equal([3, 3, 1], sizes);
        Assert.Equal([0, 1, 4, 9, 16, 25, 36], seen);
        using var even = DataLoader(new Squares(7), 3, drop_last: true);
        Assert.Equal(2, even.Count());
    }

    [Fact]
    public void Batches_Shuffled_HoldEachItemOnceInAnOrderOfTheSeed()
    {
        long[] Order(int seed)
        {
            using var loader = DataLoader(new Squares(50), 8, shuffle: true, seed: seed);
            return loader.SelectMany(batch => batch["y"].data<long>().ToArray()).ToArray();
        }
        Assert.Equal(Order(1), Order(1));
        Assert.NotEqual(Order(1), Order(2));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i * i), Order(3).Order());
    }

    [Fact]
    public void Batch_WhenTheNextIsAskedFor_IsDisposedOfAndTheCallersTensorsAreNot()
    {
        using var scope = NewDisposeScope();
        using var set = TensorDataset(arange(6).reshape(6, 1), arange(6));
        using var loader = DataLoader(set, 2);
        var kept = new List<Tensor>();
        var batches = new List<IList<Tensor>>();
        foreach (var batch in loader)
        {
            kept.Add(batch[0].sum() + batch[1].sum());
            batches.Add(batch);
        }
        Assert.All(batches, batch => Assert.All(batch, t => Assert.True(t.IsInvalid)));
        Assert.Equal([2, 10, 18], kept.Select(t => t.item<long>()));
        using var lasting = DataLoader(set, 2, disposeBatch: false);
        var last = lasting.ToList()[^1];
        Assert.Equal([4, 5], last[1].data<long>().ToArray());
    }
}
