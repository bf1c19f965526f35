using Retort.Metrics;

namespace Retort.Tests.Metrics;

public sealed class AccuracyMatrixTest
{
    // Worked by hand: sizes 10, 20, 10.
    private static readonly AccuracyMatrix Matrix = new([[9], [5, 18], [4, 14, 10]], [10, 20, 10]);

    [Fact]
    public void Accuracies_OfTasksOfDifferentSizes_WeighTheItems()
    {
        Assert.Equal([0.9, 23.0 / 30, 0.7], Enumerable.Range(0, 3).Select(Matrix.Seen));
        Assert.Equal((0.9 + 23.0 / 30 + 0.7) / 3, Matrix.AverageAccuracy, 1e-15);
        Assert.Equal(0.7, Matrix.LastAccuracy, 1e-15);
    }

    [Fact]
    public void ForgettingAndTransfer_OfTheMatrix_AreTheirDefinitions()
    {
        Assert.Equal(((0.9 - 0.4) + (0.9 - 0.7)) / 2, Matrix.Forgetting, 1e-15);
        Assert.Equal(((0.5 - 0.9) + (0.4 - 0.9) + (0.7 - 0.9)) / 3, Matrix.BackwardTransfer, 1e-15);
        var one = new AccuracyMatrix([[3]], [4]);
        Assert.Equal((0.75, 0.75), (one.AverageAccuracy, one.LastAccuracy));
        Assert.True(double.IsNaN(one.Forgetting) && double.IsNaN(one.BackwardTransfer));
    }

    [Fact]
    public void Constructor_CountsThatCannotBe_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new AccuracyMatrix([[11]], [10]));
        Assert.Throws<ArgumentException>(() => new AccuracyMatrix([[1], [1]], [10, 10]));
        Assert.Throws<ArgumentException>(() => new AccuracyMatrix([], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => Matrix[0, 1]);
    }
}
