using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Metrics;

/// <summary>What can be read from vectors without learning more than a line: how well they tell classes, and how far two groups lie apart.</summary>
public static class LinearProbe
{
    /// <summary>
    /// Accuracy in percent of a ridge regression on one-hot classes, fitted on the first half of the rows and scored on the second; every column is
    /// brought to mean 0 and deviation 1 first.
    /// </summary>
    /// <param name="x">(rows, width), in an order that has nothing to do with the classes</param>
    /// <param name="labels">the class of each row, from 0</param>
    /// <param name="ridge">added to the diagonal</param>
    /// <exception cref="ArgumentException">Fewer than two rows, or not one class a row.</exception>
    public static double Accuracy(Tensor x, IReadOnlyList<int> labels, double ridge = 10)
    {
        if (x.dim() != 2 || x.shape[0] != labels.Count || labels.Count < 2 || labels.Any(l => l < 0))
        {
            throw new ArgumentException($"{labels.Count} classes do not fit vectors of shape ({string.Join(", ", x.shape)})", nameof(labels));
        }
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var (rows, half, classes) = (x.shape[0], x.shape[0] / 2, labels.Max() + 1);
        var y = tensor([.. labels.Select(l => (long)l)]);
        var z = cat([(x - x.mean([0L])) / (x.std(0) + 1e-6), ones(rows, 1)], 1);
        var (a, t) = (z.narrow(0, 0, half), nn.functional.one_hot(y.narrow(0, 0, half), classes).to(float32));
        var w = linalg.solve(matmul(a.t(), a) + ridge * eye(z.shape[1]), matmul(a.t(), t));
        return 100 * matmul(z.narrow(0, half, rows - half), w).argmax(1).eq(y.narrow(0, half, rows - half)).to(float32).mean().item<float>();
    }

    /// <summary>The distance of two groups' means in units of the spread within: the root of the mean squared distance of a row from its group's mean.</summary>
    /// <param name="x">(rows, width)</param>
    /// <param name="y">(rows, width)</param>
    public static double Distance(Tensor x, Tensor y)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var (here, there) = (x.mean([0L]), y.mean([0L]));
        return ((here - there).norm() / cat([x - here, y - there]).square().sum(1).mean().sqrt()).item<float>();
    }
}
