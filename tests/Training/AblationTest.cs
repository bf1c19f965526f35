using Retort.Randomness;
using Retort.Training;

namespace Retort.Tests.Training;

public sealed class AblationTest
{
    private sealed record Settings(int Width, double Rate = 0.1);

    private static readonly long[] Seeds = [1, 2, 3];

    private static ArmOutcome Measure(ArmContext context, Settings settings, Action? also = null)
    {
        also?.Invoke();
        var draw = RandomStream.Of(context.Seed, "arm", context.Name);
        var x = 0.0;
        for (var i = 0; i < 1000; i++)
        {
            x = Math.Sin(x + settings.Rate * draw.Normal()) / settings.Width;
        }
        return new ArmOutcome(new Dictionary<string, double> { ["x"] = x }, new Dictionary<string, Curve> { ["c"] = new([0, 1], [x, draw.NextDouble()]) });
    }

    private static Arm[] Arms(Action? also = null) => Enumerable.Range(1, 4)
        .Select(w => new Settings(w)).Select(s => new Arm($"width {s.Width}", s, context => Measure(context, s, also))).ToArray();

    private static AblationSettings In(Folder folder) => new() { Folder = folder.Path, Threads = 2, CodeVersion = "1" };

    [Fact]
    public void Run_OneThreadOrMore_GivesTheSameBits()
    {
        var one = Ablation.Run(Arms(), Seeds, new() { Threads = 1 });
        var three = Ablation.Run(Arms(), Seeds, new() { Threads = 3 });
        Assert.Equal(12, one.Runs.Count);
        Assert.Equal(one.Runs.Select(r => (r.Arm, r.Seed, r.Values["x"])), three.Runs.Select(r => (r.Arm, r.Seed, r.Values["x"])));
        Assert.Equal(3, one.Of("width 2", "x").Distinct().Count());
    }

    [Fact]
    public void Run_WithResultsFromBefore_TellsTheHostHowManyWereKept()
    {
        using Folder folder = new(), later = new();
        var told = new List<(int, int)>();
        var before = AppContext.GetData("Retort.Results");
        AppContext.SetData("Retort.Results", (Action<int, int>)((kept, all) => told.Add((kept, all))));
        try
        {
            Ablation.Run(Arms()[..2], Seeds, In(folder));
            foreach (var file in Directory.GetFiles(folder.Path))
            {
                File.Copy(file, Path.Combine(later.Path, Path.GetFileName(file)));
            }
            // Here they were made by this very process; in the other folder they lay before.
            Ablation.Run(Arms()[..3], Seeds, In(folder));
            Ablation.Run(Arms(), Seeds, In(later));
        }
        finally
        {
            AppContext.SetData("Retort.Results", before);
        }
        Assert.Contains((0, 6), told);
        Assert.Contains((0, 3), told);
        Assert.Contains((6, 12), told);
    }

    [SkippableFact]
    public void CoreSeconds_OfARunThatWaits_AreNotItsWallClock()
    {
        Skip.If(OperatingSystem.IsWindows(), "a thread's processor time is not asked for on Windows");
        var waits = Ablation.Run(Arms(() => Thread.Sleep(300))[..1], [1], new() { Threads = 1 }).Runs.Single();
        Assert.InRange(waits.Seconds, 0.29, 60);
        Assert.InRange(waits.CoreSeconds!.Value, 0, 0.25);
        void Work()
        {
            for (var start = Retort.Torch.Threads.ProcessorTime()!.Value; Retort.Torch.Threads.ProcessorTime()!.Value - start < TimeSpan.FromSeconds(0.1);) { }
        }
        Assert.InRange(Ablation.Run(Arms(Work)[..1], [1], new() { Threads = 1 }).Runs.Single().CoreSeconds!.Value, 0.1, 0.5);
    }

    [Fact]
    public void Run_Again_RunsNothingAndReadsTheSame()
    {
        using var folder = new Folder();
        var count = 0;
        var first = Ablation.Run(Arms(() => Interlocked.Increment(ref count)), Seeds, In(folder));
        Assert.Equal(12, count);
        var second = Ablation.Run(Arms(() => Interlocked.Increment(ref count)), Seeds, In(folder));
        Assert.Equal(12, count);
        Assert.Equal(first.Of("width 3", "x"), second.Of("width 3", "x"));
        Assert.Equal(first.Runs[5].Curves["c"].Y, second.Runs[5].Curves["c"].Y);
        Assert.Equal(3, second.Runs[^1].Settings.GetProperty("Width").GetInt32() - 1);

        // Other settings, another version of the code, or a new seed run; the rest does not.
        Ablation.Run(Arms(() => Interlocked.Increment(ref count)), [1, 2, 3, 4], In(folder));
        Assert.Equal(16, count);
        Ablation.Run(Arms(() => Interlocked.Increment(ref count)), Seeds, In(folder) with { CodeVersion = "2" });
        Assert.Equal(28, count);
    }

