using Retort.Data;

namespace Retort.Tests.Data;

public sealed class LengthBatchesTest
{
    private static readonly long[] Lengths = [.. Enumerable.Range(0, 103).Select(i => (long)(i * 37 % 101 + 1))];

    [Fact]
    public void Batch_EveryEpoch_HasEachSampleOnceInItsOwnOrder()
    {
        var batches = new LengthBatches(Lengths, 8, seed: 5, window: 4);
        Assert.Equal(13, batches.PerEpoch);
        var epochs = Enumerable.Range(0, 3).Select(e => Enumerable.Range(0, 13).Select(b => batches.Batch(e * 13 + b)).ToArray()).ToArray();
        for (var e = 0; e < 3; e++)
        {
            Assert.All(epochs[e], b => Assert.Equal(e, b.Epoch));
            Assert.Equal(Enumerable.Range(0, 103), epochs[e].SelectMany(b => b.Samples).Order());
            Assert.Equal(12, epochs[e].Count(b => b.Samples.Length == 8));
        }
        Assert.NotEqual(epochs[0].SelectMany(b => b.Samples), epochs[1].SelectMany(b => b.Samples));
    }

    [Fact]
    public void Batch_IsAFunctionOfSeedAndStep()
    {
        var (forward, backward) = (new LengthBatches(Lengths, 8, seed: 5), new LengthBatches(Lengths, 8, seed: 5));
        var steps = Enumerable.Range(0, 30).ToArray();
        var there = steps.Select(s => forward.Batch(s).Samples).ToArray();
        Assert.Equal(there, steps.Reverse().Select(s => backward.Batch(s).Samples).Reverse());
        var other = new LengthBatches(Lengths, 8, seed: 6);
        Assert.NotEqual(there.SelectMany(b => b), steps.SelectMany(s => other.Batch(s).Samples));
        Assert.Throws<ArgumentOutOfRangeException>(() => forward.Batch(-1));
    }

    [Fact]
    public void Batch_ByLength_PadsLittle()
    {
        double Padding(int window)
        {
            var batches = new LengthBatches(Lengths, 8, seed: 5, window);
            var all = Enumerable.Range(0, batches.PerEpoch).Select(s => batches.Batch(s).Samples).ToArray();
            return 1 - Lengths.Sum() / (double)all.Sum(b => b.Length * b.Max(i => Lengths[i]));
        }
        Assert.InRange(Padding(16), 0, 0.1);
        Assert.InRange(Padding(1), 0.3, 0.6);
    }
}
