using Retort.Audio;
using Retort.Data;
using Retort.Losses;
using Retort.Papers.Ced;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Ced;

/// <summary>What a loss is given: the very view, the scores of it, of another, of the clean clip, and labels.</summary>
[Collection(Alone.Name)]
public sealed class CedBatchTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-ced-").FullName;
    private readonly CedData data = CedToy.Data();
    private readonly CedTeachers teachers;
    private readonly CedClips clips;

    public CedBatchTest()
    {
        teachers = new CedTeachers(CedToy.Teachers, data, folder);
        clips = teachers.Scores(7);
    }

    public void Dispose()
    {
        teachers.Dispose();
        data.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static float[] Values(Tensor t) => t.to(float32).contiguous().data<float>().ToArray();

    private float[] Stored(CedBatch batch, int view, int b)
    {
        var dense = new float[data.Classes];
        clips.Scores!.Scatter([clips.Scores.Row(batch.Clips[b], view)], dense);
        return dense;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(10)]
    public void View_OfAStep_IsTheOneThatTheTeachersScored(long step)
    {
        using var batch = clips.Batch(CedToy.Ced, seed: 1, step);
        var seeds = batch.Clips.Select(c => (uint)View.SeedOf(7, clips.Data.Id(c), batch.ViewNumber)).ToArray();
        using var expected = clips.Views.Mel(batch.Clips, seeds);

        Assert.Equal(step / 3, batch.Epoch);
        Assert.Equal(batch.Epoch % 3, batch.ViewNumber);
        Assert.Equal(Values(expected), Values(batch.View));
        using var again = teachers.Ensemble(7).ForwardMel(batch.View);
        var (stored, heard) = (Values(batch.TeacherScores), Values(again));
        for (var i = 0; i < stored.Length; i++)
        {
            Assert.True(stored[i] == 0 || Math.Abs(stored[i] - heard[i]) < 5e-4f, $"stored {stored[i]}, the teachers say {heard[i]}");
        }
    }

    [Fact]
    public void OtherViewScores_OfAClip_AreOfAViewThatItIsNotShown()
    {
        var others = new HashSet<int>();
        for (var step = 0L; step < 12; step++)
        {
            using var batch = clips.Batch(CedToy.Ced, seed: 1, step);
            var rows = Values(batch.OtherViewScores).Chunk(data.Classes).ToArray();
            for (var b = 0; b < rows.Length; b++)
            {
                var view = Enumerable.Range(0, 3).Single(v => Stored(batch, v, b).SequenceEqual(rows[b]));
                Assert.NotEqual(batch.ViewNumber, view);
                others.Add((view - batch.ViewNumber + 3) % 3);
            }
        }
        Assert.Equal([1, 2], others.Order());
    }

    [Fact]
    public void CleanAndFreshMasks_OfAStep_AreUnshifted()
    {
        using var batch = clips.Batch(CedToy.Ced, seed: 1, step: 0);
        using var mel = data.FrontEnd.call(stack(batch.Clips.Select(c => tensor(clips.Data.Samples(c)))));
        var (clean, fresh) = (Values(batch.Clean), Values(batch.FreshMasks));
        Assert.Equal(Values(mel), clean);
        var masked = Enumerable.Range(0, clean.Length).Count(i => fresh[i] != clean[i]);
        Assert.InRange(masked, 1, clean.Length - 1);
        // Where it is not as it was, it is masked: nothing has moved.
        Assert.All(Enumerable.Range(0, clean.Length).Where(i => fresh[i] != clean[i]), i => Assert.Equal(0, fresh[i]));
        Assert.NotEqual(Values(batch.View), fresh);
        var scores = Values(batch.CleanScores);
        Assert.NotEqual(Values(batch.TeacherScores), scores);
        using var heard = teachers.Ensemble(7).ForwardMel(batch.Clean);
        Assert.All(Values(heard).Zip(scores), p => Assert.True(p.Second == 0 || Math.Abs(p.First - p.Second) < 5e-4f));
    }

    [Fact]
    public void Labels_OfAStep_AreAmongAllLabelsAndSomeAreMissing()
    {
        var missing = 0f;
        for (var step = 0L; step < 3; step++)
        {
            using var batch = clips.Batch(CedToy.Ced, seed: 1, step);
            var (given, all) = (Values(batch.Labels), Values(batch.AllLabels));
            Assert.All(given.Zip(all), p => Assert.True(p.First <= p.Second));
            missing += all.Sum() - given.Sum();
        }
        Assert.True(missing > 0);
    }

    [Fact]
    public void TopKAndFill_OfTheArm_DecideTheTargets()
    {
        using var all = clips.Batch(CedToy.Ced, 1, 0);
        using var three = clips.Batch(CedToy.Ced with { TopK = 3, Fill = TargetFill.LastHalf }, 1, 0);
        var (dense, few) = (Values(all.TeacherScores).Chunk(data.Classes).ToArray(), Values(three.TeacherScores).Chunk(data.Classes).ToArray());
        for (var b = 0; b < dense.Length; b++)
        {
            var best = dense[b].OrderDescending().Take(3).ToArray();
            Assert.Equal(best, few[b].OrderDescending().Take(3));
            Assert.All(few[b].OrderDescending().Skip(3), v => Assert.Equal(best[2] / 2, v));
        }
    }

    [Fact]
    public void View_AskedForInAnInnerScope_OutlivesIt()
    {
        using var batch = clips.Batch(CedToy.Ced, 1, 0);
        float before;
        using (NewDisposeScope())
        {
            before = batch.View.sum().item<float>();
        }
        Assert.Equal(before, batch.View.sum().item<float>());
    }

    [Fact]
    public void TeacherScores_WhereNoneAreStored_SayWhichArmAsks()
    {
        using var batch = new CedClips(data.Train, data.Views(data.Train)).Batch(CedToy.Ced with { Name = "mine" }, 1, 0);
        Assert.Contains("\"mine\"", Assert.Throws<InvalidOperationException>(() => batch.TeacherScores).Message);
    }
}
