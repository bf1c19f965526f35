using System.Text.Json.Nodes;
using Retort.Data;
using Retort.Randomness;

namespace Retort.Tests.Data;

public sealed class IncrementalTest
{
    [Fact]
    public void TaskSplit_SlurpThreeAndSix_AreTheScenariosInTheirOrder()
    {
        var three = TaskSplit.Even(SlurpScenarios.ByTrainingSentences, 3);
        Assert.Equal([6, 6, 6], three.Tasks.Select(t => t.Count));
        Assert.Equal(["weather", "transport", "lists", "news", "recommendation", "datetime"], three.Tasks[1]);
        var six = TaskSplit.Even(SlurpScenarios.All, 6);
        Assert.Equal(["alarm", "audio", "calendar"], six.Tasks[0]);
        Assert.Equal(5, six.TaskOf("weather"));
        Assert.Equal(SlurpScenarios.All, SlurpScenarios.ByTrainingSentences.Order(StringComparer.Ordinal));
        Assert.Throws<ArgumentException>(() => TaskSplit.Even(SlurpScenarios.All, 4));
        Assert.Throws<ArgumentException>(() => TaskSplit.OfSizes(SlurpScenarios.All, [9, 8]));
        Assert.Throws<ArgumentException>(() => new TaskSplit([["a"], ["b", "a"]]));
    }

    [Fact]
    public void TaskSplit_Samples_FallToTheirTaskAndTestsGrow()
    {
        string[] classes = ["b", "a", "c", "a", "d", "b", "a"];
        Assert.Equal(["a", "b", "c", "d"], ClassOrder.ByCount(classes));
        Assert.Equal(["a", "b", "c", "d"], ClassOrder.Alphabetical(classes));
        Assert.Equal(["c", "b"], ClassOrder.ByCount(["b", "c", "c"]));
        var split = TaskSplit.OfSizes(["c", "a", "b", "d"], [1, 2, 1]);
        Assert.Equal([2], split.Of(classes, 0));
        Assert.Equal([0, 1, 3, 5, 6], split.Of(classes, 1));
        Assert.Equal([0, 1, 2, 3, 5, 6], split.Seen(classes, 1));
        Assert.Equal(Enumerable.Range(0, 7), split.Seen(classes, 2));
        Assert.Throws<ArgumentException>(() => split.Of(["x"], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => split.Of(classes, 3));
    }

    [Fact]
    public void Herding_WorkedExample_FollowsTheMean()
    {
        // Directions: 0 and 1 at (1,0), 2 at (0,1); mu = (2/3, 1/3). First 0 (the first of equals); then w = (1/3, 2/3): 2;
        // then w = (1, 0): 0 again, w = (2/3, 1/3): 0, ... and 1 only ties, so that it comes last, in its own order.
        Assert.Equal([0, 2, 1], Herding.Order([[2, 0], [2, 0], [0, 2]], 3));
        Assert.Equal([0, 2], Herding.Order([[2, 0], [2, 0], [0, 2]], 2));
        Assert.Equal([1, 0], Herding.NearestMean([[1, 0], [2, 0], [6, 0], [-2, 0]], 2));
        Assert.Empty(Herding.Order([], 3));
        Assert.Throws<ArgumentException>(() => Herding.Order([[1], [1, 2]], 1));
        Assert.Throws<ArgumentException>(() => Herding.Order([[1], [float.NaN]], 1));
    }

    [Fact]
    public void HerdingAndNearestMean_OfRandomFeatures_AreTheReferences()
    {
        // environment/reference/herding.py
        var golden = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "Golden", "herding.json")))!;
        foreach (var c in golden["cases"]!.AsArray())
        {
            float[][] features = [.. c!["features"]!.AsArray().Select(row => row!.AsArray().Select(x => x!.GetValue<float>()).ToArray())];
            Assert.Equal(c["herding"]!.AsArray().Select(i => i!.GetValue<int>()), Herding.Order(features, c["count"]!.GetValue<int>()));
            Assert.Equal(c["nearest"]!.AsArray().Select(i => i!.GetValue<int>()), Herding.NearestMean(features, c["count"]!.GetValue<int>()));
        }
    }

    [Fact]
    public void Herding_OfRandomFeatures_HasANearerMeanThanChance()
    {
        var draw = RandomStream.Of(1, "herding test");
        var features = Enumerable.Range(0, 60).Select(_ => Enumerable.Range(0, 8).Select(_ => (float)draw.Normal()).ToArray()).ToArray();
        var directions = features.Select(f => f.Select(x => x / Math.Sqrt(f.Sum(y => (double)y * y))).ToArray()).ToArray();
        var mean = Mean(Enumerable.Range(0, 60));
        var herded = Distance(Herding.Order(features, 10));
        var chance = Enumerable.Range(0, 50).Select(_ => Distance(draw.Permutation(60)[..10])).Average();
        Assert.True(herded < chance / 3, $"{herded} against {chance}");

        double[] Mean(IEnumerable<int> of) => [.. Enumerable.Range(0, 8).Select(k => of.Average(i => directions[i][k]))];
        double Distance(int[] of) => Math.Sqrt(Mean(of).Zip(mean).Sum(p => (p.First - p.Second) * (p.First - p.Second)));
    }

    [Theory]
    [InlineData(MemorySelection.Random)]
    [InlineData(MemorySelection.Herding)]
    [InlineData(MemorySelection.NearestMean)]
    public void Memory_AfterTasks_HoldsTheQuotaOfEachClass(MemorySelection selection)
    {
        string[] classes = [.. Enumerable.Range(0, 40).Select(i => i < 20 ? $"c{i % 2}" : i < 38 ? "c2" : "c3")];
        int[] first = [.. Enumerable.Range(0, 20)], second = [.. Enumerable.Range(20, 20)];
        RehearsalMemory Run(long seed, int quota, int later, IEnumerable<int> firstTask) => RehearsalMemory.Empty
            .After([.. firstTask], i => classes[i], quota, selection, i => [MathF.Sin(i), MathF.Cos(3 * i), i % 5], seed, i => $"id{i}")
            .After(second, i => classes[i], later, selection, i => [MathF.Sin(i), MathF.Cos(3 * i), i % 5], seed, i => $"id{i}");
        var memory = Run(1, 4, 3, first);
        Assert.Equal(["c0", "c1", "c2", "c3"], memory.OfClass.Keys);
        // The quota of the second task cuts the old classes to their first; a small class is not topped up.
        Assert.Equal([3, 3, 3, 2], memory.OfClass.Values.Select(s => s.Count));
        Assert.All(memory.OfClass, c => Assert.All(c.Value, i => Assert.Equal(c.Key, classes[i])));
        Assert.Equal(11, memory.Samples.Distinct().Count());
        Assert.Equal(Run(1, 4, 4, first).OfClass["c0"].Take(3), memory.OfClass["c0"]);
        Assert.Equal(memory.Samples, Run(1, 4, 3, first).Samples);
        if (selection == MemorySelection.Random)
        {
            Assert.Equal(memory.Samples, Run(1, 4, 3, first.Reverse()).Samples);
            Assert.NotEqual(memory.Samples, Run(2, 4, 3, first).Samples);
        }
        Assert.Throws<ArgumentException>(() => memory.After([0], i => classes[i], 3, selection, i => [1], 1, i => ""));
    }
}
