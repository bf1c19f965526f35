// The paper's own experiment, for the user's SLURP download, wav2vec 2.0 weights and GPU. Learning, teaching and testing are
// those of the made experiment (SluLearner, SluTeacher, SluTest); what differs is data, encoder and sizes.

using System.Text.Json;
using Retort.Data;
using Retort.Layers;
using Retort.Models;
using Retort.Plots;
using Retort.Text;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>
/// Class-incremental learning of recorded commands with wav2vec 2.0. Everything is kept in a folder: a run that was stopped goes on
/// where it was, one that has ended is read. A task of the published size leaves 0.6 GB of weights.
/// </summary>
public sealed class SluPaper
{
    /// <summary>Raised when a change of the code changes results.</summary>
    public const string CodeVersion = "slu-paper/1";

    private const string PredictionsFile = "test.jsonl";
    private static readonly JsonSerializerOptions json = new(SettingsJson.Indented) { Converters = { new SpokenLanguageFile.Convolution() } };
    private readonly string? checkpoint;
    private readonly Device device;

    /// <param name="train">training recordings of all tasks</param>
    /// <param name="validation">what is watched; SLURP's devel</param>
    /// <param name="test">what is reported</param>
    /// <param name="folder">where everything is kept; one folder for one setting of everything but splits, arms and seeds</param>
    /// <param name="settings">null for the paper's</param>
    /// <param name="checkpoint">a file of wav2vec 2.0 weights (<see cref="Wav2Vec2Checkpoint"/>), such as wav2vec2-base-960h; null for random ones, with which little is learned</param>
    /// <param name="tokenizer">null trains one on the training targets</param>
    /// <param name="device">where models are; null for the CPU</param>
    /// <exception cref="ArgumentException">The settings do not fit one another.</exception>
    /// <exception cref="BadInputException">The recordings do not make tasks, a file cannot be used, or the folder is another experiment's.</exception>
    public SluPaper(SpokenData train, SpokenData validation, SpokenData test, string folder, SluPaperSettings? settings = null,
        string? checkpoint = null, Tokenizer? tokenizer = null, Device? device = null)
    {
        Settings = settings ?? new SluPaperSettings();
        (this.checkpoint, this.device, Folder) = (checkpoint, device ?? CPU, Path.GetFullPath(folder));
        CheckSettings();
        CheckTasks(train, validation, test);
        Tokenizer = tokenizer ?? BpeTokenizer.Train(train.Recordings.Select(r => r.Target(Settings.Entities)), new BpeSettings { VocabularySize = Settings.Vocabulary });
        KeepSettings(train, validation, test);
        var ears = Encoder(new Generator(0));
        ears.to(this.device);
        ears.eval();
        SluPart Part(SpokenData data, string name) => new(data, Tokenizer, ears, Settings.Features == SluFeatures.Memory, r => r.Target(Settings.Entities), this.device,
            Settings.Features == SluFeatures.Disk ? Path.Combine(Folder, "features", name) : null, Settings.LengthMasks);
        (Train, Validation, Test) = (Part(train, "train"), Part(validation, "validation"), Part(test, "test"));
        var longest = Train.Tokens.Max(t => t.Length) + 1;
        if (longest > Settings.Decoder.MaxLength)
        {
            throw new ArgumentException($"a target of {longest} tokens is longer than the decoder's {Settings.Decoder.MaxLength} positions", nameof(settings));
        }
    }

    /// <summary>Everything that decides the numbers but data and checkpoint.</summary>
    public SluPaperSettings Settings { get; }

    /// <summary>Where everything is kept.</summary>
    public string Folder { get; }

    /// <summary>Makes tokens of target strings.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Training recordings of all tasks.</summary>
    public SluPart Train { get; }

    /// <summary>What is watched.</summary>
    public SluPart Validation { get; }

    /// <summary>What is reported.</summary>
    public SluPart Test { get; }

