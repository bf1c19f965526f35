using System.Text.Json.Serialization;
using Retort.Audio;
using Retort.Data;
using Retort.Models;

namespace Retort.Papers.Ced;

/// <summary>
/// CED's experiment on made sound: teachers on many clips with missing labels, their scores stored for views of few clips,
/// students on those. The record decides every number; change one with <c>with</c>.
/// </summary>
public sealed record CedSettings
{
    /// <summary>smoke, quick or full.</summary>
    public required string Size { get; init; }

    /// <summary>The made sound world, under a seed whose clips nobody looked at while the world was designed.</summary>
    public SoundWorldSettings World { get; init; } = SoundWorldSettings.HalfSecond with { Seed = 2026 };

    /// <summary>Clips the teachers are trained on; the students' are the first of them.</summary>
    public int TeacherClips { get; init; } = 6000;

    /// <summary>Clips the students are trained on.</summary>
    public int StudentClips { get; init; } = 500;

    /// <summary>Clips by which the best weights are chosen.</summary>
    public int ValidationClips { get; init; } = 600;

    /// <summary>Clips of the test, looked at once a run.</summary>
    public int TestClips { get; init; } = 1500;

    /// <summary>Members of the teacher ensemble. (Paper: 5, two ViT-Base and three ViT-Large.)</summary>
    public int Teachers { get; init; } = 3;

    /// <summary>The teachers' model; classes are set from the data.</summary>
    public AudioTransformerSettings Teacher { get; init; } = Small(96, 3);

    /// <summary>The students' model.</summary>
    public AudioTransformerSettings Student { get; init; } = Small(64, 2) with { Pooling = Pooling.Logit };

    /// <summary>The views: the paper's, with the time mask shortened as the clips are (19 % of the frames).</summary>
    public ViewSettings Views { get; init; } = new() { TimeMask = 10 };

    /// <summary>Views stored of each clip.</summary>
    public int StoredViews { get; init; } = 40;

    /// <summary>Scores stored of each view.</summary>
    public int TopK { get; init; } = 20;

    /// <summary>How teachers are trained.</summary>
    public CedTraining TeacherTraining { get; init; } = Short(5000);

    /// <summary>How students are trained.</summary>
    public CedTraining StudentTraining { get; init; } = Short(4000);

    /// <summary>Steps of the masked autoencoder that the arm "MAE start" begins from.</summary>
    public long PretrainingSteps { get; init; } = 4000;

    /// <summary>
    /// How it is trained, beside the steps. It names no folder of the experiment, since nothing but that arm depends on it:
    /// the masked autoencoder's run and the arm's own results carry it.
    /// </summary>
    [JsonIgnore]
    public CedPretrainingSettings Pretraining { get; init; } = CedPretrainingSettings.Synthetic;

    /// <summary>The seed of data, teachers and stored views, which all students share.</summary>
    public long TeacherSeed { get; init; } = 42;

    /// <summary>The students' seeds: start, order, mixup.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2, 3];

    /// <summary>The arms.</summary>
    public IReadOnlyList<CedArm> Arms { get; init; } = CedArms.All;

    /// <summary>Seconds: shows that everything runs, decides nothing.</summary>
    public static CedSettings Smoke { get; } = new()
    {
        Size = "smoke",
        TeacherClips = 192,
        StudentClips = 48,
        ValidationClips = 48,
        TestClips = 64,
        Teachers = 2,
        Teacher = Small(32, 2) with { Depth = 1 },
        Student = Small(32, 2) with { Depth = 1, Pooling = Pooling.Logit },
        StoredViews = 12,
        TeacherTraining = Short(12) with { WarmUp = 2, EvaluateEvery = 6 },
        StudentTraining = Short(8) with { WarmUp = 2, EvaluateEvery = 4 },
        PretrainingSteps = 4,
        Seeds = [1],
    };

    /// <summary>Minutes on two cores: one seed of a few arms.</summary>
    public static CedSettings Quick { get; } = new()
    {
        Size = "quick",
        Teachers = 2,
        TeacherTraining = Short(2500),
        StudentTraining = Short(2500),
        Seeds = [1],
        Arms = CedArms.Few,
    };

    /// <summary>Every arm, three seeds; within 90 minutes on two cores.</summary>
    public static CedSettings Full { get; } = new() { Size = "full" };

    /// <summary>The first notebook's: one teacher, one student taught by it and one by labels, in about two minutes.</summary>
    public static CedSettings Start(string size) => size == "smoke"
        ? Smoke with { Size = "start-smoke", Teachers = 1, Arms = [CedArms.Ced, CedArms.Supervision[0]] }
        : new CedSettings
        {
            Size = "start",
            TeacherClips = 3000,
            StudentClips = 300,
            ValidationClips = 300,
            TestClips = 600,
            Teachers = 1,
            StoredViews = 20,
            TeacherTraining = Short(1200) with { WarmUp = 100 },
            StudentTraining = Short(1000) with { WarmUp = 100 },
            Seeds = [1],
            Arms = [CedArms.Ced, CedArms.Supervision[0]],
        };

    /// <summary>The settings of a size's name.</summary>
    /// <exception cref="BadInputException">The name is not one of smoke, quick and full.</exception>
    public static CedSettings Of(string size) => size switch
    {
        "smoke" => Smoke,
        "quick" => Quick,
        "full" => Full,
        "paper" => throw new BadInputException("size", "paper", "the paper's size needs AudioSet: see CedPaper.As20K and CedPaper.As2M"),
        _ => throw new BadInputException("size", size, "expected smoke, quick, full or paper (RETORT_SIZE)"),
    };

    private static AudioTransformerSettings Small(int width, int heads) => new() { Width = width, Depth = 4, Heads = heads, TargetFrames = 64 };

    private static CedTraining Short(long steps) => new() { Steps = steps, WarmUp = 300, EvaluateEvery = Math.Max(steps / 10, 1), Patience = 0, Mixup = 0 };

    /// <summary>What a reader wants to know of them first (<see cref="Retort.Training.RunFacts"/>).</summary>
    public (string Fact, object Value)[] Facts() =>
    [
        ("arms x seeds", $"{Arms.Count} x {Seeds.Count} (seeds {string.Join(", ", Seeds)})"),
        ("clips", FormattableString.Invariant($"teachers {TeacherClips}, students {StudentClips}, validation {ValidationClips}, test {TestClips}; {World.Seconds} s each")),
        ("teachers", $"{Teachers}, width {Teacher.Width}, {Teacher.Depth} blocks, {TeacherTraining.Steps} steps"),
        ("students", FormattableString.Invariant($"width {Student.Width}, {Student.Depth} blocks, {StudentTraining.Steps} steps of {StudentTraining.Batch}, rate {StudentTraining.LearningRate}")),
        ("stored", $"{StoredViews} views of each clip, top {TopK}"),
    ];
}
