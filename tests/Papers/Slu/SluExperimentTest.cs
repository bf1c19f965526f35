using Retort.Claims;
using Retort.Plots;
using Retort.Papers.Ced;
using Retort.Papers.Slu;

namespace Retort.Tests.Papers.Slu;

/// <summary>The class-incremental experiment of the notebook, a few steps of it.</summary>
[Collection(Alone.Name)]
public sealed class SluExperimentTest : IDisposable
{
    private static readonly SluArm everything = SluArms.Combinations[3] with { Tasks = 0 };
    private static readonly SluSettings tiny = SluSettings.Smoke with { Arms = [SluArms.FineTune, SluArms.Random, SluArms.Sequence, everything, SluArms.Gold, SluArms.SequenceOther] };
    private readonly string folder = Directory.CreateTempSubdirectory("retort-slu-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void RunArms_EveryKindOfArm_EndsAndCanBeCompared()
    {
        var split = tiny.Splits[0];

        var report = new SluExperiment(tiny, threads: 2, folder).RunArms();

        Assert.Empty(report.Results.Failed);
        Assert.Empty(report.Results.Missing);
        Assert.All(tiny.Arms, arm => Assert.InRange(Assert.Single(report.Values(split, arm, SluMeasure.AverageAccuracy)), 0, 100));
        var wer = report.Values(split, SluArms.Sequence, SluMeasure.AverageWer)[0] - report.Values(split, SluArms.FineTune, SluMeasure.AverageWer)[0];
        Assert.Equal(wer, report.Compare(split, SluArms.Sequence, SluArms.FineTune, SluMeasure.AverageWer, resamples: 20).Estimate, 1e-9);
        Assert.All(SluClaims.Of(report, "smoke"), claim => Assert.Equal(Verdict.Undecided, claim.Verdict));
        Assert.Equal(1 + tiny.Arms.Count, report.Table("all", split, [SluArms.Offline, .. tiny.Arms]).Count);
    }

    [Fact]
    public void RunArms_OneThreadOrTwo_SamePredictions()
    {
        var settings = tiny with { Arms = [SluArms.FineTune, everything] };
        static IEnumerable<string> Texts(SluExperiment experiment) => experiment.RunArms().Results.Runs.SelectMany(r =>
            experiment.Settings.Arms.SelectMany(arm => experiment.Predictions(experiment.Settings.Splits[0], arm, r.Seed)).SelectMany(p => p).Select(p => p.Text));

        var two = Texts(new SluExperiment(settings, threads: 2, Path.Combine(folder, "two")));
        var one = Texts(new SluExperiment(settings, threads: 1, Path.Combine(folder, "one")));

        Assert.Equal(two, one);
    }

    [Fact]
    public void Run_StoppedInASecondTask_GoesOnWithTheSamePredictions()
    {
        var (split, arm) = (tiny.Splits[0], SluArms.Sequence);
        var whole = new SluExperiment(tiny, threads: 1, Path.Combine(folder, "whole"));
        whole.LearnFirstTasks();
        var expected = whole.Run(split, arm, 1);
        var parted = new SluExperiment(tiny, threads: 1, Path.Combine(folder, "parted"));
        parted.LearnFirstTasks();
        using var stop = new CancellationTokenSource();

        Assert.ThrowsAny<OperationCanceledException>(() => parted.Run(split, arm, 1, epochs =>
        {
            if (epochs.Any(e => e.Task == 2))
            {
                stop.Cancel();
            }
        }, cancel: stop.Token));
        var resumed = new SluExperiment(tiny, threads: 1, Path.Combine(folder, "parted")).Run(split, arm, 1);

        Assert.Equal(expected.Predictions.SelectMany(p => p), resumed.Predictions.SelectMany(p => p));
        Assert.Equal(expected.Epochs.Select(e => (e.Task, string.Join(",", e.Accuracy))), resumed.Epochs.Select(e => (e.Task, string.Join(",", e.Accuracy))));
    }
}