    /// <summary>The experiment on SLURP as published: real and synthetic recordings unless told otherwise, at most 7 s and 130 characters.</summary>
    /// <param name="text">the folder of the jsonl files</param>
    /// <param name="audio">the folder that holds slurp_real and slurp_synth</param>
    /// <param name="folder">where everything is kept</param>
    /// <param name="settings">null for the paper's</param>
    /// <param name="checkpoint">a file of wav2vec 2.0 weights</param>
    /// <param name="slurp">what of SLURP is used; <see cref="SlurpSettings.TrainReal"/> leaves out the synthetic recordings, whose text test and devel share</param>
    /// <param name="device">where models are; null for the CPU</param>
    /// <exception cref="BadInputException">Something cannot be used; <see cref="SlurpData.Check"/> lists everything.</exception>
    public static SluPaper Slurp(string text, string audio, string folder, SluPaperSettings? settings = null, string? checkpoint = null, SlurpSettings? slurp = null, Device? device = null)
    {
        SlurpData Open(SlurpPart part) => SlurpData.Open(text, audio, part, slurp);
        return new SluPaper(Open(SlurpPart.Train), Open(SlurpPart.Development), Open(SlurpPart.Test), folder, settings, checkpoint, device: device);
    }

    /// <summary>The same of the authors' csv files.</summary>
    /// <param name="train">the csv of training recordings</param>
    /// <param name="validation">the csv of validation recordings</param>
    /// <param name="test">the csv of test recordings</param>
    /// <param name="audio">the folder that holds slurp_real and slurp_synth</param>
    /// <param name="folder">where everything is kept</param>
    /// <param name="settings">null for the paper's</param>
    /// <param name="checkpoint">a file of wav2vec 2.0 weights</param>
    /// <param name="slurp">what of SLURP is used</param>
    /// <param name="device">where models are; null for the CPU</param>
    /// <exception cref="BadInputException">Something cannot be used; <see cref="SlurpData.Check"/> lists everything.</exception>
    public static SluPaper Csv(string train, string validation, string test, string audio, string folder, SluPaperSettings? settings = null,
        string? checkpoint = null, SlurpSettings? slurp = null, Device? device = null)
    {
        SlurpData Open(string csv) => SlurpData.OpenCsv(csv, audio, slurp);
        return new SluPaper(Open(train), Open(validation), Open(test), folder, settings, checkpoint, device: device);
    }

    /// <summary>The scenarios of each task of a split.</summary>
    public TaskSplit Tasks(SluSplit split) => Tasks(split, Train.Scenarios);

