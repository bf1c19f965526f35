using Retort.Tests.Child;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Training;

public sealed class TrainLoopTest
{
    private static TrainTask Scripted(TinyProblem problem, params double[] scores)
    {
        var next = 0;
        return problem.Task with { Evaluate = () => new Dictionary<string, double> { ["error"] = next < scores.Length ? scores[next++] : 0.0 } };
    }

    [Fact]
    public void Run_TinyProblem_Learns()
    {
        using var problem = new TinyProblem(1);
        var result = TrainLoop.Run(problem.Task, TinyProblem.Settings with { Steps = 200, EvaluateEvery = 20 });
        var curve = result.Curve("error");
        Assert.Equal(10, curve.X.Length);
        Assert.True(result.Values["error"] < 0.75 * curve.Y[0], $"{curve.Y[0]} to {result.Values["error"]}");
        Assert.Equal(200, result.Curve("loss").X.Length);
        Assert.Equal(result.Curve("loss").Y, result.Curve("noisy").Y);
        Assert.Equal(problem.Task.Rate(7), result.Curve("rate").Y[7]);
        Assert.False(problem.Model.training);
    }

    [Fact]
    public void Run_LossThatIsNoNumber_StopsBeforeTheStep()
    {
        using var problem = new TinyProblem(1);
        Dictionary<string, float[]> Weights() => problem.Model.named_parameters().ToDictionary(p => p.name, p => p.parameter.data<float>().ToArray());
        Dictionary<string, float[]>? before = null;
        var task = problem.Task with
        {
            Step = context =>
            {
                if (context.Step < 5)
                {
                    return problem.Task.Step(context);
                }
                before = Weights();
                return problem.Task.Step(context) * float.NaN;
            },
        };
        // Between two steps that are logged, so that nothing but the loop's own look at the loss can see it.
        var error = Assert.Throws<InvalidOperationException>(() => TrainLoop.Run(task, TinyProblem.Settings with { Steps = 20, LogEvery = 4 }));
        Assert.Contains("step 5", error.Message);
        Assert.Equal(before, Weights());
    }

    [Fact]
    public void Run_NoBetterEvaluation_StopsEarlyAndKeepsTheBest()
    {
        using var problem = new TinyProblem(1);
        double[] scores = [5, 3, 4, 2, 6, 3, 3];
        var result = TrainLoop.Run(Scripted(problem, scores), TinyProblem.Settings with { Patience = 3, KeepBest = 3 });
        Assert.True(result.Stopped);
        Assert.Equal(7 * 8, result.Steps);
        // Of equal scores the earlier stands first.
        Assert.Equal([new(32, 2), new(16, 3), new(48, 3)], result.Best);
    }

    [Theory]
    [InlineData(FinalWeights.Last, 0, 4)]
    [InlineData(FinalWeights.Last, 0.9, 4)]
    [InlineData(FinalWeights.Best, 0, 5)]
    public void Run_LastWeights_AreEvaluatedOnce(FinalWeights final, double average, int evaluations)
    {
        using var problem = new TinyProblem(1);
        var asked = 0;
        var task = problem.Task with { Evaluate = () => new Dictionary<string, double> { ["error"] = ++asked, ["weight"] = problem.Model.parameters().First().sum().ToDouble() } };
        var result = TrainLoop.Run(task, TinyProblem.Settings with { Steps = 32, Final = final, AverageDecay = average });
        Assert.Equal(evaluations, asked);
        Assert.Equal(problem.Model.parameters().First().sum().ToDouble(), result.Values["weight"]);
    }

    [Fact]
    public void Run_Final_IsTheBestTheirMeanOrTheLast()
    {
        Dictionary<string, Tensor> Final(FinalWeights final)
        {
            using var problem = new TinyProblem(1);
            var task = Scripted(problem, 5, 1, 2, 9);
            TrainLoop.Run(task, TinyProblem.Settings with { Steps = 32, KeepBest = 2, Final = final, AverageDecay = 0 });
            return StateDict.Copy(problem.Model);
        }
        Dictionary<string, Tensor> After(long steps)
        {
            using var problem = new TinyProblem(1);
            TrainLoop.Run(problem.Task, TinyProblem.Settings with { Steps = steps, Final = FinalWeights.Last, AverageDecay = 0 });
            return StateDict.Copy(problem.Model);
        }
        var (best, second) = (After(16), After(24));
        Same(best, Final(FinalWeights.Best));
        Same(After(32), Final(FinalWeights.Last));
        Same(WeightAverage.Plain([best, second]), Final(FinalWeights.AverageOfBest));
    }

    private static void Same(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach (var (name, value) in expected)
        {
            Assert.True(value.bytes.SequenceEqual(actual[name].bytes), name);
        }
    }

    [Fact]
    public void Run_Mixed_LearnsAsWell()
    {
        double Error(bool mixed)
        {
            using var problem = new TinyProblem(1);
            return TrainLoop.Run(problem.Task, TinyProblem.Settings with { Mixed = mixed }).Values["error"];
        }
        var (full, mixed) = (Error(false), Error(true));
        Assert.NotEqual(full, mixed);
        Assert.Equal(full, mixed, 0.05);
    }

    [Fact]
    public void Run_LossNotFinite_SaysAtWhichStep()
    {
        using var problem = new TinyProblem(1);
        var task = problem.Task with { Step = context => problem.Task.Step(context) * (context.Step == 3 ? double.NaN : 1) };
        Assert.Contains("step 3", Assert.Throws<InvalidOperationException>(() => TrainLoop.Run(task, TinyProblem.Settings)).Message);
    }

    [Fact]
    public void Run_EvaluationWithoutTheMeasurement_IsRefused()
    {
        using var problem = new TinyProblem(1);
        Assert.Throws<ArgumentException>(() => TrainLoop.Run(problem.Task, TinyProblem.Settings with { BestBy = "mAP" }));
    }

    [Fact]
    public void Run_ArmsOnTwoThreads_GiveTheBitsOfOneAfterAnother()
    {
        Arm[] arms = new[] { 8, 16 }.Select(width => new Arm($"width {width}", new { width }, context =>
        {
            using var problem = new TinyProblem(context.Seed, width);
            var result = TrainLoop.Run(problem.Task, TinyProblem.Settings with { Steps = 60, Seed = context.Seed }, context.Folder, context.Progress, context.Cancel);
            return new ArmOutcome(result.Values, new Dictionary<string, Curve> { ["loss"] = result.Curve("loss") });
        })).ToArray();
        var one = Ablation.Run(arms, [1, 2], new() { Threads = 1 });
        var two = Ablation.Run(arms, [1, 2], new() { Threads = 2 });
        Assert.Equal(4, one.Runs.Select(r => r.Values["error"]).Distinct().Count());
        Assert.Equal(one.Runs.Select(r => r.Values["error"]), two.Runs.Select(r => r.Values["error"]));
        Assert.Equal(one.Runs.SelectMany(r => r.Curves["loss"].Y), two.Runs.SelectMany(r => r.Curves["loss"].Y));
    }
}
