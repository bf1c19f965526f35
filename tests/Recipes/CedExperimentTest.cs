using Retort.Plots;
using Retort.Recipes;

namespace Retort.Tests.Recipes;

/// <summary>The whole of CED at a size of seconds.</summary>
[Collection(Alone.Name)]
public sealed class CedExperimentTest
{
    private static CedSettings Settings() => CedSettings.Smoke with
    {
        // A folder of its own in the cache.
        Size = $"test-{Guid.NewGuid():n}",
        Arms = [CedArms.Ced, CedArms.Consistency[0], .. CedArms.Size, .. CedArms.Data, .. CedArms.Teacher, .. CedArms.Chunk, .. CedArms.Start],
        StoredViews = 4,
        StudentTraining = CedSettings.Smoke.StudentTraining with { Steps = 4, EvaluateEvery = 2 },
    };

    [Fact]
    public void RunArms_OneThreadOrTwo_SameNumbersAndNothingTwice()
    {
        var folders = new List<string>();
        try
        {
            var runs = new List<(string, double, double)[]>();
            foreach (var threads in new[] { 1, 2 })
            {
                using var experiment = new CedExperiment(Settings(), threads);
                folders.Add(experiment.Folder);
                var report = experiment.RunArms();
                runs.Add([.. report.Results.Runs.Select(r => (r.Arm, r.Values["test mAP"], r.Values["agreement"]))]);
                Assert.Empty(report.Results.Missing);
                Assert.All(report.Results.Runs, r => Assert.InRange(r.Values["test mAP"], 0.001, 1));
            }
            Assert.Equal(runs[0], runs[1]);
            Assert.Equal(9, runs[0].Length);
        }
        finally
        {
            folders.ForEach(folder => Directory.Delete(folder, recursive: true));
        }
    }

    [Fact]
    public void Claims_OfASmokeRun_AreUndecidedButForWhatIsCounted()
    {
        var settings = Settings();
        using var experiment = new CedExperiment(settings);
        try
        {
            var report = experiment.RunArms();
            var claims = CedClaims.Of(report, "smoke", settings.Seeds);
            Assert.Equal(["ced/consistency", "ced/size", "ced/more-clips", "ced/ensemble", "ced/shorter-chunks", "ced/mae-start"], claims.Select(c => c.Id));
            Assert.All(claims, claim =>
            {
                Assert.Equal(Verdict.Undecided, claim.Verdict);
                Assert.True(claim.Low <= claim.High, claim.Id);
            });
            var storage = CedStorage.Of(experiment.StoreScores());
            Assert.True(storage.BytesPerView >= 84, $"{storage.BytesPerView} bytes cannot hold 20 scores, 20 classes and a seed");
            Assert.Equal(100 * 10 * storage.BytesPerView / 320_000, CedClaims.Storage(storage, "smoke").Effect, 12);
            Assert.Equal(6, CedClaims.AgainstPublished(report).Count);
        }
        finally
        {
            Directory.Delete(experiment.Folder, recursive: true);
        }
    }
}
