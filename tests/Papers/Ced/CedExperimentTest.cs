using Retort.Claims;
using Retort.Data;
using Retort.Plots;
using Retort.Papers.Ced;
using Retort.Papers.Slu;

namespace Retort.Tests.Papers.Ced;

/// <summary>The experiment of the notebook, a few steps of it.</summary>
[Collection(Alone.Name)]
public sealed class CedExperimentTest : IDisposable
{
    private static readonly CedSettings tiny = CedSettings.Smoke with
    {
        Size = "smoke",
        World = CedSettings.Smoke.World with { Speech = false },
        Teachers = 2,
        Arms = [CedArms.Ced, .. CedArms.Consistency, .. CedArms.Supervision, CedArms.Teacher[0], CedArms.TopK[0], CedArms.Fill[2], CedArms.Mixup[0], CedArms.Chunk[0]],
    };

    // A folder of its own: what the cache holds of an earlier run would leave nothing to test.
    private readonly string folder = Directory.CreateTempSubdirectory("retort-ced-").FullName;
    private readonly CedExperiment experiment;

    public CedExperimentTest() => experiment = new CedExperiment(tiny, threads: 2, folder);

    public void Dispose()
    {
        experiment.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void RunArms_EveryKindOfArm_EndsAndCanBeCompared()
    {
        var report = experiment.RunArms();

        Assert.Empty(report.Results.Failed);
        Assert.Empty(report.Results.Missing);
        Assert.All(tiny.Arms, arm => Assert.InRange(Assert.Single(report.Map(arm.Name)), 0, 100));
        var difference = report.Compare("CED", "labels", resamples: 50);
        Assert.Equal(report.Map("CED")[0] - report.Map("labels")[0], difference.Estimate, 1e-4);
        Assert.True(difference.Low <= difference.Estimate && difference.Estimate <= difference.High);
    }

    [Fact]
    public void RunArms_OneThreadOrTwo_SameNumbers()
    {
        var other = folder + "-one";
        try
        {
            using var one = new CedExperiment(tiny, threads: 1, other);
            static IEnumerable<(string, double, double)> Numbers(CedReport report) => report.Results.Runs.Select(r => (r.Arm, r.Values["test mAP"], r.Values["agreement"]));
            Assert.Equal(Numbers(experiment.RunArms()), Numbers(one.RunArms()));
        }
        finally
        {
            Directory.Delete(other, recursive: true);
        }
    }

    [Fact]
    public void RunArms_ASecondTime_TakesResultsFromTheFolder()
    {
        var first = experiment.RunArms().Results.Runs;
        using var again = new CedExperiment(tiny, threads: 1, folder);

        var second = again.RunArms().Results.Runs;

        // Seconds are of the first time: nothing was trained again.
        Assert.Equal(first.Select(r => (r.Arm, r.Seed, r.Seconds)), second.Select(r => (r.Arm, r.Seed, r.Seconds)));
    }

    [Fact]
    public void StoreScores_ViewsReplayedFromTheirSeeds_AreWhatTheTeachersHeard()
    {
        var stage = experiment.StoreScores();

        var comparison = CedScores.Verify(stage.Scores, experiment.TrainTeachers(), stage.Source, rows: 30);

        Assert.True(comparison.MaxDifference < 5e-4, $"scores differ by {comparison.MaxDifference}");
        Assert.Equal(0, comparison.OtherClasses);
        Assert.Equal(84, stage.Scores.Card.BytesPerView);
    }

    [Fact]
    public void Students_OfTheSameSeed_AreTheSameBits()
    {
        var stage = experiment.StoreScores();
        string Student(long seed)
        {
            using var model = CedStudent.Train(tiny, CedArms.Ced, experiment.Data, stage, seed).Model;
            return CedTeachers.WeightsHash(model);
        }
        Assert.Equal(Student(5), Student(5));
        Assert.NotEqual(Student(5), Student(6));
    }

    [Fact]
    public void Claims_AtSizeSmoke_DecideNothingButCounts()
    {
        var report = experiment.RunArms();

        var claims = CedClaims.Of(report, "smoke", tiny.Seeds);

        Assert.NotEmpty(claims);
        Assert.All(claims, claim => Assert.Equal(Verdict.Undecided, claim.Verdict));
        Assert.Equal(claims.Count, claims.Select(c => c.Id).Distinct().Count());
        var storage = CedStorage.Of(experiment.StoreScores());
        Assert.InRange(storage.BytesPerView, 84, 100);
    }

    [Fact]
    public void Settings_UnknownSize_AreRefusedByName()
    {
        var refusal = Assert.Throws<BadInputException>(() => CedSettings.Of("huge"));
        Assert.Contains("huge", refusal.Message);
        Assert.Contains("quick", refusal.Message);
    }
}
