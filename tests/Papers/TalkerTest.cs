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

    private static Tensor Sample(MotionDenoiser model, MotionCondition c, Tensor noise) => model.Sample(c, noise, DdimSampler.Timesteps(3), DiffusionTarget.Sample);

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
            // Yaw apart, by hand: clip 1 of the test in each of its samples.
            float[] a = first.Outputs("a", 1)["motion"], b = first.Outputs("b", 1)["motion"];
            var (perClip, clips) = (settings.Faces.Frames * 70, data.Test.Clips.Count);
            var gaps = Enumerable.Range(0, a.Length / 70).Where(f => f * 70 / perClip % clips == 1).Select(f => (double)Math.Abs(a[f * 70 + 1] - b[f * 70 + 1])).ToArray();
            Assert.Equal(settings.Samples * settings.Faces.Frames, gaps.Length);
            Assert.Equal(gaps.Average(), TalkerTraining.Apart(first, data, "a", "b", 1)[1], 1e-9);
            Assert.All(TalkerTraining.Apart(first, data, "a", "a", 1), gap => Assert.Equal(0, gap));
            Assert.Equal(TalkerTraining.Apart(first, data, "a", "b", 1).Average(), TalkerTraining.Nearer(first, data, "b", "a", "b").Estimate, 1e-9);
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
    public void Paths_Batch_OneStepOfItsTargetLandsOnTheTeachersNextPoint()
    {
        using var data = new TalkerData(settings);
        using var scope = NewDisposeScope();
        using var teacher = new MotionDenoiser(settings.Denoiser);
        Fill(teacher);
        using var paths = TeacherPaths.Store(teacher, data, windows: 5, seed: 3, steps: 12, kept: 4);
        Assert.Equal(5, paths.Count);
        Assert.Equal([.. DdimSampler.Timesteps(12).Where((_, i) => i % 3 == 0)], paths.Times);
        Assert.Equal([paths.Times[0], paths.Times[2]], paths.For(2).Times);
        foreach (var students in new[] { 4, 2, 1 })
        {
            var of = paths.For(students);
            var batch = of.Batch([4, 2, 0, 4], purpose => RandomStream.Of(5, purpose));
            Assert.Equal(students, batch.Steps.data<long>().ToArray().Distinct().Count());
            Assert.Equal(1, batch.Weights!.mean().item<float>(), 1e-5f);
            for (var b = 0; b < 4; b++)
            {
                // The teacher's own sampler from the kept point on, which is what the student's one step has to reach.
                var start = batch.Steps[b].item<long>();
                var later = of.Times.Where(t => t < start).DefaultIfEmpty(-1).Max();
                var rest = DdimSampler.Timesteps(12).Where(t => t <= start && t > later).ToArray();
                MotionCondition One(MotionCondition c) => new(c.Canonical.narrow(0, b, 1), c.Reference.narrow(0, b, 1), c.Audio.narrow(0, b, 1));
                var x = batch.Noised.narrow(0, b, 1);
                using (no_grad())
                {
                    foreach (var t in rest)
                    {
                        var to = t == rest[^1] ? later : t - 1000 / 12;
                        x = Step(x, teacher.Predict(x, full(1, t, dtype: int64), One(batch.Condition)), t, to);
                    }
                }
                Assert.InRange(Distance(x, Step(batch.Noised.narrow(0, b, 1), batch.Clean.narrow(0, b, 1), start, later)), 0, 2e-4f);
            }
        }
        // A student that is asked as often as its teacher has nothing to learn.
        using var same = TeacherPaths.Store(teacher, data, windows: 3, seed: 3, steps: 2, kept: 2);
        var own = same.Batch([0, 1, 2], purpose => RandomStream.Of(6, purpose));
        Assert.InRange(Distance(teacher.Predict(own.Noised, own.Steps, own.Condition), own.Clean), 0, 1e-4f);
        // Read back they are the same; another seed's are others.
        using var again = TeacherPaths.Store(teacher, data, windows: 3, seed: 3, steps: 2, kept: 2);
        Assert.Equal(0, Distance(own.Clean, again.Batch([0, 1, 2], purpose => RandomStream.Of(6, purpose)).Clean));
        Assert.Throws<ArgumentOutOfRangeException>(() => paths.For(3));

        static Tensor Step(Tensor x, Tensor clean, long from, long to)
        {
            double a = NoiseSchedule.Published.Kept[(int)from], b = to < 0 ? 1 : NoiseSchedule.Published.Kept[(int)to];
            return Math.Sqrt(b) * clean + Math.Sqrt(1 - b) * (x - Math.Sqrt(a) * clean) / Math.Sqrt(1 - a);
        }
    }

    [Fact]
    public void Run_FromATeacher_LearnsItsPathsAndAutoencodersRun()
    {
        using var data = new TalkerData(settings);
        var judge = MotionSync.Train(data);
        var folder = Directory.CreateTempSubdirectory("retort-talker").FullName;
        try
        {
            using var teacher = new MotionDenoiser(settings.Denoiser, 1);
            Fill(teacher);
            using var paths = TeacherPaths.Store(teacher, data, windows: 4, seed: 1, steps: 4, kept: 2);
            Tensor Land(MotionDenoiser m, TalkerBatch b) => (b.Weights! * (m.Predict(b.Noised, b.Steps, b.Condition) - b.Clean).square()).mean();
            var arm = new TalkerArm("student", Land, (m, c, noise) => m.Sample(c, noise, paths.Times, DiffusionTarget.Sample));
            var report = Experiment.Run(settings, [arm], [1], (a, run) => TalkerTraining.Run(a, data, judge, run, new(m => m.load_state_dict(teacher.state_dict()), paths, 3, 1e-4)),
                TalkerTraining.Measures(data), new ExperimentOptions { Folder = folder, Threads = 1 });
            using (var student = TalkerTraining.Load(arm, settings, report.FolderOf("student", 1)))
            {
                var moved = Distance(student.get_parameter("input_projection.weight"), teacher.get_parameter("input_projection.weight"));
                Assert.InRange(moved, 1e-6f, 1e-3f);
            }
            Tensor Vae(MotionVae m, TalkerBatch b)
            {
                var (mean, logVariance) = m.Encode(b.Clean, b.Condition);
                var made = m.Decode(mean + (0.5 * logVariance).exp() * b.Noise.select(1, 0).narrow(1, 0, m.Latent), b.Condition);
                return MotionLosses.MeanSquared(made, b.Clean) + 1e-3 * MotionLosses.Divergence(mean, logVariance) + MotionLosses.Adversarial(x => m.Score(x, b.Condition), b.Clean, made, 0.1);
            }
            var vae = new VaeArm("vae", Vae, (m, c, noise) => m.Decode(noise.select(1, 0).narrow(1, 0, m.Latent), c));
            var made = Experiment.Run(settings, [vae], [1], (a, run) => TalkerTraining.Run(a, data, judge, run), TalkerTraining.Measures(data), new ExperimentOptions { Folder = folder, Threads = 1 });
            Assert.All(made.Outputs("vae", 1)["motion"], v => Assert.True(float.IsFinite(v)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Guided_ScaleOfOne_IsPlainAndOthersExtrapolate()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new MotionDenoiser(settings.Denoiser);
        Fill(model);
        var condition = new MotionCondition(Input("c", 1, 0, 2, 70), Input("r", 1, 0, 2, 70), Input("a", 1, 0, 2, 8, settings.Denoiser.Audio));
        var noise = Input("n", 1, 0, 2, 8, 70);
        Assert.InRange(Distance(model.Sample(condition, noise, DdimSampler.Timesteps(3)), model.Sample(condition, noise, DdimSampler.Timesteps(3), guidance: 1 + 1e-12)), 0, 1e-4f);
        // One step: the output is linear in the scale.
        Tensor At(double scale) => model.Sample(condition, noise, DdimSampler.Timesteps(1), guidance: scale);
        Assert.InRange(Distance(At(0), model.Sample(condition with { Audio = zeros_like(condition.Audio) }, noise, DdimSampler.Timesteps(1))), 0, 1e-4f);
        Assert.InRange(Distance(2 * At(1) - At(0), At(2)), 0, 1e-3f);
        Assert.True(Distance(At(1), At(2)) > 1e-3f);
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

    [Fact]
    public void Beats_HeadThatStopsAtTheSoundsBeats_ScoresMoreThanOneThatStopsBetween()
    {
        // Loud bursts at 1 and 2 s; yaw that is fastest between stops, which lie at the bursts or half a second later. They lie off the frames: with a stop on one
        // its two neighbours are equally slow, which is no strict minimum, as published, unless rounding makes it one.
        var samples = new float[16000 * 4];
        foreach (var start in new[] { 16000, 32000 })
        {
            for (var i = 0; i < 4000; i++)
            {
                samples[start + i] = 0.5f * MathF.Sin(0.3f * i);
            }
        }
        float[] face = [.. Enumerable.Range(0, 63).Select(i => 0.1f * MathF.Sin(i))];
        using var scope = NewDisposeScope();
        var motion = zeros(2, 100, 70);
        for (var f = 0; f < 100; f++)
        {
            motion[0, f, 0] = motion[1, f, 0] = 1;
            motion[0, f, 1] = (float)(10 * Math.Cos(Math.PI * (f - 0.3) / 25.0));
            motion[1, f, 1] = (float)(10 * Math.Cos(Math.PI * (f - 12.8) / 25.0));
        }
        var scores = TalkerTraining.Beats([new FaceClip("beats", 0, "", samples, [], new float[100 * 70], face)], motion);
        Assert.InRange(scores[0], 0.7, 1);
        Assert.InRange(scores[1], 0, 0.3);
    }
}
