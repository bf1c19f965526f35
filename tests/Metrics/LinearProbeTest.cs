using Retort.Metrics;
using Retort.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Metrics;

/// <summary>Linear probes on vectors whose classes are known.</summary>
public sealed class LinearProbeTest
{
    private static Tensor Vectors(int[] labels, double signal)
    {
        var draw = RandomStream.Of(4, "probe");
        return tensor([.. labels.SelectMany(l => Enumerable.Range(0, 5).Select(k => (float)(draw.Normal() + (k == l ? signal : 0))))], [labels.Length, 5]);
    }

    [Fact]
    public void Accuracy_ClassesInTheVectors_AreFoundAndChanceElsewhere()
    {
        using var scope = NewDisposeScope();
        var draw = RandomStream.Of(5, "labels");
        int[] labels = [.. Enumerable.Range(0, 1200).Select(_ => draw.Next(3))];
        Assert.InRange(LinearProbe.Accuracy(Vectors(labels, 6), labels), 98, 100);
        Assert.InRange(LinearProbe.Accuracy(Vectors(labels, 0), labels), 26, 41);
        // A column's mean and size do not matter.
        Assert.InRange(LinearProbe.Accuracy(Vectors(labels, 6) * 1000 + 7, labels), 98, 100);
        Assert.Throws<ArgumentException>(() => LinearProbe.Accuracy(Vectors(labels, 1), labels[..^1]));
    }

    [Fact]
    public void Distance_MeansApart_IsInUnitsOfTheSpread()
    {
        using var scope = NewDisposeScope();
        var (x, y) = (tensor([-1f, 0, 1, 0, 0, 1, 0, -1], [4, 2]), tensor([9f, 0, 11, 0, 10, 1, 10, -1], [4, 2]));
        Assert.Equal(10, LinearProbe.Distance(x, y), 1e-5);
        Assert.Equal(10, LinearProbe.Distance(x * 3, y * 3), 1e-5);
        Assert.Equal(0, LinearProbe.Distance(x, x), 1e-6);
    }
}