    /// <summary>
    /// One arm for one seed. The first task is learned once for all arms of a split and seed. For the upper bound give
    /// <see cref="SluExperiment.Offline"/> and <see cref="SluArms.Offline"/>.
    /// </summary>
    /// <param name="split">the split</param>
    /// <param name="arm">the arm</param>
    /// <param name="seed">the seed: the decoder's start, order, dropout, random memories. The encoder's start is the checkpoint.</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    public SluRun Run(SluSplit split, SluArm arm, long seed, RunProgress? progress = null, CancellationToken cancel = default)
    {
        var tasks = Tasks(split);
        var (model, generator) = Fresh(seed);
        using var own = model;
        var learner = new SluLearner(model, generator, Train, Settings.Training);
        var rehearsal = new RehearsalSettings
        {
            Fraction = arm.Memory == SluMemory.Large ? Settings.LargeMemory : Settings.SmallMemory,
            Selection = arm.Selection,
            FixedQuota = Settings.FixedQuota,
        };
        var memory = RehearsalMemory.Empty;
        var (predictions, epochs, exact) = (new List<IReadOnlyList<SluPrediction>>(), new List<SluEpoch>(), new List<double>());
        for (var task = 0; task < split.Tasks; task++)
        {
            var at = TaskFolder(split, arm, seed, task);
            if (task > 0 && arm.Memory != SluMemory.None)
            {
                var last = tasks.Of(Train.Scenarios, task - 1);
                var seen = tasks.Seen(Train.Scenarios, task - 1).Select(QuotaOf).Distinct().Count();
                var quota = rehearsal.Quota(Train.Count, Enumerable.Range(0, Train.Count).Select(QuotaOf).Distinct().Count(), seen);
                if (quota < 1)
                {
                    throw new BadInputException("training recordings", "", FormattableString.Invariant(
                        $"a memory of {rehearsal.Size(Train.Count)} of the {Train.Count} has no place for each {(Settings.QuotaByIntent ? "intent" : "scenario")}; raise {nameof(SluPaperSettings.SmallMemory)}"));
                }
                memory = memory.After(last, QuotaOf, quota, arm.Selection,
                    arm.Selection == MemorySelection.Random ? null : SluBoundary.MeanFrames(model, Train, last), seed, i => Train.Data.Recordings[i].File);
            }
            using var teacher = task > 0 && arm.Taught && memory.Samples.Length > 0
                ? SluTeacher.Of(Path.Combine(at, "teacher"), model, Train, memory.Samples, arm, Symbols(Settings.Teacher), Settings.TopK) : null;
            if (teacher is not null && double.IsFinite(teacher.ExactMatch))
            {
                exact.Add(teacher.ExactMatch);
            }
            var now = task;
            var result = learner.Learn(task, split.Tasks, tasks.Of(Train.Scenarios, task), memory.Samples, task == 0 ? SluArms.FineTune : arm, teacher, seed,
                Settings.Watch ? () => SluBoundary.Known(model, Validation, tasks, now) : null, Path.Combine(at, "run"), progress, cancel);
            RemoveCheckpoints(Path.Combine(at, "run"));
            if (Settings.Watch)
            {
                epochs.AddRange(SluBoundary.Curves(result.Log, task + 1, Settings.Training.Epochs(task, split.Tasks))
                    .Select(e => new SluEpoch(now, e.Epoch, [.. Enumerable.Range(0, now + 1).Select(k => e.Values[$"task {k + 1}"])])));
            }
            predictions.Add(Tested(model, tasks, task, Path.Combine(at, PredictionsFile), cancel));
        }
        return new SluRun(split, arm, seed, predictions, epochs, exact);
    }

    /// <summary>The upper bound and every arm of every split, for each seed, one after the other. Shorter: <see cref="Run"/>.</summary>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    public IReadOnlyList<SluRun> RunAll(Progress? progress = null, CancellationToken cancel = default)
    {
        var runs = new List<SluRun>();
        foreach (var (split, arm) in Settings.Splits.SelectMany(split => Settings.Arms.Select(arm => (split, arm))).Prepend((SluExperiment.Offline, SluArms.Offline)))
        {
            foreach (var seed in Settings.Seeds)
            {
                var run = progress?.Run($"{SluExperiment.NameOf(split, arm)}, seed {seed}");
                run?.Begin();
                runs.Add(Run(split, arm, seed, run, cancel));
                run?.Done();
            }
        }
        return runs;
    }

    /// <summary>What a run got right, test recording by test recording.</summary>
    public SluItems Items(SluRun run)
    {
        var tasks = Tasks(run.Split);
        return new SluItems(Test.Data, [.. Test.Scenarios.Select(tasks.TaskOf)], run.Predictions);
    }

