// The whole of CED on made sound, in the order of the paper: teachers, their stored scores, students. Each stage is kept
// in the cache under the hash of its settings; a run that was killed goes on where it was.

using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>CED's ablation on made sound. Call its steps in order, or <see cref="RunArms"/> alone, which does what is missing.</summary>
public sealed class CedExperiment : IDisposable
{
    /// <summary>Raised when a change of the code changes results, so that results of before are not taken for its own.</summary>
    public const string CodeVersion = "ced/1";

    private readonly Dictionary<string, CedStage> stages = [];
    private readonly Lazy<CedData> data;
    private TeacherEnsemble? teachers;

    /// <param name="settings">everything that decides the numbers</param>
    /// <param name="threads">how many models are trained at once; null for one a core</param>
    /// <param name="folder">where everything is kept; null for a folder of the cache that is named by the settings' hash</param>
    public CedExperiment(CedSettings settings, int? threads = null, string? folder = null)
    {
        Settings = settings;
        Threads = threads ?? Environment.ProcessorCount;
        data = new Lazy<CedData>(() => CedData.Synthetic(settings));
        // Seeds and arms do not change what one run gives; with more of them the others' results remain.
        var shared = settings with { Seeds = [], Arms = [] };
        Folder = folder ?? Path.Combine(Cache.Root, $"ced-{settings.Size}-{SettingsJson.Hash(SettingsJson.Write(shared, SettingsJson.Line), SoundRecipe.Embedded.Hash, CodeVersion)[..12]}");
    }

    /// <summary>Everything that decides the numbers.</summary>
    public CedSettings Settings { get; }

    /// <summary>How many models are trained at once.</summary>
    public int Threads { get; }

    /// <summary>Where teachers, stores and results are kept.</summary>
    public string Folder { get; }

    /// <summary>The clips.</summary>
    public CedData Data => data.Value;

    /// <summary>Step 1: the teachers, trained or read from the folder.</summary>
    public TeacherEnsemble TrainTeachers(Progress? progress = null, CancellationToken cancel = default) =>
        teachers ??= CedTeachers.Ensemble(Settings, Data, Path.Combine(Folder, "teachers"), Threads, progress, cancel);

    /// <summary>Test mAP of each teacher and, last, of their ensemble.</summary>
    public IReadOnlyList<(string Name, double Map)> TeacherMaps()
    {
        var ensemble = TrainTeachers();
        return
        [
            .. ensemble.Members.Select((m, i) => ($"teacher {i + 1}", Data.TestMap(Data.TestScores(m)))),
            ("ensemble", Data.TestMap(Data.TestScores(ensemble.ForwardMel))),
        ];
    }

    /// <summary>Step 2: the scores of every view that an arm asks for.</summary>
    public CedStage StoreScores(Progress? progress = null, CancellationToken cancel = default)
    {
        foreach (var arm in Settings.Arms)
        {
            Stage(arm, progress, cancel);
        }
        return Stage(CedArms.Ced, progress, cancel);
    }

    /// <summary>
    /// Step 3: the students, arms times seeds, on all threads. Where the environment names a shard (<see cref="Shard"/>), the
    /// first one prepares teachers and scores in the common folder, each trains its share, and all wait for one another.
    /// </summary>
    public CedReport RunArms(Progress? progress = null, CancellationToken cancel = default)
    {
        var shard = Shard.FromEnvironment();
        using var prepared = Prepare(shard, progress, cancel);
        var arms = Settings.Arms.Select(arm => new Arm(arm.Name, Described(arm), context => Student(arm, context, prepared))).ToArray();
        var runs = new AblationSettings { Folder = Path.Combine(Folder, "arms"), Threads = Threads, Shard = shard, CodeVersion = CodeVersion };
        var results = Ablation.Run(arms, Settings.Seeds, runs, progress, cancel);
        if (shard.Count > 1)
        {
            results = Ablation.Wait(arms, Settings.Seeds, runs, cancel);
        }
        return new CedReport(this, results, prepared.TeacherScores);
    }

    private sealed record Prepared(float[] TeacherScores, CedPretraining? Start) : IDisposable
    {
        public void Dispose() => Start?.Dispose();
    }

    // Sums depend on the number of cores that share them, so what is not an arm runs on one core too.
    private Prepared Prepare(Shard shard, Progress? progress, CancellationToken cancel)
    {
        using var alone = Preparation.Enter(Folder, shard, cancel);
        StoreScores(progress, cancel);
        using var oneCore = Retort.Torch.Threads.RunWith(1);
        using var oneBlas = Retort.Torch.Threads.OneBlasThread();
        var made = new Prepared(
            Data.TestScores(TrainTeachers(progress, cancel).ForwardMel),
            Settings.Arms.Any(a => a.Pretrained) ? CedPretraining.Weights(this, progress, cancel) : null);
        Preparation.Done(Folder, CodeVersion);
        return made;
    }

