using Retort.Data;
using Retort.Losses;
using Retort.Papers.Ced;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Ced;

/// <summary>Students, teachers and an ablation of a few steps.</summary>
[Collection(Alone.Name)]
public sealed class CedStudentTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-ced-").FullName;
    private readonly CedData data = CedToy.Data();
    private readonly CedTeachers teachers;

    public CedStudentTest() => teachers = new CedTeachers(CedToy.Teachers, data, folder);

    public void Dispose()
    {
        teachers.Dispose();
        data.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string Trained(CedArm arm, long seed = 1, string? at = null, CancellationToken cancel = default)
    {
        using var model = CedStudent.Train(arm, data, (arm.Teachers ?? teachers).Scores(7), seed, at, cancel: cancel).Model;
        return StateDict.Hash(model);
    }

    [Fact]
    public void Train_OneSetting_SameBitsForASeedAndOthersForAnother()
    {
        Assert.Equal(Trained(CedToy.Ced, 5), Trained(CedToy.Ced with { Name = "another name" }, 5));
        Assert.NotEqual(Trained(CedToy.Ced, 5), Trained(CedToy.Ced, 6));
        Assert.NotEqual(Trained(CedToy.Ced, 5), Trained(CedToy.Ced with { Loss = CedLoss.Labels }, 5));
        Assert.NotEqual(Trained(CedToy.Ced, 5), Trained(CedToy.Ced with { Loss = CedLoss.ConsistentMixup }, 5));
    }

    [Fact]
    public void Train_LossOfACell_IsTheLibrarysWhereItComputesTheSame() => Assert.Equal(Trained(CedToy.Ced),
        Trained(CedToy.Ced with { Loss = (student, b) => SoftTargets.Bce(student.ForwardMel(b.View), b.TeacherScores) }));

    [Fact]
    public void Train_StoppedAndResumed_EndsWithTheSameBits()
    {
        var at = Path.Combine(folder, "run");
        using var stop = new CancellationTokenSource();
        var steps = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => Trained(CedToy.Ced with
        {
            Loss = (student, b) =>
            {
                if (++steps == 2)
                {
                    stop.Cancel();
                }
                return CedLoss.Consistent(student, b);
            },
        }, 1, at, stop.Token));
        Assert.Equal(2, steps);
        Assert.Equal(Trained(CedToy.Ced), Trained(CedToy.Ced, 1, at));
    }

    [Fact]
    public void Train_ByLoss_TakesTheEvaluationOfTheLeastLossAgainstTheLabels()
    {
        // At this rate the loss falls first and rises then, while the last evaluation is not the best.
        var training = CedToy.Training with { Steps = 12, EvaluateEvery = 1, LearningRate = 0.05, ByLoss = true };
        var (model, result) = CedStudent.Train(CedToy.Ced with { Training = training }, data, teachers.Scores(7), 1);
        using (model)
        {
            var losses = result.Curve(CedStudent.ValidationLoss).Y;
            Assert.True(losses.Min() < losses[^1], string.Join(' ', losses));
            Assert.Equal(losses.Min(), result.Values[CedStudent.ValidationLoss], 6);
            using var scope = TorchSharp.torch.NewDisposeScope();
            var logits = tensor(data.ValidationScores(model.ForwardMel)).view(-1, data.Classes);
            var expected = SoftTargets.Bce(logits, CedData.MultiHot(data.Validation, [.. Enumerable.Range(0, data.Validation.Count)])).item<float>();
            Assert.Equal(expected, result.Values[CedStudent.ValidationLoss], 5);
        }
        var (byMap, other) = CedStudent.Train(CedToy.Ced with { Training = training with { ByLoss = false } }, data, teachers.Scores(7), 1);
        byMap.Dispose();
        Assert.Equal(other.Curve("mAP").Y.Max(), other.Values["mAP"], 6);
    }

    [Fact]
    public void Train_ClipsOfOtherClasses_AreRefused()
    {
        using var other = SoundWorld.Open(CedToy.World with { Speech = true }, Split.Train);
        var clips = new CedClips(other, data.Views(other));
        Assert.Throws<BadInputException>(() => CedStudent.Train(CedToy.Ced with { Loss = CedLoss.Labels }, data, clips, 1));
    }

    [Fact]
    public void Ensemble_OfASeed_IsItsOwnAndSharedByVariants()
    {
        teachers.Prepare([7, 8], Progress.None());
        var hashes = new[] { 7L, 8 }.SelectMany(seed => teachers.Ensemble(seed).Members).Select(m => StateDict.Hash(m)).ToArray();
        Assert.Equal(4, hashes.Distinct().Count());
        using var single = teachers.With(t => t with { Members = 1 });
        Assert.Equal(hashes[0], StateDict.Hash(Assert.Single(single.Ensemble(7).Members)));
        Assert.NotEqual(teachers.ResultKey, single.ResultKey);
        var folders = Directory.GetDirectories(folder, "ced-teacher-*");
        Assert.Equal(4, folders.Length);
    }

    [Fact]
    public void Scores_StoredOnce_AreReplayedFromTheirSeeds()
    {
        var clips = teachers.Scores(7);
        var found = clips.Verify(teachers.Ensemble(7), rows: 60);
        Assert.InRange(found.MaxDifference, 0, 5e-4f);
        Assert.Equal((0, 84), (found.OtherClasses, clips.Scores!.Card.BytesPerView));
        Assert.True(clips.Verify(teachers.Ensemble(8), rows: 60).MaxDifference > 5e-4f);
        Assert.InRange((double)clips.Storage()[0, "bytes a view"]!, 84, 120);
        Assert.Equal((1, 5), (clips.Storage().Count, clips.Storage(audioSet: true).Count));
    }

    [Fact]
    public void Scores_OfPieces_AreOfAsManyClipsMore()
    {
        using var halves = teachers.With(t => t with { PieceSamples = 4000 });
        var clips = halves.Scores(7);
        Assert.Equal((96, 4000), (clips.Data.Count, clips.Data.Samples(5).Length));
        Assert.NotNull(clips.Data.WithAllLabels());
    }

    [Fact]
    public void Run_ArmsOnOneThreadOrTwo_SameNumbersAndKept()
    {
        CedArm[] arms = [CedToy.Ced, CedToy.Ced with { Name = "labels", Loss = CedLoss.Labels }, CedToy.Ced with { Name = "top 3", TopK = 3 },
            CedToy.Ced with { Name = "single", Teachers = teachers.With(t => t with { Members = 1 }) }];
        AblationReport Run(string at, int threads) => Experiment.Run(teachers.Settings, arms, [1, 2],
            (arm, run) => CedStudent.Train(arm, data, (arm.Teachers ?? teachers).Scores(run.Seed), run), [data.MapMeasure, data.AccuracyMeasure],
            new ExperimentOptions { Folder = Path.Combine(folder, at), Threads = threads, Progress = Progress.None() });
        var (one, two) = (Run("one", 1), Run("two", 2));

        Assert.All(arms, arm => Assert.Equal(one.Of(arm.Name), two.Of(arm.Name)));
        Assert.Equal(4, arms.Select(a => string.Join(' ', one.Of(a.Name))).Distinct().Count());
        Assert.Equal(100 * data.TestMap(one.Outputs("CED", 1)["scores"]), one.Of("CED")[0], 1e-9);
        // Kept: the seconds are those of the first time.
        Assert.Equal(one.Results.Runs.Select(r => r.Seconds), Run("one", 2).Results.Runs.Select(r => r.Seconds));
        var gain = one.Compare("CED", "labels");
        Assert.Equal(one.Of("CED").Zip(one.Of("labels"), (a, b) => a - b).Average(), gain.Estimate, 1e-4);
        Assert.Equal(-gain.Estimate, one.Compare("labels", "CED").Estimate, 1e-9);
    }
}
