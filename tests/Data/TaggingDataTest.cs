using Retort.Data;
using Retort.Randomness;

namespace Retort.Tests.Data;

public sealed class TaggingDataTest
{
    private sealed class Numbers(int count) : TaggingData
    {
        public override IReadOnlyList<string> Classes => ["a", "b", "c", "d"];
        public override int Count => count;
        public override string Hash => $"numbers {count}";
        public override string Id(int i) => $"n{i}";
        public override float[] Samples(int i) => [i];
        public override IReadOnlyList<int> Labels(int i) => i % 5 == 4 ? [] : [i % 2, 2, 3];
    }

    [Fact]
    public void Subset_KeepsIdsAndOrder_AndHasItsOwnHash()
    {
        var data = new Numbers(10);
        var part = data.Subset([7, 2]);
        Assert.Equal((2, "n7", 2f), (part.Count, part.Id(0), part.Samples(1)[0]));
        Assert.NotEqual(data.Hash, part.Hash);
        Assert.NotEqual(data.Subset([2, 7]).Hash, part.Hash);
        Assert.Equal(data.Take(3).Hash, data.Subset([0, 1, 2]).Hash);
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Subset([10]));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Take(11));
        Assert.Throws<ArgumentOutOfRangeException>(() => part.Samples(2));
    }

    [Fact]
    public void MissingLabels_Drop_DropsTheShareAskedAndKeepsOne()
    {
        int[] labels = [1, 2, 3];
        int kept = 0;
        const int Clips = 20_000;
        for (var i = 0; i < Clips; i++)
        {
            var left = MissingLabels.Drop(labels, 0.3, RandomStream.Of(1, "missing labels", $"{i}"));
            Assert.Subset(labels.ToHashSet(), left.ToHashSet());
            Assert.NotEmpty(left);
            kept += left.Count;
        }
        // Three labels: 3 * 0.7 kept on average, and one more where all three would have gone (0.3^3).
        Assert.Equal((2.1 + 0.027) / 3, kept / (3.0 * Clips), 0.01);
        Assert.Empty(MissingLabels.Drop([], 0.3, RandomStream.Of(1, "missing labels", "none")));
    }

    [Fact]
    public void MultiHot_OneAtEachLabel()
    {
        var target = new float[] { 9, 9, 9, 9 };
        new Numbers(3).MultiHot(1, target);
        Assert.Equal([0, 1, 1, 1], target);
        Assert.Throws<ArgumentException>(() => new Numbers(3).MultiHot(0, new float[3]));
    }
}