    [Fact]
    public void Run_InShards_CoversEachRunOnceAndMerges()
    {
        using var folder = new Folder();
        var ran = new List<(string, long)>();
        Arm[] arms = Enumerable.Range(1, 5).Select(w => new Settings(w)).Select(s => new Arm($"{s.Width}", s, context =>
        {
            lock (ran)
            {
                ran.Add((context.Name, context.Seed));
            }
            return Measure(context, s);
        })).ToArray();
        AblationResult? last = null;
        for (var i = 0; i < 4; i++)
        {
            last = Ablation.Run(arms, Seeds, In(folder) with { Shard = new Shard(i, 4) });
            Assert.Equal(15 - ran.Count, last.Missing.Count);
        }
        Assert.Equal(15, ran.Count);
        Assert.Equal(15, ran.Distinct().Count());
        var whole = Ablation.Run(arms, Seeds, new() { Threads = 1 });
        Assert.Equal(whole.Runs.Select(r => r.Values["x"]), last!.Runs.Select(r => r.Values["x"]));
        Assert.Equal(4, Directory.GetFiles(folder.Path, "*.jsonl").Length);
    }

    [Fact]
    public void Run_AnArmFails_TheOthersEndAndItIsNamedAndTriedAgain()
    {
        using var folder = new Folder();
        var broken = true;
        var arms = Arms();
        arms[1] = new Arm("broken", new Settings(9), context => broken && context.Seed == 2 ? throw new InvalidOperationException("no convergence") : Measure(context, new(9)));
        var e = Assert.Throws<ArmsFailedException>(() => Ablation.Run(arms, Seeds, In(folder)));
        Assert.Contains("1 of 12 runs failed: broken, seed 2: InvalidOperationException: no convergence", e.Message);
        Assert.Equal(11, e.Result.Runs.Count(r => r.Error is null));
        Assert.Throws<KeyNotFoundException>(() => e.Result.Of("broken", "x"));
        Assert.Equal(3, e.Result.Of("width 1", "x").Length);
        broken = false;
        Assert.Empty(Ablation.Run(arms, Seeds, In(folder)).Failed);
    }

    [Fact]
    public void Run_Stopped_KeepsWhatHasEndedAndGoesOnLater()
    {
        using var folder = new Folder();
        using var stop = new CancellationTokenSource();
        var count = 0;
        Arm[] arms = Enumerable.Range(1, 6).Select(w => new Settings(w)).Select(s => new Arm($"{s.Width}", s, context =>
        {
            if (Interlocked.Increment(ref count) == 3)
            {
                stop.Cancel();
            }
            context.Cancel.ThrowIfCancellationRequested();
            return Measure(context, s);
        })).ToArray();
        Assert.Throws<OperationCanceledException>(() => Ablation.Run(arms, [1], In(folder) with { Threads = 1 }, null, stop.Token));
        Assert.Equal(2, Ablation.Collect(arms, [1], In(folder)).Runs.Count);
        Assert.Equal(6, Ablation.Run(arms, [1], In(folder)).Runs.Count);
        Assert.Equal(7, count);
    }

    [Fact]
    public void Results_LastLineCutShort_IsRunAgainAndADamagedLineIsNamed()
    {
        using var folder = new Folder();
        Ablation.Run(Arms(), Seeds, In(folder) with { Threads = 1 });
        var path = folder["results.jsonl"];
        var text = File.ReadAllText(path);
        File.WriteAllText(path, text[..^20]);
        var count = 0;
        var result = Ablation.Run(Arms(() => Interlocked.Increment(ref count)), Seeds, In(folder));
        Assert.Equal((1, 12), (count, result.Runs.Count));
        Assert.Equal(12, File.ReadAllLines(path).Length);

        var lines = File.ReadAllLines(path);
        lines[3] = lines[3][..40];
        File.WriteAllLines(path, lines);
        var e = Assert.Throws<BadInputException>(() => Ablation.Run(Arms(), Seeds, In(folder)));
        Assert.Equal((path, "line 4"), (e.Input, e.Place));
    }

    [Fact]
    public async Task Wait_ForAnotherShard_ReturnsWhenItHasEnded()
    {
        using var folder = new Folder();
        Ablation.Run(Arms(), Seeds, In(folder) with { Shard = new Shard(0, 2) });
        var waiting = Task.Run(() => Ablation.Wait(Arms(), Seeds, In(folder)));
        Assert.False(waiting.Wait(100));
        Ablation.Run(Arms(), Seeds, In(folder) with { Shard = new Shard(1, 2) });
        Assert.Equal(12, (await waiting.WaitAsync(TimeSpan.FromSeconds(30))).Runs.Count);
    }

    [Fact]
    public void Run_FolderThatCannotBe_NamesIt()
    {
        using var folder = new Folder();
        File.WriteAllText(folder["file"], "");
        Assert.Equal(folder["file/results"], Assert.Throws<BadInputException>(() => Ablation.Run(Arms(), Seeds, new() { Folder = folder["file/results"] })).Input);
        Assert.Equal(folder["file/run"], Assert.Throws<BadInputException>(() => new RunFolder(folder["file/run"])).Input);
    }

    [Fact]
    public void Run_TwoArmsOfOneName_IsRefused() =>
        Assert.Throws<ArgumentException>(() => Ablation.Run([Arms()[0], Arms()[0]], Seeds));
}
