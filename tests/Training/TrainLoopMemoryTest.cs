using Retort.Tests.Child;
using Retort.Torch;
using Retort.Training;

namespace Retort.Tests.Training;

[Collection(Alone.Name)]
public sealed class TrainLoopMemoryTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_ManySteps_HoldsTheSameNumberOfTensors(bool inFolder)
    {
        var counts = new List<long>();
        using var folder = new Folder();
        using var problem = new TinyProblem(1, beforeStep: _ => counts.Add(LiveTensors.Count));
        // What other tests and the making of the problem left to the collector must not fall away in the middle of the count.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TrainLoop.Run(problem.Task, TinyProblem.Settings with { EvaluateEvery = 5, KeepBest = 2 }, inFolder ? folder["run"] : null);
        // The first evaluations add the weights that are kept.
        Assert.True(counts.Skip(20).Distinct().Count() == 1, $"tensors before each step: {string.Join(", ", counts)}");
    }

    [Fact]
    public void Run_AStepThrows_LeavesNothingBehind()
    {
        using var problem = new TinyProblem(1, beforeStep: step => { if (step == 7) { throw new InvalidOperationException("broken"); } });
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = LiveTensors.Count;
        for (var i = 0; i < 3; i++)
        {
            Assert.Throws<InvalidOperationException>(() => TrainLoop.Run(problem.Task, TinyProblem.Settings));
        }
        Assert.InRange(LiveTensors.Count, 0, before);
    }
}
