using Retort.Data;

namespace Retort.Tests.Data;

public sealed class SampleOrderTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(10_007)]
    public void At_AllPositions_EachSampleOnce(int count)
    {
        var order = new SampleOrder(count, seed: 3);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            Assert.Equal(Enumerable.Range(0, count), Enumerable.Range(0, count).Select(p => order.At(epoch, p)).Order());
        }
    }

    [Fact]
    public void At_OtherSeedOrEpoch_OtherOrder()
    {
        int[] Order(long seed, long epoch) => [.. Enumerable.Range(0, 100).Select(p => new SampleOrder(100, seed).At(epoch, p))];
        Assert.Equal(Order(1, 0), Order(1, 0));
        Assert.NotEqual(Order(1, 0), Order(1, 1));
        Assert.NotEqual(Order(1, 0), Order(2, 0));
    }

    [Fact]
    public void At_ManySeeds_EachSampleEquallyOftenAtEachPosition()
    {
        // 10 samples, 5 000 epochs: every cell of the 10 x 10 table expects 500; chi-square with 81 degrees of freedom,
        // whose 0.9999 quantile is about 135.
        var order = new SampleOrder(10, seed: 1);
        var table = new int[10, 10];
        for (var epoch = 0; epoch < 5000; epoch++)
        {
            for (var p = 0; p < 10; p++)
            {
                table[p, order.At(epoch, p)]++;
            }
        }
        var chiSquare = table.Cast<int>().Sum(n => (n - 500.0) * (n - 500.0) / 500);
        Assert.InRange(chiSquare, 30, 135);
    }

    [Fact]
    public void Batch_OverAnEpoch_CoversItWithAShorterLastBatch()
    {
        var order = new SampleOrder(500, seed: 1);
        Assert.Equal(16, order.BatchesPerEpoch(32));
        var batches = Enumerable.Range(0, 17).Select(s => order.Batch(s, 32)).ToArray();
        Assert.Equal(20, batches[15].Samples.Length);
        Assert.Equal(1, batches[16].Epoch);
        Assert.Equal(Enumerable.Range(0, 500), batches.Take(16).SelectMany(b => b.Samples).Order());
        Assert.Equal(15, order.BatchesPerEpoch(32, dropLast: true));
        Assert.Equal(32, order.Batch(15, 32, dropLast: true).Samples.Length);
        Assert.Equal(1, order.Batch(15, 32, dropLast: true).Epoch);
    }

    [Fact]
    public void Batch_Shards_TakeDisjointPartsOfTheSameOrder()
    {
        var parts = Enumerable.Range(0, 3).Select(s => new SampleOrder(100, 5, s, 3)).ToArray();
        var all = parts.SelectMany(o => Enumerable.Range(0, o.BatchesPerEpoch(8)).SelectMany(b => o.Batch(b, 8).Samples));
        Assert.Equal(Enumerable.Range(0, 100), all.Order());
        Assert.Equal([34, 33, 33], parts.Select(o => o.ShardSize));
    }
}
