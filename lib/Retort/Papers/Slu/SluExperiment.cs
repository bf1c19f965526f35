// The class-incremental experiment on made speech, in order: an encoder that learns to hear, a model of the first task for
// each split and seed, and from there the arms. Each stage is kept in the cache under the hash of its settings; a run that
// was killed goes on where it was.

using Retort.Data;
using Retort.Layers;
using Retort.Models;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>Class-incremental learning on made speech. Call its steps in order, or <see cref="RunArms"/> alone, which does what is missing.</summary>
public sealed class SluExperiment
{
    /// <summary>Raised when a change of the code changes results, so that results of before are not taken for its own.</summary>
    public const string CodeVersion = "slu/1";

    private readonly Lazy<SluData> data;

    /// <param name="settings">everything that decides the numbers</param>
    /// <param name="threads">how many models are trained at once; null for one a core</param>
    /// <param name="folder">where everything is kept; null for a folder of the cache that is named by the settings' hash</param>
    public SluExperiment(SluSettings settings, int? threads = null, string? folder = null)
    {
        Settings = settings;
        Threads = threads ?? Environment.ProcessorCount;
        data = new Lazy<SluData>(() => SluData.Synthetic(settings));
        // Splits, arms and seeds do not change what one run gives; with more of them the others' results remain.
        var shared = settings with { Splits = [], Arms = [], Seeds = [] };
        Folder = folder ?? Path.Combine(Cache.Root, $"slu-{settings.Size}-{SettingsJson.Hash(SettingsJson.Write(shared, SettingsJson.Line), SyntheticSpeech.RecipeHash, CodeVersion)[..12]}");
    }

    /// <summary>Everything that decides the numbers.</summary>
    public SluSettings Settings { get; }

    /// <summary>How many models are trained at once.</summary>
    public int Threads { get; }

    /// <summary>Where everything is kept.</summary>
    public string Folder { get; }

    /// <summary>The utterances.</summary>
    public SluData Data => data.Value;

    /// <summary>The split that has all scenarios at once, for the upper bound.</summary>
    public static SluSplit Offline { get; } = new(1);

    /// <summary>The scenarios of each task of a split.</summary>
    public TaskSplit Tasks(SluSplit split) => split.Of(Data.Train.Scenarios);

    /// <summary>Step 1: the encoder learns to hear. Returns the run; "PER" is its phoneme error rate on unheard sentences.</summary>
    public TrainResult LearnToHear(Progress? progress = null, CancellationToken cancel = default)
    {
        using var alone = OneCore();
        var run = progress?.Run("encoder");
        run?.Begin();
        var (model, result) = SluHearing.Train(Settings, HearingFolder, run, cancel);
        using (model)
        {
            var encoder = Path.Combine(HearingFolder, EncoderFile);
            if (!File.Exists(encoder))
            {
                SafeTensors.Save(encoder, model.Encoder.state_dict().Select(p => (p.Key, p.Value)));
            }
        }
        run?.Done(FormattableString.Invariant($"PER {100 * result.Values["PER"]:F1} %"));
        return result;
    }

    /// <summary>
    /// Step 2: the first task of each split, and everything at once for the upper bound, for each seed, side by side. All arms of
    /// a split and seed go on from the same model.
    /// </summary>
    public AblationResult LearnFirstTasks(Progress? progress = null, CancellationToken cancel = default)
    {
        LearnToHear(progress, cancel);
        var arms = Settings.Splits.Append(Offline).Select(split => new Arm(
            split == Offline ? SluArms.Offline.Name : $"{split.Name}, first task", new { split, Settings.Training },
            context => First(split, context.Seed, context.Progress, context.Cancel))).ToArray();
        return Ablation.Run(arms, Settings.Seeds, new AblationSettings { Threads = Threads, Shard = new Shard(0, 1) }, progress, cancel);
    }

    /// <summary>
    /// Step 3: the arms of each split, for each seed, on all threads. Where the environment names a shard
    /// (<see cref="Shard"/>), the first one prepares the common folder, each trains its share, and all wait for one another.
    /// </summary>
    public SluReport RunArms(Progress? progress = null, CancellationToken cancel = default)
    {
        var shard = Shard.FromEnvironment();
        using (Preparation.Enter(Folder, shard, cancel))
        {
            LearnFirstTasks(progress, cancel);
            Preparation.Done(Folder, CodeVersion);
        }
        var arms = Settings.Splits.SelectMany(split => Settings.ArmsOf(split).Select(arm => ArmOf(split, arm))).ToArray();
        var results = Ablation.Run(arms, Settings.Seeds, Runs(shard), progress, cancel);
        return new SluReport(this, shard.Count > 1 ? Ablation.Wait(arms, Settings.Seeds, Runs(shard), cancel) : results);
    }

