using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Papers.Ced;
using Retort.Papers.Slu;

namespace Retort.Tests.Papers.Ced;

public sealed class CedStudentTest : IDisposable
{
    private static readonly CedSettings settings = CedSettings.Smoke with
    {
        StudentTraining = CedSettings.Smoke.StudentTraining with { Steps = 4, EvaluateEvery = 2 },
        StoredViews = 3,
    };

    private readonly CedData data = CedData.Synthetic(settings);
    private readonly string folder = Directory.CreateTempSubdirectory("retort-test-").FullName;
    private readonly TeacherEnsemble teachers;
    private readonly TaggingData clips;

    public CedStudentTest()
    {
        teachers = new TeacherEnsemble(
            new AudioTransformer(settings.Teacher with { Classes = data.Classes }, 1), new AudioTransformer(settings.Teacher with { Classes = data.Classes }, 2));
        clips = data.Train.Take(settings.StudentClips);
    }

    public void Dispose()
    {
        foreach (var member in teachers.Members)
        {
            member.Dispose();
        }
        data.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private ViewSource Views(ViewSettings? views = null) => new(clips, views ?? settings.Views, data.FrontEnd, keep: true);

    private TeacherStore Store(string name, long seed, ViewSettings? views = null, int count = 3) =>
        CedScores.Fill(Path.Combine(folder, name), teachers, clips, Views(views), count, settings.TopK, seed);

    private string Trained(CedArm arm, CedStage stage)
    {
        var (model, _) = CedStudent.Train(settings, arm, data, stage, 1);
        using (model)
        {
            return CedTeachers.WeightsHash(model);
        }
    }

    [Fact]
    public void Verify_ReplayedViews_HaveTheStoredScores()
    {
        using var store = Store("views", 7);
        var found = CedScores.Verify(store, teachers, Views(), rows: 60);
        Assert.InRange(found.MaxDifference, 0, 5e-4f);
        Assert.Equal(0, found.OtherClasses);
        var other = CedScores.Verify(store, new TeacherEnsemble(teachers.Members[0]), Views(), rows: 60);
        Assert.True(other.MaxDifference > 5e-4f, $"another teacher differs by {other.MaxDifference} only");
    }

    [Fact]
    public void Train_Consistent_SeesTheViewsThatTheStoreNames()
    {
        using var store = Store("views", 7);
        using var clean = Store("clean", 7, ViewSettings.Clean, 1);
        var mask = Views(settings.Views with { ShiftProbability = 0 });
        var said = Trained(CedArms.Ced, new CedStage(clips, Views(), mask, store, clean));
        using var others = Store("others", 8);
        Assert.NotEqual(said, Trained(CedArms.Ced, new CedStage(clips, Views(), mask, others, clean)));
    }

    [Fact]
    public void Train_EachArm_LearnsSomethingElse()
    {
        using var store = Store("views", 7);
        using var clean = Store("clean", 7, ViewSettings.Clean, 1);
        var stage = new CedStage(clips, Views(), Views(settings.Views with { ShiftProbability = 0 }), store, clean);
        CedArm[] arms = [CedArms.Ced, .. CedArms.Consistency, .. CedArms.Supervision, CedArms.TopK[1], .. CedArms.Fill, CedArms.Views[0], .. CedArms.Mixup];
        var weights = arms.Select(arm => Trained(arm, stage)).ToArray();
        Assert.Equal(arms.Length, weights.Distinct().Count());
        Assert.Equal(weights[0], Trained(CedArms.Ced, stage));
    }
}
