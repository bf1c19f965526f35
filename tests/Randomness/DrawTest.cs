using Retort.Randomness;

namespace Retort.Tests.Randomness;

public sealed class DrawTest
{
    [Fact]
    public void Of_SameName_SameNumbers()
    {
        var a = RandomStream.Of(7, "order", "clip", 3);
        var b = RandomStream.Of(7, "order", "clip", 3);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(a.NextUInt64(), b.NextUInt64());
        }
    }

    [Theory]
    [InlineData(8, "order", "clip", 3)]
    [InlineData(7, "init", "clip", 3)]
    [InlineData(7, "orderc", "lip", 3)]
    [InlineData(7, "order", "clip", 4)]
    public void Of_OtherName_OtherNumbers(long seed, string purpose, string id, long epoch) =>
        Assert.NotEqual(RandomStream.Of(7, "order", "clip", 3).NextUInt64(), RandomStream.Of(seed, purpose, id, epoch).NextUInt64());

    [Fact]
    public void Moments_OfEachDistribution_AreTheTextbooks()
    {
        var draw = RandomStream.Of(1, "moments");
        const int n = 200_000;
        static (double Mean, double Variance) Moments(IEnumerable<double> values)
        {
            var all = values.ToArray();
            var mean = all.Average();
            return (mean, all.Average(v => (v - mean) * (v - mean)));
        }
        var normal = Moments(Enumerable.Range(0, n).Select(_ => draw.Normal(2, 3)));
        Assert.Equal(2, normal.Mean, 0.05);
        Assert.Equal(9, normal.Variance, 0.15);
        var beta = Moments(Enumerable.Range(0, n).Select(_ => draw.Beta(0.5, 0.5)));
        Assert.Equal(0.5, beta.Mean, 0.005);
        Assert.Equal(0.125, beta.Variance, 0.002);
        var whole = Moments(Enumerable.Range(0, n).Select(_ => (double)draw.Next(6)));
        Assert.Equal(2.5, whole.Mean, 0.02);
        Assert.Equal(35.0 / 12, whole.Variance, 0.03);
    }

    [Fact]
    public void Permutation_HasEachNumberOnce() =>
        Assert.Equal(Enumerable.Range(0, 1000), RandomStream.Of(1, "permutation").Permutation(1000).Order());
}