    /// <summary>One arm for one seed, with what it knows of each task's validation utterances after every epoch; kept where <see cref="RunArms"/> keeps it.</summary>
    /// <param name="split">the split</param>
    /// <param name="arm">the arm</param>
    /// <param name="seed">the seed</param>
    /// <param name="watch">called after each epoch with everything so far; after each task where it was trained before</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    public SluRun Run(SluSplit split, SluArm arm, long seed, Action<IReadOnlyList<SluEpoch>>? watch = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        using var alone = OneCore();
        var run = ArmOf(split, arm);
        return LearnAll(split, arm, seed, Ablation.FolderOf(ArmsFolder, run.Name, seed, run.Key(seed, CodeVersion)), watch, progress, cancel);
    }

    /// <summary>The model of an arm after a task, from the folder of its run.</summary>
    /// <param name="split">the split</param>
    /// <param name="arm">the arm, or <see cref="SluArms.Offline"/></param>
    /// <param name="seed">the seed</param>
    /// <param name="task">the task, from 0</param>
    /// <exception cref="BadInputException">It has not been trained here.</exception>
    public SpokenLanguageModel ModelAfter(SluSplit split, SluArm arm, long seed, int task)
    {
        var run = ArmOf(split, arm);
        var folder = task == 0 ? FirstFolder(split, seed) : Path.Combine(TaskFolder(Ablation.FolderOf(ArmsFolder, run.Name, seed, run.Key(seed, CodeVersion)), task), "run");
        return Load(seed, folder).Model;
    }

    /// <summary>The model of an arm after the last task, ready for recordings.</summary>
    public SpokenLanguageParser Parser(SluSplit split, SluArm arm, long seed) => new(ModelAfter(split, arm, seed, split.Tasks - 1), Data.Tokenizer, Settings.Test);

    /// <summary>Predictions of the test after each task of a run that has ended.</summary>
    internal IReadOnlyList<IReadOnlyList<SluPrediction>> Predictions(SluSplit split, SluArm arm, long seed)
    {
        var run = ArmOf(split, arm);
        var folder = Ablation.FolderOf(ArmsFolder, run.Name, seed, run.Key(seed, CodeVersion));
        return [.. Enumerable.Range(0, split.Tasks).Select(task =>
            SluTest.Load(task == 0 ? Path.Combine(FirstFolder(split, seed), PredictionsFile) : Path.Combine(TaskFolder(folder, task), PredictionsFile)))];
    }

    /// <summary>What tables call an arm of a split.</summary>
    internal static string NameOf(SluSplit split, SluArm arm) => $"{split.Name}, {arm.Name}";

    private const string EncoderFile = "encoder.safetensors";

    private const string PredictionsFile = "test.jsonl";

    private string HearingFolder => Path.Combine(Folder, "encoder");

    private string ArmsFolder => Path.Combine(Folder, "arms");

    private string FirstFolder(SluSplit split, long seed) => Path.Combine(Folder, "first", $"{split.Tasks}-{split.Order}-seed{seed}");

    private static string TaskFolder(string run, int task) => Path.Combine(run, $"task-{task + 1}");

    private AblationSettings Runs(Shard shard) => new() { Folder = ArmsFolder, Threads = Threads, Shard = shard, CodeVersion = CodeVersion };

    private Arm ArmOf(SluSplit split, SluArm arm) => new(NameOf(split, arm), new { Split = split, Arm = arm, Settings.Training }, context =>
    {
        var run = LearnAll(split, arm, context.Seed, context.Folder!, null, context.Progress, context.Cancel);
        var items = Items(split, run.Predictions);
        var matrix = items.Matrix();
        var values = Enum.GetValues<SluMeasure>().ToDictionary(m => $"{m}", m => items.Measure(m));
        values["Forgetting"] = 100 * matrix.Forgetting;
        values["BackwardTransfer"] = 100 * matrix.BackwardTransfer;
        if (run.ExactMatches.Count > 0)
        {
            values["ExactMatch"] = 100 * run.ExactMatches.Average();
        }
        return new ArmOutcome(values);
    });

    /// <summary>What a run got right, test item by test item.</summary>
    internal SluItems Items(SluSplit split, IReadOnlyList<IReadOnlyList<SluPrediction>> predictions)
    {
        var tasks = Tasks(split);
        return new SluItems(Data.Test.Data, [.. Data.Test.Scenarios.Select(tasks.TaskOf)], predictions);
    }

    private ArmOutcome First(SluSplit split, long seed, RunProgress progress, CancellationToken cancel)
    {
        var (model, generator) = Fresh(seed);
        using (model)
        {
            var folder = FirstFolder(split, seed);
            var tasks = Tasks(split);
            var result = new SluLearner(model, generator, Data.Train, Settings.Training).Learn(
                0, split.Tasks, tasks.Of(Data.Train.Scenarios, 0), [], SluArms.FineTune, null, seed, () => SluBoundary.Known(model, Data.Validation, tasks, 0), folder, progress, cancel);
            Tested(model, tasks, 0, folder, cancel);
            return new ArmOutcome(result.Values);
        }
    }

    private SluRun LearnAll(SluSplit split, SluArm arm, long seed, string folder, Action<IReadOnlyList<SluEpoch>>? watch, RunProgress? progress, CancellationToken cancel)
    {
        var tasks = Tasks(split);
        var train = Data.Train;
        var (model, generator) = Load(seed, FirstFolder(split, seed));
        using var own = model;
        var learner = new SluLearner(model, generator, train, Settings.Training);
        var rehearsal = new RehearsalSettings { Fraction = arm.Memory == SluMemory.Large ? Settings.LargeMemory : Settings.SmallMemory, Selection = arm.Selection };
        var memory = RehearsalMemory.Empty;
        var predictions = new List<IReadOnlyList<SluPrediction>> { SluTest.Load(Path.Combine(FirstFolder(split, seed), PredictionsFile)) };
        var epochs = new List<SluEpoch>();
        var exact = new List<double>();
        void Watch(int task, IReadOnlyList<(double Epoch, IReadOnlyDictionary<string, double> Values)> seen)
        {
            epochs.RemoveAll(e => e.Task == task);
            epochs.AddRange(seen.Select(s => new SluEpoch(task, s.Epoch, [.. Enumerable.Range(0, task + 1).Select(k => s.Values[$"task {k + 1}"])])));
            watch?.Invoke([.. epochs]);
        }
        using (var log = MetricsLog.Read(Path.Combine(FirstFolder(split, seed), RunFolder.MetricsName)))
        {
            Watch(0, SluBoundary.Curves(log, 1, Settings.Training.Epochs(0, split.Tasks)));
        }
        for (var task = 1; task < split.Tasks; task++)
        {
            var at = TaskFolder(folder, task);
            if (arm.Memory != SluMemory.None)
            {
                var last = tasks.Of(train.Scenarios, task - 1);
                var seen = tasks.Tasks.Take(task).Sum(t => t.Count);
                memory = memory.After(last, i => train.Scenarios[i], rehearsal.Quota(train.Count, tasks.Classes.Count, seen), arm.Selection,
                    arm.Selection == MemorySelection.Random ? null : SluBoundary.MeanFrames(model, train, last), seed, i => train.Data.Recordings[i].File);
            }
            using var teacher = arm.Taught ? SluTeacher.Of(Path.Combine(at, "teacher"), model, train, memory.Samples, arm, Settings.Teacher, Settings.TopK) : null;
            if (teacher is not null && double.IsFinite(teacher.ExactMatch))
            {
                exact.Add(teacher.ExactMatch);
            }
            var live = new List<(double, IReadOnlyDictionary<string, double>)>();
            var (now, all) = (task, Settings.Training.Epochs(task, split.Tasks));
            var result = learner.Learn(task, split.Tasks, tasks.Of(train.Scenarios, task), memory.Samples, arm, teacher, seed, () =>
            {
                var known = SluBoundary.Known(model, Data.Validation, tasks, now);
                if (live.Count < all)
                {
                    live.Add((live.Count + 1, known));
                    Watch(now, live);
                }
                return known;
            }, Path.Combine(at, "run"), progress, cancel);
            Watch(task, SluBoundary.Curves(result.Log, task + 1, all));
            predictions.Add(Tested(model, tasks, task, at, cancel));
        }
        return new SluRun(split, arm, seed, predictions, epochs, exact);
    }

    private IReadOnlyList<SluPrediction> Tested(SpokenLanguageModel model, TaskSplit tasks, int task, string folder, CancellationToken cancel)
    {
        var path = Path.Combine(folder, PredictionsFile);
        if (File.Exists(path))
        {
            return SluTest.Load(path);
        }
        var predictions = SluTest.Decode(model, Data.Test, tasks.Seen(Data.Test.Scenarios, task), Settings.Test, cancel);
        Directory.CreateDirectory(folder);
        SluTest.Save(path, predictions);
        return predictions;
    }

    private (SpokenLanguageModel Model, Generator Generator) Fresh(long seed)
    {
        var (model, generator) = Empty(seed);
        using var scope = NewDisposeScope();
        StateDict.Into(model.Encoder, SafeTensors.Load(Path.Combine(HearingFolder, EncoderFile)));
        return (model, generator);
    }

    private (SpokenLanguageModel Model, Generator Generator) Load(long seed, string folder)
    {
        var (model, generator) = Empty(seed);
        using var scope = NewDisposeScope();
        StateDict.Into(model, SafeTensors.Load(Path.Combine(folder, RunFolder.ModelName)));
        model.eval();
        return (model, generator);
    }

    private (SpokenLanguageModel Model, Generator Generator) Empty(long seed)
    {
        var generator = new Generator((ulong)seed);
        var encoder = new LogMelEncoder(Settings.Encoder, seed, generator) { FrozenNorms = true };
        var decoder = new TokenDecoder(Settings.Decoder with { Vocabulary = Data.Tokenizer.Count }, seed, generator);
        return (new SpokenLanguageModel(encoder, decoder, 0, seed), generator);
    }

    // Sums depend on the number of cores that share them: what is not an arm runs on one, too.
    private static Both OneCore() => new(Retort.Torch.Threads.RunWith(1), Retort.Torch.Threads.OneBlasThread());

    private sealed record Both(IDisposable First, IDisposable Second) : IDisposable
    {
        public void Dispose()
        {
            Second.Dispose();
            First.Dispose();
        }
    }
}