    private ArmOutcome Student(CedArm arm, ArmContext context, Prepared prepared)
    {
        var (model, result) = CedStudent.Train(
            Settings, arm, Data, Stage(arm), context.Seed, arm.Pretrained ? prepared.Start!.Into : null, context.Folder, context.Progress, context.Cancel);
        using (model)
        {
            var scores = Data.TestScores(model);
            CedReport.SaveScores(Path.Combine(context.Folder!, CedReport.ScoresFile), scores, Data.Classes);
            return new ArmOutcome(
                new Dictionary<string, double>
                {
                    ["test mAP"] = Data.TestMap(scores),
                    ["validation mAP"] = result.Values["mAP"],
                    ["parameters"] = model.parameters().Sum(p => p.numel()),
                    ["agreement"] = CedReport.Agreement(scores, prepared.TeacherScores, Data.Classes),
                },
                new Dictionary<string, Curve> { ["validation mAP"] = result.Curve("mAP"), ["loss"] = result.Curve("loss") });
        }
    }

    /// <summary>Clips, views and stored scores of an arm.</summary>
    public CedStage Stage(CedArm arm, Progress? progress = null, CancellationToken cancel = default)
    {
        var key = $"clips-x{arm.ClipsTimes}{(arm.HalfClips ? "-half" : "")}{(arm.SingleTeacher ? "-single" : "")}";
        lock (stages)
        {
            return stages.TryGetValue(key, out var known) ? known : stages[key] = MakeStage(arm, key, progress, cancel);
        }
    }

    /// <summary>The folder of a run of <see cref="RunArms"/>.</summary>
    internal string RunFolderOf(ArmResult run) => Ablation.FolderOf(Path.Combine(Folder, "arms"), run.Arm, run.Seed, run.Key);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var stage in stages.Values)
        {
            stage.Scores.Dispose();
            stage.CleanScores?.Dispose();
        }
        stages.Clear();
        foreach (var member in teachers?.Members ?? [])
        {
            member.Dispose();
        }
        if (data.IsValueCreated)
        {
            data.Value.Dispose();
        }
    }

    private object Described(CedArm arm) => arm.Pretrained
        ? new { Arm = arm, Settings.StudentTraining, Settings.Pretraining, Settings.PretrainingSteps }
        : new { Arm = arm, Settings.StudentTraining };

    private CedStage MakeStage(CedArm arm, string key, Progress? progress, CancellationToken cancel)
    {
        using var oneCore = Retort.Torch.Threads.RunWith(1);
        using var oneBlas = Retort.Torch.Threads.OneBlasThread();
        var ensemble = TrainTeachers(progress, cancel);
        var clips = Data.Train.Take(Settings.StudentClips * arm.ClipsTimes);
        if (arm.HalfClips)
        {
            clips = clips.Chunks(Settings.World.Samples / 2);
        }
        var members = arm.SingleTeacher ? new TeacherEnsemble(ensemble.Members[0]) : ensemble;
        // More clips have fewer views each, so that as many views are stored and seen, as published for 20K and 2M clips.
        var views = Math.Max(Settings.StoredViews / arm.ClipsTimes, 1);
        // One teacher or three see the same views: their spectrograms are kept once.
        var source = arm.SingleTeacher ? Stage(arm with { SingleTeacher = false }, progress, cancel).Source
            : new ViewSource(clips, Settings.Views, Data.FrontEnd, keep: true, Data.Device);
        var folder = Path.Combine(Folder, "stores");
        var report = progress?.Run($"teachers' scores, {key}");
        report?.Begin();
        Directory.CreateDirectory(folder);
        var seed = Settings.TeacherSeed;
        var scores = CedScores.Fill(Path.Combine(folder, key), members, clips, source, views, Settings.TopK, seed, (done, all) => report?.Report(done, all), cancel);
        var clean = new ViewSource(clips, ViewSettings.Clean, Data.FrontEnd, keep: true, Data.Device);
        var cleanScores = CedScores.Fill(Path.Combine(folder, key + "-clean"), members, clips, clean, 1, Settings.TopK, seed, cancel: cancel);
        report?.Done($"{scores.Rows} views, {scores.BytesOnDisk / 1024} KiB");
        var maskOnly = new ViewSource(clips, Settings.Views with { ShiftProbability = 0 }, Data.FrontEnd, keep: true, Data.Device);
        return new CedStage(clips, source, maskOnly, scores, cleanScores);
    }
}
