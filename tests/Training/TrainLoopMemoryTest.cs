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
        // What other tests left to the collector must not fall away in the middle of the count; what a finalizer lets go of falls at the next look.
        long before;
        do
        {
            before = LiveTensors.Count;
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        while (LiveTensors.Count < before);
        var counts = new List<long>();
        using var folder = new Folder();
        using var problem = new TinyProblem(1, beforeStep: _ => counts.Add(LiveTensors.Count));
        TrainLoop.Run(problem.Task, TinyProblem.Settings with { EvaluateEvery = 5, KeepBest = 2 }, inFolder ? folder["run"] : null);
        // The first evaluations add the weights that are kept.
        Assert.Single(counts.Skip(20).Distinct());
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
