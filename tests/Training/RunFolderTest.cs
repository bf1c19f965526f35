using Retort.Training;

namespace Retort.Tests.Training;

public sealed class RunFolderTest
{
    private sealed record Inner(int Depth, double[] Rates);

    private sealed record Settings(string Name, double Rate, Inner Inner);

    private sealed record Result(double Score, Dictionary<string, double> Values);

    [Fact]
    public void KeepSettings_OtherSettings_NamesTheDifference()
    {
        using var folder = new Folder();
        using var run = new RunFolder(folder["run"]);
        var settings = new Settings("a", 0.1, new Inner(3, [1, 2]));
        run.KeepSettings(settings);
        run.KeepSettings(settings with { });
        var e = Assert.Throws<BadInputException>(() => run.KeepSettings(settings with { Inner = new Inner(4, [1, 2]) }));
        Assert.Contains("Inner.Depth (there 3, here 4)", e.Message);
        Assert.Equal(run.SettingsFile, e.Input);
    }

    [Fact]
    public void Open_Twice_IsRefusedUntilTheFirstIsClosed()
    {
        using var folder = new Folder();
        var first = new RunFolder(folder["run"]);
        Assert.Throws<BadInputException>(() => new RunFolder(folder["run"]));
        first.Dispose();
        new RunFolder(folder["run"]).Dispose();
    }

    [Fact]
    public void Open_WhatAKilledWriterLeft_IsRemoved()
    {
        using var folder = new Folder();
        Directory.CreateDirectory(folder["run/checkpoints"]);
        File.WriteAllText(folder["run/checkpoints/.step-000000000005.safetensors.0f.tmp"], "half");
        File.WriteAllText(folder["run/checkpoints/step-000000000004.safetensors"], "whole");
        using var run = new RunFolder(folder["run"]);
        Assert.Equal("step-000000000004.safetensors", Path.GetFileName(Assert.Single(Directory.GetFiles(run.Checkpoints))));
    }

    [Fact]
    public void Result_Written_ComesBack()
    {
        using var folder = new Folder();
        using var run = new RunFolder(folder["run"]);
        Assert.False(run.HasResult);
        run.WriteResult(new Result(1.0 / 3, new() { ["a"] = double.NaN }));
        Assert.True(run.HasResult);
        var back = run.ReadResult<Result>();
        Assert.Equal(1.0 / 3, back.Score);
        Assert.Equal(double.NaN, back.Values["a"]);
        File.WriteAllText(run.ResultFile, "{");
        Assert.Equal(run.ResultFile, Assert.Throws<BadInputException>(run.ReadResult<Result>).Input);
    }
}
