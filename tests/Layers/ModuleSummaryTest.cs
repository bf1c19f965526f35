using Retort.Layers;
using Retort.Models;
using static TorchSharp.torch;

namespace Retort.Tests.Layers;

/// <summary>The summary of a model against the model's own parameters.</summary>
public class ModuleSummaryTest
{
    [Fact]
    public void Of_Model_CountsEachParameterOnceAndStacksBlocks()
    {
        using var model = nn.Sequential(("in", nn.Linear(4, 8)), ("blocks", nn.Sequential(("0", nn.Linear(8, 8)), ("1", nn.Linear(8, 8)), ("2", nn.Linear(8, 8)))), ("norm", nn.LayerNorm(8)));
        foreach (var parameter in model.named_children().First().Item2.parameters())
        {
            parameter.requires_grad = false;
        }
        var summary = ModuleSummary.Of(model);
        Assert.Equal(model.parameters().Sum(p => p.numel()), summary.Parameters);
        Assert.Equal(summary.Parameters - 40, summary.Trainable);
        Assert.Equal(4 * summary.Parameters, summary.Bytes);
        Assert.Equal([("", 1), ("in", 1), ("blocks", 1), ("blocks.0", 3), ("norm", 1)], summary.Rows.Select(row => (row.Path, row.Times)));
        Assert.Equal("weight 8x4 (frozen), bias 8 (frozen)", summary.Rows[1].Shapes);
        Assert.Equal(216, summary.Rows[2].Parameters);
        var text = summary.ToString();
        Assert.Contains("0 to 2", text);
        Assert.Contains("3 x 72", text);
        Assert.EndsWith("Sequential: 272 parameters, 232 of them trained, 0.0 MB", text);
        Assert.Contains("<td", summary.ToHtml());
    }
}
