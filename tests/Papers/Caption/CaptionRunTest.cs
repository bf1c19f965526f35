using Retort.Losses;
using Retort.Papers.Caption;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Caption;

public sealed class CaptionRunTest : IDisposable
{
    private static readonly CaptionSettings settings = CaptionSettings.Smoke;
    private readonly string folder = Directory.CreateTempSubdirectory("retort-caption-").FullName;
    private readonly CaptionWorld world = new(settings);

    public void Dispose()
    {
        world.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static Tensor Supervised(CaptionStudent s, CaptionBatch b) => CaptionDistillation.LabelSmoothing(s.Logits(s.Hear(b), b.Captions!), b.Captions!.Target, b.Captions.Mask);

    private AblationReport Run(CaptionTeacher teacher, string to, params CaptionArm[] arms) => Experiment.Run(settings, arms, [1], (arm, run) => CaptionRun.Train(settings, arm, world, teacher, run),
        [Measure.Ratio("CIDEr-D", "cider", null, settings.TestClips)], new ExperimentOptions { Folder = Path.Combine(folder, to), Threads = 2, Progress = Progress.None() });

    [Fact]
    public void Train_EveryKindOfArm_RunsAndIsTheSameAgain()
    {
        using var teacher = CaptionTeacher.Of(settings, world, Path.Combine(folder, "teacher"), Progress.None());
        CaptionArm[] arms =
        [
            new("supervised", Supervised), new("default", CaptionStudent.Contrastive),
            new("audio-only", CaptionStudent.Contrastive) { AudioOnly = settings.AudioOnlyClips }, new("fewer", Supervised) { Clips = 20 },
            new("large", Supervised) { LargeEncoder = true, LargeDecoder = true }, new("fixed", CaptionStudent.Contrastive) { FixedTeacher = true },
            new("self", CaptionStudent.Contrastive) { AudioOnly = settings.AudioOnlyClips, SelfTraining = true },
        ];
        var first = Run(teacher, "a", arms);
        var again = Run(teacher, "b", arms);
        Assert.All(arms, arm => Assert.Equal(first.Outputs(arm.Name, 1)["graph"], again.Outputs(arm.Name, 1)["graph"]));
        Assert.All(arms, arm => Assert.Equal(settings.TestClips, File.ReadAllLines(Path.Combine(first.FolderOf(arm.Name, 1), CaptionRun.CaptionsFile)).Length));
        Assert.True(first.Of("large", "parameters")[0] > first.Of("supervised", "parameters")[0]);
        Assert.Contains(CaptionRun.Spread, first.Results.Runs[0].Curves.Keys);
    }

    [Fact]
    public void Teacher_OpenedAgain_IsTheSameAndOtherDataIsRefused()
    {
        var path = Path.Combine(folder, "teacher");
        string hash;
        IReadOnlyList<int> caption;
        using (var teacher = CaptionTeacher.Of(settings, world, path, Progress.None()))
        {
            (hash, caption) = (teacher.ResultKey, teacher.Caption(false, 3));
        }
        using (var again = CaptionTeacher.Of(settings, world, path, Progress.None()))
        {
            Assert.Equal(hash, again.ResultKey);
            Assert.Equal(caption, again.Caption(false, 3));
        }
        var other = settings with { Scenes = settings.Scenes with { Seed = 9 } };
        using var elsewhere = new CaptionWorld(other);
        Assert.Throws<BadInputException>(() => CaptionTeacher.Of(other, elsewhere, path, Progress.None()));
    }

    [Fact]
    public void Batch_Teacher_SaysWhatItsModelSays()
    {
        using var teacher = CaptionTeacher.Of(settings, world, Path.Combine(folder, "teacher"), Progress.None());
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var batch = CaptionRun.Batch(settings, world, teacher, audioOnly: settings.AudioOnlyClips);
        teacher.Model.eval();
        var frames = teacher.Model.Encoder.FromFeatures(batch.Sound, null);
        // Stored as float16.
        Assert.InRange((frames.mean([1]) - batch.TeacherEmbedding!).abs().max().item<float>(), 0, 2e-3f);
        var logs = nn.functional.log_softmax(teacher.Model.Decoder.call(batch.Captions!.Input, frames, null), -1);
        Assert.InRange(((logs - batch.TeacherLogits!).abs() * batch.Captions.Mask.unsqueeze(-1)).max().item<float>(), 0, 5e-3f);
        Assert.Equal(settings.StudentTraining.Batch, batch.Sound.shape[0] + batch.AudioOnly!.Sound.shape[0]);
        Assert.Null(batch.AudioOnly.Captions);
    }

    [Fact]
    public void Train_MoreClipsThanThereAre_SaysHowMany()
    {
        using var teacher = CaptionTeacher.Of(settings, world, Path.Combine(folder, "teacher"), Progress.None());
        var error = Assert.Throws<ArgumentException>(() => CaptionRun.Student(settings, new CaptionArm("big", Supervised) { Clips = 10_000 }, world, teacher, 1));
        Assert.Contains("10000", error.Message);
    }

    [Fact]
    public void WarmUpExponential_Published_MatchesItsNumbers()
    {
        var rate = Schedule.WarmUpExponential(5e-4, 200, 1000);
        foreach (var (i, expected) in new[] { (1, 5.0e-6), (199, 5.0e-4), (200, 4.957012e-4), (500, 3.717235e-5), (1000, 4.957012e-7) })
        {
            Assert.Equal(expected, rate(i - 1), 1e-6 * expected);
        }
    }
}
