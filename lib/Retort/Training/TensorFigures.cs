using Retort.Plots;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>Tables and pictures of tensors.</summary>
public static class TensorFigures
{
    /// <summary>What a cell works out by hand beside what the library says. Of tensors with several elements the largest magnitude stands there, and the largest difference.</summary>
    /// <param name="rows">what it is, and both tensors, of one shape</param>
    public static Table ByHand(params (string What, Tensor Hand, Tensor Library)[] rows)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        static double Largest(Tensor t) => t.numel() == 1 ? t.to(float64).item<double>() : t.abs().max().to(float64).item<double>();
        var table = new Table("", "by hand", "library", "difference").WithFormat("by hand", "F6").WithFormat("library", "F6").WithFormat("difference", "G1");
        return rows.Aggregate(table, (t, row) => t.WithRow(row.What, Largest(row.Hand), Largest(row.Library), Largest((row.Hand - row.Library).abs().max())));
    }

    /// <summary>The shapes of tensors, a row each.</summary>
    public static Table Shapes(params (string What, Tensor Tensor)[] rows) =>
        rows.Aggregate(new Table("tensor", "shape"), (table, row) => table.WithRow(row.What, string.Join(" x ", row.Tensor.shape)));

    /// <summary>Vectors in the two directions in which they differ most (principal components), coloured by group.</summary>
    /// <param name="title">above the figure</param>
    /// <param name="vectors">(rows, width)</param>
    /// <param name="groups">the group of each row</param>
    /// <exception cref="ArgumentException">Groups and rows do not fit, or there are fewer than two rows or columns.</exception>
    public static Figure Map(string title, Tensor vectors, IReadOnlyList<string> groups)
    {
        if (vectors.dim() != 2 || vectors.shape[0] != groups.Count || vectors.shape[1] < 2 || groups.Count < 2)
        {
            throw new ArgumentException($"{groups.Count} groups do not fit vectors of shape ({string.Join(", ", vectors.shape)})", nameof(groups));
        }
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var centred = vectors - vectors.mean([0L]);
        var (_, _, directions) = linalg.svd(centred, fullMatrices: false);
        var flat = matmul(centred, directions.narrow(0, 0, 2).t());  // (rows, 2)
        var (across, up) = (flat.select(1, 0).contiguous().data<float>().ToArray(), flat.select(1, 1).contiguous().data<float>().ToArray());
        return Chart.Combine(groups.Distinct().Select(group =>
        {
            var rows = Enumerable.Range(0, groups.Count).Where(r => groups[r] == group).ToArray();
            return Chart.Scatter(rows.Select(r => across[r]), rows.Select(r => up[r]), group, size: 4);
        })).WithTitle(title);
    }
}
