using System.Text.Json;
using Retort.Training;

namespace Retort.Tests.Training;

public sealed class ScheduleTest
{
    [Fact]
    public void Ced_EveryReferenceStep_HasTheReferenceRate()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Training", "Golden", "schedule.json")));
        var tolerance = golden.RootElement.GetProperty("tolerance").GetDouble();
        foreach (var c in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var schedule = Schedule.Ced(
                c.GetProperty("rate").GetDouble(), c.GetProperty("warm_up").GetInt64(), c.GetProperty("steps").GetInt64(), c.GetProperty("floor").GetDouble());
            foreach (var (at, rate) in c.GetProperty("at").EnumerateArray().Zip(c.GetProperty("rates").EnumerateArray()))
            {
                Assert.Equal(rate.GetDouble(), schedule(at.GetInt64()), tolerance);
            }
        }
    }

    [Fact]
    public void Ced_LastStep_LiesAboveTheFloor()
    {
        // The cosine is as long as the run, warm-up included, so it is cut off before its end.
        var last = Schedule.Ced(1e-3, 1000, 4000)(3999);
        Assert.InRange(last, 1.3e-4, 2.4e-4);
    }

    [Fact]
    public void Linear_Cosine_Constant_HaveTheirEnds()
    {
        Assert.Equal(3, Schedule.Constant(3)(77));
        var linear = Schedule.Linear(1, 0, 10);
        Assert.Equal([1, 0.5, 0, 0], new long[] { 0, 5, 10, 99 }.Select(linear));
        var cosine = Schedule.Cosine(2, 10, 0.25);
        Assert.Equal(2, cosine(0), 1e-15);
        Assert.Equal(1.25, cosine(5), 1e-15);
        Assert.Equal(0.5, cosine(10), 1e-15);
        Assert.Equal(0.5, cosine(11), 1e-15);
    }

    [Fact]
    public void AnySchedule_NoSteps_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Cosine(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Linear(1, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Ced(1, -1, 10));
    }
}
