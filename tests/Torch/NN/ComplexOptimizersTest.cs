using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace Retort.Tests.Torch.NN;

/// <summary>Complex parameters are learned as their two parts, as in PyTorch (environment/reference/complex_optimizers.py).</summary>
public class ComplexOptimizersTest
{
    [Theory]
    [InlineData("Adam", new[] { 0.7591397095503709, 1.7920147218647076, 0.0010443439196097942, 0.7292776998354484, 2.515806270455297, -0.5009196829056781 })]
    [InlineData("AdamW", new[] { 0.7267385084505437, 1.7105637384393546, 0.01572418174282282, 0.7073305874564504, 2.3807661978489705, -0.46168018971394226 })]
    [InlineData("RMSProp", new[] { 1.8142911189401063, 3.2002967976160206, 1.5731804146754191, 4.029579033180429, 0.7696907881858137, 3.503449089722727 })]
    [InlineData("SGD", new[] { 0.93353837696, 1.92848404864, 0.09565245312000001, 0.9630081948799999, 1.47072471168, 0.8913412467200003 })]
    public void Step_FiveTimesOnComplexParameters_GivesPyTorchsNumbers(string rule, double[] expected)
    {
        using var scope = NewDisposeScope();
        var start = tensor(new System.Numerics.Complex[] { new(1, 2), new(-0.5, 0.25), new(3, -1) });
        var parameter = new Parameter(start);
        Parameter[] all = [parameter];
        using OptimizerHelper optimizer = rule switch
        {
            "Adam" => Adam(all, 0.1),
            "AdamW" => AdamW(all, 0.1, weight_decay: 0.1),
            "RMSProp" => RMSProp(all, 0.1, momentum: 0.5),
            _ => SGD(all, 0.01, momentum: 0.9),
        };
        for (var step = 1; step <= 5; step++)
        {
            optimizer.zero_grad();
            var goal = tensor(new System.Numerics.Complex[] { new(0.3 * step, 0.7 * step) });
            var loss = ((parameter - goal).abs().square() * tensor(new[] { 1.0, 2.0, 3.0 })).sum();
            loss.backward();
            optimizer.step();
        }
        var parts = view_as_real(parameter.detach()).data<double>().ToArray();
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], parts[i], 1e-9);
        }
    }
}
