using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Torch;
using Retort.Training;

namespace Retort.Papers.Ced;

/// <summary>Teachers of our own training, and what of their scores is stored for the students.</summary>
public sealed record CedTeacherSettings
{
    /// <summary>Members of the ensemble. (Paper: 5, two ViT-Base and three ViT-Large.)</summary>
    public int Members { get; init; } = 3;

    /// <summary>Clips that teachers are trained on, the first of the training clips; 0 for all.</summary>
    public int TeacherClips { get; init; }

    /// <summary>Clips whose scores are stored, which students are trained on, the first of the training clips; 0 for all.</summary>
    public int StudentClips { get; init; }

    /// <summary>The teachers' model; its number of classes is the data's.</summary>
    public AudioTransformerSettings Model { get; init; } = AudioTransformerSettings.Base;

    /// <summary>How a teacher is trained, on labels. (The published teachers' training was not released.)</summary>
    public CedTraining Training { get; init; } = new() { Batch = 128, LearningRate = 3e-4 };

    /// <summary>What a view may undergo; null for the paper's with a time mask that follows the clips' length.</summary>
    public ViewSettings? Views { get; init; }

    /// <summary>Views stored of each clip.</summary>
    public int StoredViews { get; init; } = 40;

    /// <summary>Scores stored of each view; at most the number of classes.</summary>
    public int TopK { get; init; } = 20;

    /// <summary>Students' clips are cut into pieces of this many samples, each scored by itself; 0 for whole clips.</summary>
    public int PieceSamples { get; init; }
}

/// <summary>
/// CED's teachers: audio transformers trained on labels under fresh views of every clip, as ensembles whose scores are
/// stored once. Each seed of an ablation has an ensemble of its own and stored views of its own, so that what is found
/// does not hang on one draw of teachers. All is kept in the cache and made once.
/// </summary>
public sealed class CedTeachers : IResultKey, IDisposable
{
    private const string Version = "ced/2";
    private readonly CedData data;
    private readonly string? root;
    private readonly TaggingData teacherClips, studentClips;
    private readonly Dictionary<long, TeacherEnsemble> ensembles = [];
    private readonly Dictionary<long, CedClips> stored = [];

    /// <summary>Teachers that are trained, and score, when they are asked for.</summary>
    /// <param name="settings">models, training, clips, views</param>
    /// <param name="data">the clips</param>
    /// <param name="folder">where teachers and scores are kept; null for the cache</param>
    public CedTeachers(CedTeacherSettings settings, CedData data, string? folder = null)
    {
        (Settings, this.data, root) = (settings with { Views = settings.Views ?? data.DefaultViews }, data, folder);
        teacherClips = settings.TeacherClips == 0 ? data.Train : data.Train.Take(settings.TeacherClips);
        studentClips = settings.StudentClips == 0 ? data.Train : data.Train.Take(settings.StudentClips);
        studentClips = settings.PieceSamples == 0 ? studentClips : studentClips.Chunks(settings.PieceSamples);
    }

    /// <summary>What decides them.</summary>
    public CedTeacherSettings Settings { get; }

    /// <inheritdoc/>
    public string ResultKey => string.Join('|', Version, SettingsJson.Write(Settings, SettingsJson.Line), teacherClips.Hash, studentClips.Hash, data.Validation.Hash);

    /// <summary>The same with other settings; members that both have are trained once.</summary>
    public CedTeachers With(Func<CedTeacherSettings, CedTeacherSettings> change) => new(change(Settings), data, root);

    /// <summary>
    /// Trains the members of all seeds side by side and stores their scores; what is in the cache is not done again. Of
    /// several machines that share a cache the first does it and the others wait.
    /// </summary>
    /// <param name="seeds">the ablation's seeds</param>
    /// <param name="progress">where it is shown; null: where it runs</param>
    /// <param name="cancel">stops it with checkpoints</param>
    public void Prepare(IReadOnlyList<long> seeds, Progress? progress = null, CancellationToken cancel = default)
    {
        var shard = Shard.FromEnvironment();
        var folder = Folder("ced-teachers", ResultKey);
        using var shown = progress is null ? Progress.Below() : null;
        using var alone = Preparation.Enter(folder, shard, cancel);
        var members = Enumerable.Range(0, Settings.Members).Select(member => new Arm($"teacher {member + 1}", new { member }, run =>
        {
            var (model, result) = Member(run.Seed, member, run.Progress, run.Cancel);
            model.Dispose();
            return new ArmOutcome(result.Values);
        })).ToArray();
        Ablation.Run(members, seeds, new AblationSettings(), progress ?? shown, cancel);
        var scores = new Arm("teachers' scores", new { }, run =>
        {
            Scores(run.Seed, run.Progress, run.Cancel);
            return new ArmOutcome(new Dictionary<string, double>());
        });
        Ablation.Run([scores], seeds, new AblationSettings(), progress ?? shown, cancel);
        Preparation.Done(folder, Version);
    }

    /// <summary>A seed's ensemble, trained or read from the cache.</summary>
    public TeacherEnsemble Ensemble(long seed, RunProgress? progress = null, CancellationToken cancel = default)
    {
        lock (ensembles)
        {
            return ensembles.TryGetValue(seed, out var known) ? known
                : ensembles[seed] = new TeacherEnsemble([.. Enumerable.Range(0, Settings.Members).Select(m => Member(seed, m, progress, cancel).Model)]);
        }
    }

    /// <summary>The students' clips with the stored scores of a seed's ensemble.</summary>
    public CedClips Scores(long seed, RunProgress? progress = null, CancellationToken cancel = default)
    {
        lock (stored)
        {
            if (stored.TryGetValue(seed, out var known))
            {
                return known;
            }
        }
        // Sums depend on the number of cores that share them, so this runs on one.
        using var oneCore = Threads.RunWith(1);
        using var oneBlas = Threads.OneBlasThread();
        var folder = Folder("ced-scores", ResultKey, seed);
        var made = CedClips.Score(folder, Ensemble(seed, progress, cancel), studentClips, data.Views(studentClips, Settings.Views),
            Settings.StoredViews, Settings.TopK, seed, progress, cancel);
        lock (stored)
        {
            return stored[seed] = made;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var clips in stored.Values)
        {
            clips.Dispose();
        }
        foreach (var member in ensembles.Values.SelectMany(e => e.Members))
        {
            member.Dispose();
        }
        stored.Clear();
        ensembles.Clear();
    }

    private string Folder(string kind, params object[] decidedBy)
    {
        var folder = Experiment.Folder(kind, decidedBy);
        return root is null ? folder : Path.Combine(root, Path.GetFileName(folder));
    }

    // A member is known by what decides it alone, so that ensembles of one and of three share it.
    private (AudioTransformer Model, TrainResult Result) Member(long seed, int member, RunProgress? progress, CancellationToken cancel)
    {
        var arm = new CedArm($"teacher {member + 1}", CedLoss.Labels) { Student = Settings.Model, Training = Settings.Training };
        var own = 1000 * seed + member;
        var folder = Folder("ced-teacher", Version, Settings.Model, Settings.Training, Settings.Views!, teacherClips.Hash, data.ResultKey, own);
        return CedStudent.Train(arm, data, new CedClips(teacherClips, data.Views(teacherClips, Settings.Views, keep: false)), own, folder, progress, cancel);
    }
}
