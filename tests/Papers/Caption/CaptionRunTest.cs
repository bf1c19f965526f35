using Retort.Losses;
using Retort.Models;
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

    private static Tensor SeveralLayers(CaptionStudent s, CaptionBatch b)
    {
        var (own, taught) = s.ProjectLayers(s.Hear(b), b.TeacherLayers!);
        return Supervised(s, b) + CaptionDistillation.MultiLayer(own, taught);
    }

    private CaptionTeacher Teacher() => CaptionTeacher.Of(settings, world, Path.Combine(folder, "teacher"), Progress.None());

    /// <summary>A student that has learned nothing, a batch, and what it makes of the batch's sound.</summary>
    private (CaptionStudent Student, CaptionBatch Batch, HeardSound Heard) Heard(CaptionTeacher teacher)
    {
        var (student, _) = CaptionRun.Student(settings, new CaptionArm("short", Supervised), world, teacher, 1);
        student.eval();
        var batch = CaptionRun.Batch(settings, world, teacher);
        return (student, batch, student.Hear(batch));
    }

    private AblationReport Run(CaptionTeacher teacher, string to, params CaptionArm[] arms) => Experiment.Run(settings, arms, [1], (arm, run) => CaptionRun.Train(settings, arm, world, teacher, run),
        [Measure.Ratio("CIDEr-D", "cider", null, settings.TestClips)], new ExperimentOptions { Folder = Path.Combine(folder, to), Threads = 2, Progress = Progress.None() });

    [Fact]
    public void Train_EveryKindOfArm_RunsAndIsTheSameAgain()
    {
        using var teacher = Teacher();
        CaptionArm[] arms =
        [
            new("supervised", Supervised), new("default", CaptionStudent.Contrastive),
            new("audio-only", CaptionStudent.Contrastive) { AudioOnly = settings.AudioOnlyClips }, new("fewer", Supervised) { Clips = 20 },
            new("large", Supervised) { LargeEncoder = true, LargeDecoder = true }, new("fixed", CaptionStudent.Contrastive) { FixedTeacher = true },
            new("self", CaptionStudent.Contrastive) { AudioOnly = settings.AudioOnlyClips, SelfTraining = true }, new("layers", SeveralLayers) { Layers = true },
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
        using var teacher = Teacher();
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var batch = CaptionRun.Batch(settings, world, teacher, audioOnly: settings.AudioOnlyClips);
        teacher.Model.eval();
        var frames = teacher.Model.Encoder.FromFeatures(batch.Sound, null);
        // Stored as float16.
        Assert.InRange((frames.mean([1]) - batch.TeacherEmbedding!).abs().max().item<float>(), 0, 2e-3f);
        var layers = ((EfficientNetEncoder)teacher.Model.Encoder).WithLayers(batch.Sound).Layers;
        Assert.Equal(teacher.Layers, layers.Select(l => (int)l.shape[1]));
        Assert.All(layers.Append(frames.mean([1])).Zip(batch.TeacherLayers!), l => Assert.InRange((l.First - l.Second).abs().max().item<float>(), 0, 2e-3f));
        var logs = nn.functional.log_softmax(teacher.Model.Decoder.call(batch.Captions!.Input, frames, null), -1);
        Assert.InRange(((logs - batch.TeacherLogits!).abs() * batch.Captions.Mask.unsqueeze(-1)).max().item<float>(), 0, 5e-3f);
        Assert.Equal(settings.StudentTraining.Batch, batch.Sound.shape[0] + batch.AudioOnly!.Sound.shape[0]);
        Assert.Null(batch.AudioOnly.Captions);
    }

    [Fact]
    public void CrossEntropy_OfBothCaptions_IsTheSumOfEach()
    {
        using var teacher = Teacher();
        using var scope = NewDisposeScope();
        var (student, batch, heard) = Heard(teacher);
        var each = new[] { batch.Captions!, batch.TeacherCaptions! }.Sum(c => CaptionDistillation.LabelSmoothing(student.Logits(heard, c), c.Target, c.Mask).item<float>());
        Assert.Equal(each, student.CrossEntropy(heard, batch.Captions!, batch.TeacherCaptions!).item<float>(), 1e-4f);
        var forced = batch.Captions! with { Forced = [.. Enumerable.Repeat(true, (int)batch.Captions.Input.shape[1])] };
        Assert.Equal(each, student.CrossEntropy(heard, forced, batch.TeacherCaptions!).item<float>(), 1e-4f);
    }

    [Fact]
    public void Logits_ScheduledSampling_AreThoseOfTheStudentsOwnWords()
    {
        using var teacher = Teacher();
        using var scope = NewDisposeScope();
        var (student, batch, heard) = Heard(teacher);
        var captions = batch.Captions!;
        var length = (int)captions.Input.shape[1];
        // Given words at even places only: there the logits are those of teacher forcing.
        var mixed = student.Logits(heard, captions with { Forced = [.. Enumerable.Range(0, length).Select(t => t % 2 == 0)] });
        var given = student.Logits(heard, captions);
        var own = captions.Input.narrow(1, 0, 1);
        for (var t = 0; t < length; t++)
        {
            var prefix = t % 2 == 0 ? captions.Input.narrow(1, 0, t + 1) : own;
            var expected = t % 2 == 0 ? given.select(1, t) : student.Model.Decoder.call(prefix, heard.Frames, heard.Lengths).select(1, t);
            Assert.InRange((expected - mixed.select(1, t)).abs().max().item<float>(), 0, 1e-4f);
            own = cat([own, mixed.select(1, t).argmax(-1, keepdim: true)], 1);
        }
        Assert.Same(captions, captions.Sampled(1, 0.5, Retort.Randomness.RandomStream.Of(1, "x")));
        Assert.All(captions.Sampled(0.7, 0, Retort.Randomness.RandomStream.Of(1, "x")).Forced!, Assert.True);
        Assert.All(captions.Sampled(0, 1, Retort.Randomness.RandomStream.Of(1, "x")).Forced!, Assert.False);
    }

    [Fact]
    public void Train_ScheduledSamplingAndSpecAugment_RunAndAreTheSameAgain()
    {
        using var teacher = Teacher();
        var both = settings with { StudentTraining = settings.StudentTraining with { TeacherForcing = 0.3, SpecAugment = new() } };
        float[] Weights(CaptionSettings s)
        {
            using var scope = NewDisposeScope();
            return CaptionRun.Student(s, new CaptionArm("both", CaptionStudent.Contrastive) { AudioOnly = s.AudioOnlyClips }, world, teacher, 1).Student.parameters().First().data<float>().ToArray();
        }
        Assert.Equal(Weights(both), Weights(both));
        Assert.NotEqual(Weights(settings), Weights(both));
    }

    [Fact]
    public void Train_MoreClipsThanThereAre_SaysHowMany()
    {
        using var teacher = Teacher();
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
