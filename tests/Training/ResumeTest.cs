using System.Diagnostics;
using Retort.Randomness;
using Retort.Tests.Child;
using Retort.Torch;
using Retort.Training;
using TorchSharp;

namespace Retort.Tests.Training;

public sealed class ResumeTest
{
    private static int Train(string folder, string how, long at)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "ResumeChild.dll"), folder, how, $"{at}" })
        {
            start.ArgumentList.Add(argument);
        }
        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEnd();
        child.WaitForExit();
        Assert.True(child.ExitCode is 0 or 3 or 137, $"exit code {child.ExitCode}: {errors}");
        return child.ExitCode;
    }

    private static string[] WithoutSeconds(string csv)
    {
        var lines = File.ReadAllLines(csv).Select(l => l.Split(',')).ToArray();
        var seconds = Array.IndexOf(lines[0], "seconds");
        return lines.Select(l => string.Join(',', l.Where((_, i) => i != seconds))).ToArray();
    }

    [Fact]
    public void Run_KilledAtRandomSteps_EndsWithTheBitsOfARunThatWasNot()
    {
        using var folder = new Folder();
        var (whole, killed) = (folder["whole"], folder["killed"]);
        Assert.Equal(0, Train(whole, "never", 0));

        var draw = RandomStream.Of(20, "kills");
        Assert.Equal(137, Train(killed, "step", draw.Next(1, 5)));
        Assert.Equal(137, Train(killed, "step", draw.Next(15, 30)));
        // On a busy machine a kill may come too late; one that came while the file was written leaves the temporary one.
        var cut = 0;
        for (var at = 31; at < 100 && cut < 1; at += 7)
        {
            Assert.Equal(137, Train(killed, "writing", at + draw.Next(5)));
            cut += Directory.GetFiles(Path.Combine(killed, "checkpoints"), ".*.tmp").Length;
        }
        Assert.True(cut > 0, "no kill came while a checkpoint was written");
        Train(killed, "after", draw.Next(1, 100));
        Assert.Equal(3, Train(killed, "term", 110));
        Assert.Equal(137, Train(killed, "step", 119));
        Assert.False(File.Exists(Path.Combine(killed, "result.json")));
        Assert.Equal(0, Train(killed, "never", 0));

        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "model.safetensors")), File.ReadAllBytes(Path.Combine(killed, "model.safetensors")));
        Assert.Equal(WithoutSeconds(Path.Combine(whole, "metrics.csv")), WithoutSeconds(Path.Combine(killed, "metrics.csv")));
        var (a, b) = (Checkpoint.Load(Checkpoint.Newest(Path.Combine(whole, "checkpoints"))!), Checkpoint.Load(Checkpoint.Newest(Path.Combine(killed, "checkpoints"))!));
        Assert.Equal(a.State.Best, b.State.Best);
        Assert.Equal(120, b.State.Step);
        Assert.Equal(a.Tensors.Keys.Order(), b.Tensors.Keys.Order());
        foreach (var (name, value) in a.Tensors)
        {
            Assert.True(value.bytes.SequenceEqual(b.Tensors[name].bytes), name);
        }
        Assert.Equal(Directory.GetFiles(Path.Combine(whole, "best")).Select(Path.GetFileName).Order(), Directory.GetFiles(Path.Combine(killed, "best")).Select(Path.GetFileName).Order());
        using var run = new RunFolder(killed);
        Assert.Empty(Directory.GetFiles(killed, "*.tmp", SearchOption.AllDirectories));
        Assert.Equal(120, run.ReadResult<TrainResult>().Steps);
    }

    [Fact]
    public void Run_Cancelled_GoesOnWhereItStopped()
    {
        using var folder = new Folder();
        using var stop = new CancellationTokenSource();
        using (var first = new TinyProblem(5, beforeStep: step => { if (step == 33) { stop.Cancel(); } }))
        {
            Assert.Throws<OperationCanceledException>(() => TrainLoop.Run(first.Task, TinyProblem.Settings, folder["run"], null, stop.Token));
        }
        var steps = new List<long>();
        using var second = new TinyProblem(5, beforeStep: steps.Add);
        var resumed = TrainLoop.Run(second.Task, TinyProblem.Settings, folder["run"]);
        Assert.Equal(34, steps[0]);
        using var whole = new TinyProblem(5);
        var result = TrainLoop.Run(whole.Task, TinyProblem.Settings);
        Assert.Equal(result.Values["error"], resumed.Values["error"]);
        Assert.Equal(result.Curve("loss").Y, resumed.Curve("loss").Y);

        // A run that has ended is read, not run again.
        steps.Clear();
        using var third = new TinyProblem(5, beforeStep: steps.Add);
        Assert.Equal(result.Values["error"], TrainLoop.Run(third.Task, TinyProblem.Settings, folder["run"]).Values["error"]);
        Assert.Empty(steps);
        Assert.Equal(result.Values["error"], third.Task.Evaluate!()["error"]);
    }

    [Fact]
    public void Run_StoppedByWhatShowsIt_LeavesACheckpoint()
    {
        using var folder = new Folder();
        using var problem = new TinyProblem(5);
        var shown = 0;
        using (var progress = Retort.Training.Progress.Notebook((_, _) => { if (++shown == 3) { throw new OperationCanceledException(); } }, perSecond: 1e6))
        {
            Assert.Throws<OperationCanceledException>(() => TrainLoop.Run(problem.Task, TinyProblem.Settings, folder["run"], progress.Run("run")));
        }
        var stopped = Checkpoint.ReadState(Checkpoint.Newest(folder["run/checkpoints"])!).Step;
        Assert.InRange(stopped, 2, 20);
        Assert.Equal(120, TrainLoop.Run(problem.Task, TinyProblem.Settings, folder["run"]).Steps);
    }

    [Theory]
    [InlineData("flip")]
    [InlineData("cut")]
    [InlineData("empty")]
    public void Run_NewestCheckpointDamaged_NamesItAndTakesNoOther(string damage)
    {
        using var folder = new Folder();
        using var stop = new CancellationTokenSource();
        using var problem = new TinyProblem(5, beforeStep: step => { if (step == 33) { stop.Cancel(); } });
        Assert.Throws<OperationCanceledException>(() => TrainLoop.Run(problem.Task, TinyProblem.Settings, folder["run"], null, stop.Token));
        var newest = Checkpoint.Newest(folder["run/checkpoints"])!;
        var bytes = File.ReadAllBytes(newest);
        bytes[^100] ^= 4;
        File.WriteAllBytes(newest, damage switch { "flip" => bytes, "cut" => bytes[..^1], _ => [] });
        var e = Assert.Throws<BadInputException>(() => TrainLoop.Run(problem.Task, TinyProblem.Settings, folder["run"]));
        Assert.Equal(newest, e.Input);
        Assert.Contains("Remove it to go on from step-000000000030.safetensors", e.Message);
        File.Delete(newest);
        Assert.Equal(120, TrainLoop.Run(problem.Task, TinyProblem.Settings, folder["run"]).Steps);
    }

    [Fact]
    public void Run_OtherSettings_IsRefused()
    {
        using var folder = new Folder();
        using var problem = new TinyProblem(5);
        TrainLoop.Run(problem.Task, TinyProblem.Settings with { Steps = 10 }, folder["run"]);
        var e = Assert.Throws<BadInputException>(() => TrainLoop.Run(problem.Task, TinyProblem.Settings with { Steps = 11 }, folder["run"]));
        Assert.Contains("Train.Steps (there 10, here 11)", e.Message);
        // How often checkpoints are made changes no number and is no other run.
        TrainLoop.Run(problem.Task, TinyProblem.Settings with { Steps = 10, CheckpointEvery = 3 }, folder["run"]);
    }
}
