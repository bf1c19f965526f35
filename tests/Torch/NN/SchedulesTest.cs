using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;
using static TorchSharp.torch.optim.lr_scheduler;

namespace Retort.Tests.Torch.NN;

/// <summary>Every schedule's rates over 21 steps, and the momentum beside it, against PyTorch's (environment/reference/optimizers.py).</summary>
public class SchedulesTest
{
    private static readonly Dictionary<string, Func<Optimizer, LRScheduler>> Makers = new()
    {
        ["StepLR"] = o => StepLR(o, 3, 0.5),
        ["MultiStepLR"] = o => MultiStepLR(o, [2, 5, 5, 11], 0.5),
        ["ExponentialLR"] = o => ExponentialLR(o, 0.9),
        ["ConstantLR"] = o => ConstantLR(o, 0.25, 4),
        ["LinearLR"] = o => LinearLR(o, 0.2, 0.8, 6),
        ["PolynomialLR"] = o => PolynomialLR(o, 15, 2),
        ["CosineAnnealingLR"] = o => CosineAnnealingLR(o, 8, 0.01),
        ["LambdaLR"] = o => LambdaLR(o, e => 1.0 / (1 + e)),
        ["MultiplicativeLR"] = o => MultiplicativeLR(o, e => e % 2 != 0 ? 0.95 : 0.9),
        ["CyclicLR"] = o => CyclicLR(o, 0.01, 0.1, 3, 5),
        ["CyclicLR triangular2"] = o => CyclicLR(o, 0.01, 0.1, 3, mode: impl.CyclicLR.Mode.Triangular2),
        ["CyclicLR exp_range"] = o => CyclicLR(o, 0.01, 0.1, 4, mode: impl.CyclicLR.Mode.ExpRange, gamma: 0.98),
        ["OneCycleLR"] = o => OneCycleLR(o, 0.3, total_steps: 25),
        ["OneCycleLR three phases"] = o => OneCycleLR(o, 0.3, epochs: 5, steps_per_epoch: 5, three_phase: true, anneal_strategy: impl.OneCycleLR.AnnealStrategy.Linear),
        ["SequentialLR"] = o => SequentialLR(o, [ConstantLR(o, 0.1, 3), ExponentialLR(o, 0.9)], [4]),
        ["ChainedLR"] = o => ChainedLR([ConstantLR(o, 0.1, 3), ExponentialLR(o, 0.9)]),
    };

    public static TheoryData<string> Names => [.. Makers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_TwentyOneTimes_GivesPyTorchsRates(string name)
    {
        using var optimizer = SGD([new Parameter(zeros(1))], 0.2, momentum: 0.9);
        var schedule = Makers[name](optimizer);
        var step = 0;
        foreach (var wanted in OptimizersTest.Golden.GetProperty("schedules").GetProperty(name).EnumerateArray())
        {
            Assert.Equal(wanted[0].GetDouble(), optimizer.ParamGroups.Single().LearningRate, 1e-14);
            Assert.Equal(wanted[1].GetDouble(), optimizer.Momentum, 1e-14);
            if (step > 0)
            {
                Assert.Equal(wanted[0].GetDouble(), schedule.get_last_lr().Single(), 1e-14);
            }
            schedule.step();
            step++;
        }
    }

    [Theory]
    [InlineData("min rel", "min", "rel")]
    [InlineData("max abs", "max", "abs")]
    public void ReduceLROnPlateau_AMetricThatStalls_LowersAsPyTorch(string name, string mode, string thresholdMode)
    {
        using var optimizer = SGD([new Parameter(zeros(1))], 0.2);
        var schedule = ReduceLROnPlateau(optimizer, mode, 0.5, 1, 0.1, thresholdMode, 1, [0.03]);
        var golden = OptimizersTest.Golden.GetProperty("plateau").GetProperty(name);
        foreach (var (value, rate) in golden.GetProperty("values").EnumerateArray().Zip(golden.GetProperty("rates").EnumerateArray()))
        {
            schedule.step(value.GetDouble());
            Assert.Equal(rate.GetDouble(), optimizer.ParamGroups.Single().LearningRate, 1e-14);
        }
        Assert.Throws<InvalidOperationException>(schedule.step);
    }
}
