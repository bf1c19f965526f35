using Retort.Data;
using Retort.Decoding;
using Retort.Losses;
using Retort.Models;
using Retort.Papers.Talker;
using Retort.Randomness;
using Retort.Training;
using TorchSharp;
using static Retort.Tests.FormulaWeights;
using static TorchSharp.torch;

namespace Retort.Tests.Papers;

[Collection(Alone.Name)]
public sealed class TalkerTest
{
    private static readonly TalkerSettings settings = TalkerSettings.Of("smoke");

    private static Tensor Clean(MotionDenoiser model, TalkerBatch b) => MotionLosses.MeanSquared(model.Predict(b.Noised, b.Steps, b.Condition), b.Clean);

    private static Tensor Sample(MotionDenoiser model, MotionCondition c, Tensor noise) => TalkerTraining.Ddim(model, c, noise, 3, DiffusionTarget.Sample);

    [Fact]
    public void Data_Batch_IsAFunctionOfTheStreamAndFollowsItsFormulas()
    {
        using var data = new TalkerData(settings);
        using var scope = NewDisposeScope();
        RandomStream Of(string purpose) => RandomStream.Of(5, purpose);
        TalkerBatch one = data.Batch([0, 3], Of), two = data.Batch([0, 3], Of);
        Assert.Equal(0, Distance(one.Noised, two.Noised));
        Assert.Equal([2, settings.Window, 70], one.Clean.shape);
        Assert.Equal(0, one.Condition.Canonical.narrow(1, 0, 7).abs().max().item<float>());
        for (var b = 0; b < 2; b++)
        {
            double a = NoiseSchedule.Published.Kept[(int)one.Steps[b].item<long>()];
            Assert.InRange(Distance(Math.Sqrt(a) * one.Clean[b] + Math.Sqrt(1 - a) * one.Noise[b], one.Noised[b]), 0, 1e-5f);
            // The reference is the true frame before the window.
            var motion = data.Train.Motion[b == 0 ? 0 : 3];
            var place = Enumerable.Range(1, settings.Faces.Frames - settings.Window).Single(s => Distance(motion.narrow(0, s, settings.Window), one.Clean[b]) == 0);
            Assert.Equal(0, Distance(motion[place - 1], one.Condition.Reference[b]));
        }
        // Normalised: mean 0 and deviation 1 where anything moves; back in degrees.
        var all = data.Train.Motion.flatten(0, 1);
        Assert.InRange(all.mean([0]).abs().max().item<float>(), 0, 1e-3f);
        Assert.Equal(data.Train.Clips[1].Motion[70 * 5 + 1], data.Denormalise(data.Train.Motion[1])[5, 1].item<float>(), 1e-3f);
        var audio = data.Train.Audio.flatten(0, 1);
        Assert.InRange((audio.std(0) - 1).abs().max().item<float>(), 0, 1e-2f);
    }

