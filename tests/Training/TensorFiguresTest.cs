using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Tests.Training;

public sealed class TensorFiguresTest
{
    [Fact]
    public void ByHand_TensorsThatDiffer_ShowsTheLargestDifference()
    {
        using var scope = NewDisposeScope();
        var table = TensorFigures.ByHand(("scalar", tensor(2f), tensor(2f)), ("many", tensor(new[] { -3f, 1f }), tensor(new[] { -3f, 1.5f })));
        Assert.Equal((2.0, 2.0, 0.0), ((double)table[0, "by hand"]!, (double)table[0, "library"]!, (double)table[0, "difference"]!));
        Assert.Equal((3.0, 3.0, 0.5), ((double)table[1, "by hand"]!, (double)table[1, "library"]!, (double)table[1, "difference"]!));
    }

    [Fact]
    public void Shapes_Tensors_AreWrittenOut()
    {
        using var scope = NewDisposeScope();
        Assert.Equal("2 x 3", TensorFigures.Shapes(("x", zeros(2, 3)))[0, "shape"]);
    }

    [Fact]
    public void Map_PointsOnALine_LieOnTheFirstAxis()
    {
        using var scope = NewDisposeScope();
        // Along (3, 4, 0) / 5 with steps of 5: the first coordinate carries all.
        var rows = tensor(new[] { 0f, 0, 1, 3, 4, 1, 6, 8, 1, 9, 12, 1 }, [4, 3]);
        var json = System.Text.Json.Nodes.JsonNode.Parse(TensorFigures.Map("line", rows, ["a", "a", "b", "b"]).ToJson())!["data"]!.AsArray();
        Assert.Equal(["a", "b"], json.Select(t => (string)t!["name"]!));
        var x = json.SelectMany(t => t!["x"]!.AsArray()).Select(v => Math.Abs((double)v!)).ToArray();
        Assert.Equal([7.5, 2.5, 2.5, 7.5], x.Select(v => Math.Round(v, 4)));
        Assert.All(json.SelectMany(t => t!["y"]!.AsArray()), v => Assert.InRange((double)v!, -1e-5, 1e-5));
        Assert.Throws<ArgumentException>(() => TensorFigures.Map("", rows, ["a"]));
    }
}