    /// <summary>One row a split and arm: means over its runs in the columns of the paper's table, and the paper's beside them. In percent.</summary>
    public Table Table(IEnumerable<SluRun> runs)
    {
        string[] numbers = ["avg acc", "paper's", "last acc", "paper's last", "avg WER", "paper's WER", "avg SLU-F1", "last SLU-F1", "paper's SLU-F1"];
        var table = numbers.Aggregate(new Table(["split", "arm", "runs", .. numbers]), (t, column) => t.WithFormat(column, "F1"));
        foreach (var group in runs.GroupBy(r => (r.Split, r.Arm.Name)))
        {
            var items = group.Select(Items).ToArray();
            double Mean(SluMeasure measure) => items.Average(i => i.Measure(measure));
            var first = group.First();
            var published = SluPublished.Of(first.Split.Tasks == 1 ? new SluSplit(3) : first.Split, first.Arm);
            table = table.WithRow(first.Split.Name, first.Arm.Name, items.Length, Mean(SluMeasure.AverageAccuracy), published?.AverageAccuracy, Mean(SluMeasure.LastAccuracy), published?.LastAccuracy,
                Mean(SluMeasure.AverageWer), published?.AverageWer, Mean(SluMeasure.AverageSluF1), Mean(SluMeasure.LastSluF1), published?.SluF1);
        }
        return table;
    }

    /// <summary>The parser that a run has come to after a task.</summary>
    /// <param name="split">the split</param>
    /// <param name="arm">the arm</param>
    /// <param name="seed">the seed</param>
    /// <param name="task">the task, from 0</param>
    /// <exception cref="BadInputException">It has not been trained in this folder.</exception>
    public SpokenLanguageParser Parser(SluSplit split, SluArm arm, long seed, int task)
    {
        var path = Path.Combine(TaskFolder(split, arm, seed, task), "run", RunFolder.ModelName);
        using var scope = NewDisposeScope();
        var weights = SafeTensors.Load(path);
        var (model, _) = Fresh(seed);
        Weights.Load(model, weights, strict: true, path);
        return new SpokenLanguageParser(model, Tokenizer, Settings.Test);
    }

    /// <summary>The predictions of the test after a task of a run, a file for SLURP's official scorer.</summary>
    public string Predictions(SluSplit split, SluArm arm, long seed, int task) => Path.Combine(TaskFolder(split, arm, seed, task), PredictionsFile);

    private TaskSplit Tasks(SluSplit split, IReadOnlyList<string> scenarios) => Settings.Order is { } order ? TaskSplit.Even(order, split.Tasks) : split.Of(scenarios);

    private string QuotaOf(int i) => Settings.QuotaByIntent ? Train.Data.Recordings[i].Meaning.Intent : Train.Scenarios[i];

    // All arms share the first task.
    private string TaskFolder(SluSplit split, SluArm arm, long seed, int task) => task == 0
        ? Path.Combine(Folder, "first", $"{split.Tasks}-{split.Order}-seed{seed}")
        : Path.Combine(Folder, "arms", $"{split.Tasks}-{split.Order}-{string.Concat(arm.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'))}-{SettingsJson.Hash(SettingsJson.Write(arm, SettingsJson.Line))[..8]}-seed{seed}", $"task-{task + 1}");

    private IReadOnlyList<SluPrediction> Tested(SpokenLanguageModel model, TaskSplit tasks, int task, string path, CancellationToken cancel)
    {
        if (!File.Exists(path))
        {
            SluTest.Save(path, SluTest.Decode(model, Test, tasks.Seen(Test.Scenarios, task), Symbols(Settings.Test), cancel));
        }
        return SluTest.Load(path);
    }

    // A run that has ended needs its last weights alone; checkpoints hold those and the optimizer's twice.
    private static void RemoveCheckpoints(string run)
    {
        foreach (var name in new[] { "checkpoints", "best" })
        {
            if (Directory.Exists(Path.Combine(run, name)))
            {
                Directory.Delete(Path.Combine(run, name), recursive: true);
            }
        }
    }

    private Decoding.DecodingSettings Symbols(Decoding.DecodingSettings decoding) => decoding with { Start = Tokenizer.StartId, End = Tokenizer.EndId };

    private Wav2Vec2 Encoder(Generator generator)
    {
        var encoder = new Wav2Vec2(Settings.Encoder, 0, generator);
        if (checkpoint is not null)
        {
            Wav2Vec2Checkpoint.Load(encoder, checkpoint);
        }
        return encoder;
    }

