using Retort.Torch;
using Retort.Statistics;
using Retort.Training;

namespace Retort.Tests.Training;

public sealed class ExperimentTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-experiment-").FullName;
    private int trained;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private sealed record TestArm(string Name, Func<double, double> Loss) : IArm
    {
        public int Steps { get; init; } = 10;

        [System.Text.Json.Serialization.JsonIgnore]
        public IReadOnlyList<long>? Seeds { get; init; }
    }

    private sealed record TestSettings(double Rate);

    private static readonly Measure accuracy = Measure.Ratio("accuracy", "right", null, 200);

    private AblationReport Run(TestSettings settings, IReadOnlyList<TestArm> arms, params long[] seeds) => Experiment.Run(settings, arms, seeds, (arm, run) =>
    {
        Interlocked.Increment(ref trained);
        var stream = Retort.Randomness.RandomStream.Of(run.Seed, "test");
        return new ArmOutcome(new Dictionary<string, double> { ["loss"] = arm.Loss(settings.Rate), ["steps"] = arm.Steps },
            new Dictionary<string, Curve> { ["loss"] = new([0, 1], [1, arm.Loss(1)]) },
            new Dictionary<string, float[]> { ["right"] = [.. Enumerable.Range(0, 200).Select(_ => stream.NextDouble() < arm.Loss(0.5) ? 1f : 0f)] });
    }, [accuracy], new ExperimentOptions { Folder = folder, Threads = 2, Progress = Progress.None() });

    [Fact]
    public void Run_SameFunctionsWrittenAgain_KeepsResults()
    {
        var first = Run(new(1), [new("a", x => x), new("b", x => x / 2)], 1, 2);
        var second = Run(new(1), [new("a", x => x), new("b", x => x / 2)], 1, 2);
        Assert.Equal(4, trained);
        Assert.Equal(first.Of("a"), second.Of("a"));
    }

    [Fact]
    public void Level_OfAnArm_IsItsMeanWithTheSpreadOfSeedsAndItems()
    {
        var report = Run(new(1), [new("a", x => x), new("b", x => x / 2)], 1, 2, 3);
        var (level, apart) = (report.Level("a"), report.Compare("a", "b"));
        Assert.Equal(report.Of("a").Average(), level.Estimate, 1e-9);
        Assert.Equal((3, 200), (level.Seeds, level.Items));
        Assert.True(level.Low < level.Estimate && level.Estimate < level.High);
        Assert.Equal(level.Estimate - report.Level("b").Estimate, apart.Estimate, 1e-9);
        Assert.Throws<KeyNotFoundException>(() => report.Level("a", "no such"));
    }

    [Fact]
    public void ByMeasure_WithAndWithoutAReference_DrawsLevelsOrDifferencesAndLines()
    {
        var report = Run(new(1), [new("a", x => x), new("b", x => x / 2), new("c", x => x / 3)], 1, 2, 3);
        System.Text.Json.Nodes.JsonArray Drawn(string? reference, params (string, IReadOnlyList<double>)[] lines) =>
            System.Text.Json.Nodes.JsonNode.Parse(report.ByMeasure("by measure", ["accuracy"], reference, lines).ToJson())!["data"]!.AsArray();
        var levels = Drawn(null, ("chance", [50.0]));
        Assert.Equal(["chance", "a", "b", "c"], levels.Select(t => (string)t!["name"]!));
        Assert.Equal(report.Of("b").Average(), (double)levels[2]!["y"]![0]!, 1e-3);
        Assert.True((double)levels[1]!["x"]![0]! < (double)levels[2]!["x"]![0]!);
        var apart = Drawn("a");
        Assert.Equal(["b", "c"], apart.Select(t => (string)t!["name"]!));
        Assert.Equal(report.Compare("c", "a").Estimate, (double)apart[1]!["y"]![0]!, 1e-3);
    }

    [Fact]
    public void Beside_SeveralWorks_AllEndAndTheFirstErrorIsThrown()
    {
        var done = 0;
        Experiment.Beside(_ => Interlocked.Increment(ref done), shown => { shown.Run("one").Begin(); Interlocked.Increment(ref done); });
        Assert.Equal(2, done);
        Assert.Equal("here", Assert.Throws<FormatException>(() => Experiment.Beside(_ => throw new FormatException("here"), _ => Interlocked.Increment(ref done))).Message);
        Assert.Equal(3, done);
    }

    [Fact]
    public void Run_SameFunctions_AreNotRunAgain()
    {
        TestArm[] arms = [new("a", x => x), new("b", x => x / 2)];
        Run(new(1), arms, 1, 2);
        Run(new(1), arms, 1, 2);
        Assert.Equal(4, trained);
        Run(new(1), arms, 1, 2, 3);
        Assert.Equal(6, trained);
    }

    [Fact]
    public void Run_AnArmOfOneSeed_RunsBesideTheOthersAndIsFoundByAnExperimentOfThatSeed()
    {
        TestArm[] arms = [new("a", x => x), new("mine", x => x / 2) { Seeds = [1] }];
        var report = Run(new(1), arms, 1, 2, 3);
        Assert.Equal(4, trained);
        Assert.True(report.Has("a") && report.Has("mine"));
        Assert.Empty(report.Results.Missing);
        Assert.Equal([1], report.SeedsOf("a", "mine"));
        Assert.Equal((3, 1), (report.Of("a").Length, report.Of("mine").Length));
        Assert.Equal(1, report.Compare("a", "mine").Seeds);
        Assert.Equal(2, Run(new(1), [arms[0], arms[1] with { Seeds = [3, 1] }], 1, 2, 3).Compare("a", "mine").Seeds);
        trained--;
        Assert.True(Run(new(1), arms, 1).Has("mine"));
        Assert.True(Run(new(1), [arms[1] with { Seeds = null }], 1).Has("mine"));
        Assert.Equal(4, trained);
    }

    [Fact]
    public void Run_OtherFunctionSettingOrMember_RunsAgain()
    {
        var weight = 0.5;
        TestArm[] arms = [new("a", x => weight * x)];
        Run(new(1), arms, 1);
        weight = 0.25;
        var report = Run(new(1), arms, 1);
        Assert.Equal(2, trained);
        Assert.Equal(0.25, Assert.Single(report.Of("a", "loss")));
        Run(new(2), arms, 1);
        Assert.Equal(3, trained);
        Run(new(2), [arms[0] with { Steps = 11 }], 1);
        Assert.Equal(4, trained);
    }

    [Fact]
    public void Report_ComparesByMeasureAndSwapsItsSign()
    {
        var report = Run(new(1), [new("better", x => 0.9), new("worse", x => 0.6)], 1, 2, 3);
        var effect = report.Compare("better", "worse");
        Assert.InRange(effect.Estimate, 20, 40);
        Assert.True(effect.Low > 0, $"{effect}");
        Assert.Equal(-effect.Estimate, report.Compare("worse", "better").Estimate, 9);
        Assert.True(report.Compare("worse", "better").High < 0);
        Assert.Equal(report.Of("better").Average() - report.Of("worse").Average(), effect.Estimate, 9);
    }

    [Fact]
    public void Report_Table_HasARowAnArmAndNamesTheReference()
    {
        var table = Run(new(1), [new("better", x => 0.9), new("worse", x => 0.6)], 1, 2, 3).Table("t", "worse", values: ["steps"]);
        Assert.Equal(["arm", "accuracy, %", "sd over seeds", "minus worse", "95 % interval", "steps"], table.Columns);
        Assert.Equal(2, table.Count);
        Assert.Equal(10.0, table[0, "steps"]);
        Assert.Null(table[1, "minus worse"]);
    }

    [Fact]
    public void Report_Bars_SayWhatTheirWhiskersAreAndHaveNoneOfOneSeed()
    {
        var several = Run(new(1), [new("a", x => 0.7)], 1, 2, 3);
        var figure = System.Text.Json.Nodes.JsonNode.Parse(several.Bars("t").ToJson())!;
        var whisker = Assert.Single(figure["data"]![0]!["error_y"]!["array"]!.AsArray())!.GetValue<double>();
        Assert.Equal(Sample.StandardDeviation(several.Of("a")), whisker, 6);
        Assert.Equal("accuracy, %; mean ± sd of 3 seeds", figure["layout"]!["yaxis"]!["title"]!["text"]!.GetValue<string>());
        // An arm for a first look, beside those of all seeds.
        var bars = Run(new(1), [new("a", x => 0.7), new("mine", x => 0.6) { Seeds = [1] }], 1, 2, 3).Bars("t");
        figure = System.Text.Json.Nodes.JsonNode.Parse(bars.ToJson())!;
        Assert.Null(figure["data"]![0]!["error_y"]!["array"]![1]);
        Assert.Equal("accuracy, %; mean ± sd of 1 to 3 seeds", figure["layout"]!["yaxis"]!["title"]!["text"]!.GetValue<string>());
        Assert.Contains("1 to 3 seeds", bars.ToSvg());
        figure = System.Text.Json.Nodes.JsonNode.Parse(Run(new(1), [new("a", x => 0.7)], 1).Bars("t").ToJson())!;
        Assert.Null(figure["data"]![0]!["error_y"]);
        Assert.Equal("accuracy, %", figure["layout"]!["yaxis"]!["title"]!["text"]!.GetValue<string>());
    }

    [Fact]
    public void Report_InWords_SaysDifferencesAndWhatWasNotRun()
    {
        var report = Run(new(1), [new("better", x => 0.9), new("worse", x => 0.6), new("worse again", x => 0.6)], 1, 2, 3);
        var lines = report.InWords(("better", "worse"), ("worse", "better"), ("worse again", "worse"), ("best", "worse")).Text.Split('\n');
        Assert.Matches(@"^""better"" less ""worse"": \+\d+\.\d \[\d+\.\d, \d+\.\d\] points, ahead$", lines[0]);
        Assert.Matches(@": -\d+\.\d \[-.*, -.*\] points, behind$", lines[1]);
        Assert.EndsWith("not told apart", lines[2]);
        Assert.Equal(lines[0].Replace("\"better\" less \"worse\"", "gap").Replace("ahead", "above 0"), report.InWords("gap", report.Compare("better", "worse")).Text);
        Assert.Equal("\"best\" less \"worse\": not run at this size", lines[3]);
        Assert.EndsWith(" points, one seed, no interval", Run(new(1), [new("better", x => 0.9), new("worse", x => 0.6)], 1).InWords(("better", "worse")).Text);
    }

    [Fact]
    public void Report_CompareGaps_IsTheDifferenceOfDifferences()
    {
        var report = Run(new(1), [new("a", x => 0.9), new("b", x => 0.6), new("c", x => 0.8), new("d", x => 0.7)], 1, 2, 3);
        var effect = report.CompareGaps(("a", "b"), ("c", "d"));
        Assert.Equal(report.Compare("a", "b").Estimate - report.Compare("c", "d").Estimate, effect.Estimate, 9);
        Assert.Equal(-effect.Low, report.CompareGaps(("c", "d"), ("a", "b")).High, 9);
    }

    [Fact]
    public void Report_ErrorOfItems_IsTheStandardErrorOfAMean()
    {
        var report = Run(new(1), [new("a", x => 0.7)], 1, 2, 3);
        double[] Right(long seed) => [.. report.Outputs("a", seed)["right"].Select(v => 100.0 * v)];
        var pairs = new[] { (1, 2), (1, 3), (2, 3) }.Select(p => Right(p.Item1).Zip(Right(p.Item2), (x, y) => x - y).ToArray());
        Assert.Equal(pairs.Average(Sample.StandardError), report.ErrorOfItems("a")!.Value, 6);
        Assert.Null(Run(new(1), [new("a", x => 0.7)], 1).ErrorOfItems("a"));
    }

    [Fact]
    public void Outputs_UnknownName_SaysWhatThereIs()
    {
        var report = Run(new(1), [new("a", x => 0.5)], 1);
        var error = Assert.Throws<BadInputException>(() => report.Outputs("a", 1)["wrong"]);
        Assert.Contains("right", error.Message);
    }

    [Fact]
    public void Measure_OfSomeItems_CountsThemAlone()
    {
        var outputs = new RunOutputs(new Dictionary<string, float[]> { ["errors"] = [1, 5, 2], ["words"] = [4, 5, 8] });
        var some = Measure.Ratio("WER", "errors", "words", 3, i => i != 1);
        Assert.Equal(25, some.Of(outputs, null), 1e-9);
        Assert.Equal(100 * (2 * 1 + 1.5 * 2) / (2 * 4 + 1.5 * 8), some.Of(outputs, [2, 7, 1.5]), 1e-9);
    }

    [Fact]
    public void Version_OfAnotherEngine_IsAnother()
    {
        string[] versions = [.. new[] { ("libtorch 1.13.0", "a"), ("libtorch 1.13.0", "b"), ("libtorch 2.6.0", "a"), ("TorchSharp 0.107.0.0", "") }.Select(v => Experiment.VersionOn(v.Item1, v.Item2))];
        Assert.Equal(4, versions.Distinct().Count());
        Assert.Equal(Experiment.VersionOn(LibTorch.Version, LibTorch.Kernels), Experiment.Version);
    }
}