    [Fact]
    public void Run_SameSeed_SameBitsAndOneNumberATestClip()
    {
        using var data = new TalkerData(settings);
        var judge = MotionSync.Train(data);
        var arm = new TalkerArm("a", Clean, Sample);
        var folder = Directory.CreateTempSubdirectory("retort-talker").FullName;
        try
        {
            AblationReport Go(string name) => Experiment.Run(settings, [arm, arm with { Name = "b", Model = settings.Denoiser with { Attention = false } }], [1], (a, run) =>
                TalkerTraining.Run(a, data, judge, run), TalkerTraining.Measures(data), new ExperimentOptions { Folder = Path.Combine(folder, name), Threads = 1 });
            var (first, second) = (Go("1"), Go("2"));
            Assert.Equal(first.Outputs("a", 1)["motion"], second.Outputs("a", 1)["motion"]);
            Assert.NotEqual(first.Outputs("a", 1)["motion"], first.Outputs("b", 1)["motion"]);
            Assert.Equal(data.Test.Clips.Count, first.Outputs("a", 1)["lip r"].Length);
            Assert.Equal(first.Of("a"), [first.Outputs("a", 1)["lip r"].Average()], (x, y) => Math.Abs(x - y) < 1e-6);
            // Kept weights give the same tracks; sums depend on the number of cores that share them, and an arm has one.
            using var oneCore = Retort.Torch.Threads.RunWith(1);
            using var oneBlas = Retort.Torch.Threads.OneBlasThread();
            using var model = TalkerTraining.Load(arm, settings, first.FolderOf("a", 1));
            Assert.Equal(first.Outputs("a", 1)["motion"], TalkerTraining.Measure(arm, model, data, judge, 1).Outputs!["motion"]);
            // Each track begins with the true first frame.
            var motion = TalkerShow.Motion(first.Outputs("a", 1), data, 1, 1);
            Assert.Equal(data.Test.Clips[1].Motion[1], motion[1], 1e-3f);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void StepDistillation_StudentIsTheTeacher_LossIsWhatTheFormulaSays()
    {
        using var data = new TalkerData(settings);
        using var scope = NewDisposeScope();
        using var teacher = new MotionDenoiser(settings.Denoiser);
        using var student = new MotionDenoiser(settings.Denoiser);
        Fill(teacher);
        Fill(student, variant: 1);
        var batch = data.Batch([0, 1], purpose => RandomStream.Of(5, purpose));
        var (schedule, times) = (NoiseSchedule.Published, DdimSampler.Timesteps(20, fromTheLast: true));
        var place = (int)(batch.Steps[0].item<long>() * 20 / 1000);
        Assert.InRange(place, 0, 18);
        Tensor T(long t) => full(2, t, dtype: int64);
        var noisy = schedule.Noised(batch.Clean, batch.Noise, T(times[place]));
        // One step of the teacher's sampler by the sampler itself, ended at the next time.
        var x0 = teacher.Predict(noisy, T(times[place]), batch.Condition);
        double a = schedule.Kept[(int)times[place]], b = schedule.Kept[(int)times[place + 1]];
        var next = Math.Sqrt(b) * x0 + Math.Sqrt(1 - b) * (noisy - Math.Sqrt(a) * x0) / Math.Sqrt(1 - a);
        var expected = (student.Predict(noisy, T(times[place]), batch.Condition) - student.Predict(next, T(times[place + 1]), batch.Condition)).square().mean();
        var loss = StepDistillation.Loss(student, teacher, batch);
        Assert.Equal(expected.item<float>(), loss.item<float>(), 1e-5f * expected.item<float>());
        loss.backward();
        Assert.All(teacher.parameters(), p => Assert.Null(p.grad));
        Assert.NotNull(student.get_parameter("input_projection.weight").grad);
    }

    [Fact]
    public void Judge_TrainedOnTruth_FindsTheRightShift()
    {
        using var data = new TalkerData(settings with { Faces = settings.Faces with { TrainClips = 8, Frames = 80 }, SyncSteps = 150 });
        var judge = MotionSync.Train(data);
        var sync = judge.Judge(data.Test.Motion, data.Test.Audio);
        var mean = Enumerable.Range(0, 31).Select(i => sync.Average(s => s.Distances[i])).ToArray();
        Assert.InRange(Array.IndexOf(mean, mean.Min()), 14, 16);
    }

    [Fact]
    public void Painter_OpenMouth_IsDarkerInsideAndVideoIsWhole()
    {
        var clip = SyntheticFaces.Of(settings.Faces, Split.Test).Clips[0];
        var motion = clip.Motion.AsSpan(0, 3 * 70).ToArray();
        for (var i = 7; i < 70; i++)
        {
            (motion[i], motion[70 + i]) = (0, 0);
        }
        motion[70 + 7 + 3 * 19 + 1] = 0.06f;
        var pictures = new FacePainter(clip.Canonical).Draw(motion);
        int Dark(Picture p) => Enumerable.Range(0, p.Rgb.Length / 3).Count(i => p.Rgb[3 * i] is > 50 and < 90 && p.Rgb[3 * i + 1] < 30);
        Assert.True(Dark(pictures[1]) > Dark(pictures[0]) + 20, $"{Dark(pictures[0])} and {Dark(pictures[1])}");
        var player = TalkerShow.Video(clip, "a title", clip.Motion, clip.Motion);
        Assert.Contains("data:video/mp4;base64,", player.ToHtml());
        Assert.Contains("a title", player.ToText());
    }
}