    private (SpokenLanguageModel Model, Generator Generator) Fresh(long seed)
    {
        var generator = new Generator((ulong)seed);
        var decoder = new TokenDecoder(Settings.Decoder with { Vocabulary = Tokenizer.Count }, seed, generator);
        var model = new SpokenLanguageModel(Encoder(generator), decoder, 0, seed) { LengthMasks = Settings.LengthMasks };
        model.to(device);
        return (model, generator);
    }

    private void CheckSettings()
    {
        if (!Settings.Encoder.FreezeConvolutions)
        {
            throw new ArgumentException("the recipe trains no convolutions, as published: their features are given to the model");
        }
        if (Settings.Training.Masks is not null && Settings.Features == SluFeatures.Anew)
        {
            throw new ArgumentException($"masks are laid on kept features; set {nameof(SluPaperSettings.Features)} to {SluFeatures.Memory} or {SluFeatures.Disk}");
        }
        if (Settings.Features != SluFeatures.Anew && (!Settings.LengthMasks || Settings.Encoder.NormOverPadding))
        {
            throw new ArgumentException("without length masks, or with norms over the padding, features depend on their batch and cannot be kept");
        }
    }

    private void CheckTasks(SpokenData train, SpokenData validation, SpokenData test)
    {
        if (train.Count == 0)
        {
            throw new BadInputException("training recordings", "", "there are none");
        }
        var order = ClassOrder.Alphabetical(train.Scenarios);
        if (Settings.Order is { } given && !given.Order(StringComparer.Ordinal).SequenceEqual(order))
        {
            throw new BadInputException("training recordings", "", $"their scenarios are {string.Join(", ", order)}; the order given has {string.Join(", ", given)}");
        }
        foreach (var split in Settings.Splits)
        {
            if (split.Tasks < 1 || order.Count % split.Tasks != 0)
            {
                throw new BadInputException("training recordings", "", $"their {order.Count} scenarios cannot be shared out evenly to {split.Tasks} tasks");
            }
            var tasks = Tasks(split, train.Scenarios);
            foreach (var (data, name) in new[] { (validation, "validation recordings"), (test, "test recordings") })
            {
                var scenarios = data.Scenarios;
                if (scenarios.Except(order).FirstOrDefault() is { } unknown)
                {
                    throw new BadInputException(name, "", $"have the scenario \"{unknown}\", of which nothing is in the training recordings");
                }
                var empty = Enumerable.Range(0, split.Tasks).Where(task => tasks.Of(scenarios, task).Length == 0).ToArray();
                if (empty.Length > 0)
                {
                    throw new BadInputException(name, "", $"have none of task {empty[0] + 1} of {split.Tasks} ({string.Join(", ", tasks.Tasks[empty[0]])})");
                }
            }
        }
    }

    // Splits, arms and seeds have folders of their own.
    private void KeepSettings(SpokenData train, SpokenData validation, SpokenData test)
    {
        var path = Path.Combine(Folder, "experiment.json");
        var text = JsonSerializer.Serialize(new
        {
            CodeVersion,
            Settings = Settings with { Splits = [], Arms = [], Seeds = [], Features = default },
            Train = train.Hash,
            Validation = validation.Hash,
            Test = test.Hash,
            Tokenizer = SettingsJson.Hash([.. Tokenizer.Tokens]),
            Checkpoint = checkpoint is null ? "" : SpokenLanguageFile.HashOf(checkpoint),
        }, json);
        if (!File.Exists(path))
        {
            AtomicFile.WriteText(path, text);
            return;
        }
        string? difference;
        try
        {
            difference = SettingsJson.Difference(File.ReadAllText(path), text);
        }
        catch (JsonException e)
        {
            throw new BadInputException(path, $"line {e.LineNumber + 1}", "is not the JSON that was written here", e);
        }
        if (difference is not null)
        {
            throw new BadInputException(path, "", $"the experiment in this folder is another: {difference}; use another folder, or remove this one");
        }
    }
}
