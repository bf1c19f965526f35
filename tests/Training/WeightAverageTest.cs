using Retort.Tests.Child;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Training;

public sealed class WeightAverageTest
{
    private static Dictionary<string, Tensor> State(float w, long batches) => new()
    {
        ["w"] = tensor(new[] { w, -w }),
        ["bn.running_mean"] = tensor(new[] { 2 * w }),
        ["bn.num_batches_tracked"] = tensor(batches, int64),
        ["scale"] = tensor(3 * w),
    };

    [Fact]
    public void Plain_ThreeStates_AveragesTensorsAndSumsCounters()
    {
        var mean = WeightAverage.Plain([State(1, 10), State(2, 20), State(6, 5)]);
        Assert.Equal([3f, -3f], mean["w"].data<float>().ToArray());
        Assert.Equal(6f, mean["bn.running_mean"].ToSingle());
        Assert.Equal(ScalarType.Float32, mean["w"].dtype);
        Assert.Equal(35L, mean["bn.num_batches_tracked"].item<long>());
        Assert.Equal(9f, mean["scale"].item<float>());
    }

    [Fact]
    public void Plain_OneState_IsItself()
    {
        var one = State(0.1f, 7);
        var mean = WeightAverage.Plain([one]);
        Assert.True(one["w"].bytes.SequenceEqual(mean["w"].bytes));
        mean["w"].zero_();
        Assert.Equal(0.1f, one["w"][0].ToSingle());
    }

    [Fact]
    public void Plain_StatesThatDoNotFit_AreRefused()
    {
        var other = State(1, 1);
        other["w"] = ones(3);
        Assert.Throws<ArgumentException>(() => WeightAverage.Plain([State(1, 1), other]));
        other.Remove("w");
        Assert.Throws<ArgumentException>(() => WeightAverage.Plain([State(1, 1), other]));
        Assert.Throws<ArgumentException>(() => WeightAverage.Plain([]));
    }

    [Fact]
    public void ExponentialAverage_ConstantWeights_ApproachesThemByTheDecay()
    {
        using var problem = new TinyProblem(1);
        using var average = new ExponentialAverage(problem.Model, 0.9);
        var name = "first.bias";
        var start = average.Weights[name][0].ToDouble();
        using (no_grad())
        {
            problem.Model.get_parameter(name).fill_(2);
        }
        for (var i = 0; i < 5; i++)
        {
            average.Update();
        }
        Assert.Equal(2 + (start - 2) * Math.Pow(0.9, 5), average.Weights[name][0].ToDouble(), 1e-6);
        using (average.Swap())
        {
            Assert.Equal(average.Weights[name][0].ToDouble(), problem.Model.get_parameter(name)[0].ToDouble());
        }
        Assert.Equal(2.0, problem.Model.get_parameter(name)[0].ToDouble());
    }
}
