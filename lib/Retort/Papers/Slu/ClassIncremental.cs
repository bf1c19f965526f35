// Learning scenarios task by task (Cappellazzo et al., Interspeech 2023). In each task its utterances and the memory's are
// shuffled into one another; an arm's loss says what is done with them. After each task the test utterances of all tasks
// so far are decoded. Each task is a run of its own, kept and resumed.

using System.Collections.Concurrent;
using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Randomness;
using Retort.Text;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>The class-incremental loop. Synthetic speech and SLURP, the notebook and the paper's recipe go through it alike.</summary>
public static class ClassIncremental
{
    internal const string PredictionsFile = "test.jsonl";
    private static readonly ConcurrentDictionary<string, object> firstTasks = new();

    /// <summary>
    /// Learns all tasks of an arm for one seed. The first task is learned once for all arms of a split and seed, and kept; a run that
    /// was stopped goes on where it was.
    /// </summary>
    /// <param name="setup">utterances, model, training</param>
    /// <param name="arm">loss and memory</param>
    /// <param name="run">seed, folder, progress</param>
    /// <returns>per test utterance what <see cref="SluScores"/> reads, validation curves ("task 1" and so on), and the numbers named there</returns>
    public static ArmOutcome Run(SluSetup setup, SluArm arm, ArmContext run)
    {
        var folder = run.Folder ?? throw new ArgumentException("class-incremental runs keep their tasks in a folder", nameof(run));
        var (train, seed) = (setup.Train, run.Seed);
        var split = setup.Tasks(arm.Split);
        var tasks = split.Tasks.Count;
        using var model = setup.Model(seed);
        var memory = new SluMemory(setup, arm, split, seed);
        var (predictions, exact, copies) = (new List<IReadOnlyList<SlurpPrediction>>(), new List<double>(), new Dictionary<string, int>());
        var curve = new List<(double Step, double[] Accuracy)>();
        double steps = 0;
        for (var task = 0; task < tasks; task++)
        {
            var utterances = memory.TrainedOn(task);
            if (task == 0)
            {
                var first = FirstFolder(setup, arm, seed);
                lock (firstTasks.GetOrAdd(first, _ => new object()))
                {
                    Learn(setup, model, 0, tasks, utterances, SluMemory.Nothing, setup.FirstLoss, null, seed, split, first, run);
                    predictions.Add(Tested(setup, model, split, 0, first, run.Cancel));
                }
                AddCurve(first, 0);
                continue;
            }
            var at = Path.Combine(folder, $"task-{task + 1}");
            var replay = memory.After(model, task - 1);
            using var old = replay.Utterances.Length == 0 ? null : new OldModel(model, setup, arm, seed, replay.Utterances, utterances, Path.Combine(at, "old-model"));
            Learn(setup, model, task, tasks, utterances, replay, arm.Loss, old, seed, split, at, run);
            if (old?.ExactMatch is { } share)
            {
                exact.Add(share);
            }
            foreach (var i in replay.Utterances)
            {
                var intent = train.Data.Recordings[i].Meaning.Intent;
                copies[intent] = task < tasks - 1 ? 0 : copies.GetValueOrDefault(intent) + 1;
            }
            predictions.Add(Tested(setup, model, split, task, at, run.Cancel));
            AddCurve(at, task);
        }
        var outputs = SluScores.Outputs(setup.Test.Data, [.. setup.Test.Scenarios.Select(split.TaskOf)], predictions, copies);
        var scores = new SluScores(name => outputs[name]);
        var values = scores.Values();
        for (var task = 0; task < tasks; task++)
        {
            values[$"validation, new task {task + 1}"] = 100 * curve.Where(c => c.Accuracy.Length == task + 1).Select(c => c.Accuracy[task]).LastOrDefault(double.NaN);
            values[$"validation, task {task + 1} at the end"] = 100 * curve[^1].Accuracy[task];
        }
        if (exact.Count > 0)
        {
            values["exact match"] = 100 * exact.Average();
        }
        return new ArmOutcome(values, Enumerable.Range(0, tasks).ToDictionary(k => $"task {k + 1}", k =>
            new Curve([.. curve.Where(c => c.Accuracy.Length > k).Select(c => c.Step)], [.. curve.Where(c => c.Accuracy.Length > k).Select(c => 100 * c.Accuracy[k])])), outputs);

        void AddCurve(string of, int task)
        {
            using var log = MetricsLog.Read(Path.Combine(of, RunFolder.MetricsName));
            var series = Enumerable.Range(0, task + 1).Select(k => log.Series($"task {k + 1}")).ToArray();
            for (var e = 0; e < series[0].Values.Length; e++)
            {
                curve.Add((steps + series[0].Steps[e], [.. series.Select(s => s.Values[e])]));
            }
            steps += series[0].Steps.LastOrDefault();
        }
    }

    /// <summary>The first task, or everything at once, without what comes after: what arms go on from. Made here so that all cores have work.</summary>
    /// <param name="setup">utterances, model, training</param>
    /// <param name="arm">its split and <see cref="SluArm.HeldOut"/> decide</param>
    /// <param name="run">seed, progress</param>
    public static ArmOutcome First(SluSetup setup, SluArm arm, ArmContext run)
    {
        var (split, first) = (setup.Tasks(arm.Split), FirstFolder(setup, arm, run.Seed));
        using var model = setup.Model(run.Seed);
        lock (firstTasks.GetOrAdd(first, _ => new object()))
        {
            var result = Learn(setup, model, 0, split.Tasks.Count, new SluMemory(setup, arm, split, run.Seed).TrainedOn(0), SluMemory.Nothing, setup.FirstLoss, null, run.Seed, split, first, run);
            Tested(setup, model, split, 0, first, run.Cancel);
            var validation = 100 * result.Values["validation accuracy"];
            return new ArmOutcome(new Dictionary<string, double> { ["validation"] = validation }, null, new Dictionary<string, float[]> { ["validation"] = [(float)validation] });
        }
    }

    /// <summary>A batch to look at: utterances of the current task and of the memory, and a model that stands for the old one.</summary>
    /// <param name="setup">utterances, model, training</param>
    /// <param name="old">the old model, as it is now</param>
    /// <param name="current">training utterances of the current task</param>
    /// <param name="replayed">training utterances of the memory</param>
    /// <param name="masks">masks on the features; null for none</param>
    public static SluBatch Batch(SluSetup setup, SpokenLanguageModel old, IReadOnlyList<int> current, IReadOnlyList<int> replayed, FrameMasks? masks = null)
    {
        int[] utterances = [.. current, .. replayed];
        var (features, frames) = setup.Train.Features(utterances, masks, id => RandomStream.Of(0, "masks", id));
        var gold = TokenRows.Of([.. utterances.Select(i => setup.Train.Tokens[i])], setup.Train.Tokenizer, features.device, setup.Training.CountPadding);
        var folder = Directory.CreateTempSubdirectory("retort-batch-").FullName;
        var model = new OldModel(old, setup, new SluArm("", SluLosses.CrossEntropy), 0, [.. replayed], [.. current], folder);
        model.PrepareAll();
        Directory.Delete(folder, recursive: true);
        return new SluBatch(setup.Train, utterances, [.. Enumerable.Range(current.Count, replayed.Count)], features, old.LengthMasks ? frames : null, gold, model);
    }

    /// <summary>The model that an arm has come to after a task.</summary>
    /// <param name="setup">the set-up of the run</param>
    /// <param name="arm">the arm</param>
    /// <param name="seed">the seed</param>
    /// <param name="folder">the run's folder</param>
    /// <param name="task">the task, from 0; null for the last</param>
    /// <exception cref="BadInputException">It has not been trained there.</exception>
    public static SpokenLanguageModel ModelAfter(SluSetup setup, SluArm arm, long seed, string folder, int? task = null)
    {
        var last = task ?? setup.Tasks(arm.Split).Tasks.Count - 1;
        var at = last == 0 ? FirstFolder(setup, arm, seed) : Path.Combine(folder, $"task-{last + 1}");
        var path = Path.Combine(at, RunFolder.ModelName);
        var model = setup.Model(seed);
        using var scope = NewDisposeScope();
        Torch.Weights.Load(model, Torch.SafeTensors.Load(path), strict: true, path);
        model.eval();
        return model;
    }

    /// <summary>
    /// How well an arm learns each later task, whatever it forgets: intent accuracy on that task's validation utterances right after learning
    /// it, beside that of a model of all data at once on the same utterances; means over the seeds that both have.
    /// </summary>
    /// <param name="setup">the set-up of both arms</param>
    /// <param name="report">has both</param>
    /// <param name="arm">an arm that learns task by task</param>
    /// <param name="offline">one that learns everything at once</param>
    public static IReadOnlyList<SluLearned> Learned(SluSetup setup, AblationReport report, SluArm arm, SluArm offline)
    {
        var tasks = setup.Tasks(arm.Split);
        var seeds = report.SeedsOf(arm.Name, offline.Name);
        var bounds = new double[seeds.Count][];
        using var blas = Torch.Threads.OneBlasThread();
        AllCores.For(bounds.Length, s =>
        {
            using var one = Torch.Threads.RunWith(1);
            using var model = ModelAfter(setup, offline, seeds[s], report.FolderOf(offline.Name, seeds[s]));
            using var precision = TrainLoop.Precision(model, setup.Training.Mixed);
            bounds[s] = [.. Enumerable.Range(0, tasks.Tasks.Count).Select(task => SpeechDecoding.IntentAccuracy(model, setup.Validation, tasks.Of(setup.Validation.Scenarios, task)))];
        });
        return [.. Enumerable.Range(1, tasks.Tasks.Count - 1).Select(task =>
            new SluLearned(task + 1, report.SeedsOf(arm.Name).Zip(report.Of(arm.Name, $"validation, new task {task + 1}")).Where(x => seeds.Contains(x.First)).Average(x => x.Second), 100 * bounds.Average(b => b[task])))];
    }

    private static string FirstFolder(SluSetup setup, SluArm arm, long seed)
    {
        var held = arm.HeldOut ? $"-held-{arm.Memory}-{arm.ByIntent}" : "";
        var name = $"{arm.Split.Tasks}-{arm.Split.Order}-{arm.Split.OrderSeed}{held}-seed{seed}";
        return Path.Combine(setup.Folder is { } folder ? Path.Combine(folder, $"first-{setup.ResultKey[..12]}") : Experiment.Folder("slu-first", setup), name);
    }

    private static TrainResult Learn(SluSetup setup, SpokenLanguageModel model, int task, int tasks, int[] utterances, SluReplay replay, Func<SpokenLanguageModel, SluBatch, Tensor> loss,
        OldModel? old, long seed, TaskSplit split, string folder, ArmContext context)
    {
        var (train, training) = (setup.Train, setup.Training);
        int[] rows = [.. utterances, .. replay.Places];
        var run = seed * 100 + task;  // every task draws anew
        var batches = new LengthBatches([.. rows.Select(i => train.Lengths[i])], training.Batch, run, training.LengthWindow);
        var steps = training.Steps(task, tasks, batches.PerEpoch);
        SluBatch Batch(IReadOnlyList<int> places, FrameMasks? masks, long epoch)
        {
            int[] of = [.. places.Select(p => rows[p])];
            int[] replayed = [.. Enumerable.Range(0, of.Length).Where(b => places[b] >= utterances.Length)];
            var (features, frames) = train.Features(of, masks, id => RandomStream.Of(run, "masks", id, epoch));
            var gold = TokenRows.Of([.. of.Select((i, b) => places[b] >= utterances.Length ? replay.Gold(i) : train.Tokens[i])], train.Tokenizer, features.device, training.CountPadding);
            return new SluBatch(train, of, replayed, features, model.LengthMasks ? frames : null, gold, old);
        }
        if (old is not null)
        {
            // What the loss reads of the old model is made now, while the model is still that one.
            using var scope = NewDisposeScope();
            using var none = no_grad();
            model.eval();
            loss(model, Batch([0, utterances.Length], null, 0));
            old.TrainingBegins();
        }
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => batches.Batch(step).Samples,
            Rate = training.Rate(task, steps),
            Step = step => loss(model, Batch(step.Batch, training.Masks, batches.Batch(step.Step).Epoch)),
            Evaluate = () => Validated(setup, model, split, task),
            Generators = [.. model.Generators],
            RateFactor = name => name.StartsWith("encoder.", StringComparison.Ordinal) ? training.EncoderRate : 1,
            Settings = new { Task = task, Tasks = tasks, Training = training, Data = train.Key, Utterances = SettingsJson.Hash(string.Join(",", rows), $"{utterances.Length}") },
        }, new TrainSettings
        {
            Seed = run,
            Steps = steps,
            Adam = training.Adam,
            ClipNorm = training.ClipNorm,
            Mixed = training.Mixed,
            EvaluateEvery = Math.Max(steps / Math.Max(training.Evaluations, 1), 1),
            BestBy = "validation accuracy",
            KeepBest = 1,
            Patience = 0,
            Final = FinalWeights.Last,
            LogEvery = Math.Max(steps / 20, 1),
        }, folder, context.Progress, context.Cancel);
        // A run that has ended needs its last weights alone; checkpoints hold those and the optimizer's twice.
        foreach (var name in new[] { "checkpoints", "best" }.Select(n => Path.Combine(folder, n)).Where(Directory.Exists))
        {
            Directory.Delete(name, recursive: true);
        }
        return result;
    }

    // Intent accuracy on the validation utterances of each task seen, and on all of them.
    private static Dictionary<string, double> Validated(SluSetup setup, SpokenLanguageModel model, TaskSplit tasks, int task)
    {
        var (known, right, all) = (new Dictionary<string, double>(), 0.0, 0);
        for (var k = 0; k <= task; k++)
        {
            var rows = tasks.Of(setup.Validation.Scenarios, k);
            var accuracy = SpeechDecoding.IntentAccuracy(model, setup.Validation, rows);
            known[$"task {k + 1}"] = accuracy;
            (right, all) = (right + accuracy * rows.Length, all + rows.Length);
        }
        known["validation accuracy"] = right / all;
        return known;
    }

    private static IReadOnlyList<SlurpPrediction> Tested(SluSetup setup, SpokenLanguageModel model, TaskSplit tasks, int task, string folder, CancellationToken cancel)
    {
        var path = Path.Combine(folder, PredictionsFile);
        if (!File.Exists(path))
        {
            using var precision = TrainLoop.Precision(model, setup.Training.Mixed);
            SlurpPrediction.Save(path, SpeechDecoding.Decode(model, setup.Test, tasks.Seen(setup.Test.Scenarios, task), setup.Symbols(setup.Decoding), cancel));
        }
        return SlurpPrediction.Load(path);
    }
}

/// <summary>How well a later task was learned (<see cref="ClassIncremental.Learned"/>), in percent.</summary>
/// <param name="Task">the task, from 1</param>
/// <param name="Right">accuracy right after it</param>
/// <param name="Bound">the same of a model that has learned everything at once</param>
public sealed record SluLearned(int Task, double Right, double Bound)
{
    /// <summary>Its share of the bound, which <see cref="SluSettings.Rule"/> is about.</summary>
    public double Share => Right / Bound;
}

/// <summary>What is replayed in a task.</summary>
/// <param name="Utterances">utterances of the memory, each once</param>
/// <param name="Places">the same as often as an epoch has them</param>
/// <param name="Gold">the tokens that are taken for an utterance's gold string</param>
internal sealed record SluReplay(int[] Utterances, int[] Places, Func<int, IReadOnlyList<int>> Gold);

/// <summary>An arm's rehearsal memory as it grows, and what its tasks are trained on.</summary>
internal sealed class SluMemory(SluSetup setup, SluArm arm, TaskSplit split, long seed)
{
    private readonly SpeechDataset train = setup.Train;
    private RehearsalMemory memory = RehearsalMemory.Empty;

    public static SluReplay Nothing { get; } = new([], [], _ => []);

    /// <summary>The training utterances of a task: all of it, or all but those that are kept for the memory.</summary>
    public int[] TrainedOn(int task)
    {
        var all = split.Of(train.Scenarios, task);
        return arm.HeldOut && split.Tasks.Count > 1 ? [.. all.Except(Chosen(RehearsalMemory.Empty, all, MemorySelection.Random, null).Samples)] : all;
    }

    /// <summary>What is replayed in the task after the one given, whose model is given.</summary>
    public SluReplay After(SpokenLanguageModel model, int task)
    {
        if (arm.Memory == 0)
        {
            return Nothing;
        }
        var last = split.Of(train.Scenarios, task);
        var selection = arm.HeldOut ? MemorySelection.Random : arm.Selection;
        memory = Chosen(memory, last, selection, selection == MemorySelection.Random ? null : MeanFrames(model, last));
        var utterances = memory.Samples;
        var wrong = WrongStrings(utterances);
        return new SluReplay(utterances, [.. Enumerable.Repeat(utterances, arm.Oversample).SelectMany(u => u)], i => wrong.TryGetValue(i, out var other) ? train.Tokens[other] : train.Tokens[i]);
    }

    private RehearsalMemory Chosen(RehearsalMemory before, int[] task, MemorySelection selection, Func<int, float[]>? features) =>
        before.After(task, i => arm.ByIntent ? train.Data.Recordings[i].Meaning.Intent : train.Scenarios[i], arm.Memory, selection, features, seed, i => train.Data.Recordings[i].File);

    // An utterance keeps its wrong string in all tasks: the other is drawn from its own scenario's task, which the memory holds for ever.
    private Dictionary<int, int> WrongStrings(int[] utterances)
    {
        var wrong = new Dictionary<int, int>();
        foreach (var task in utterances.GroupBy(i => split.TaskOf(train.Scenarios[i])).Where(_ => arm.WrongGold > 0))
        {
            var of = task.ToArray();
            RandomStream.Of(seed, "wrong gold", $"{task.Key}").Shuffle(of.AsSpan());
            var chosen = of[..(int)Math.Round(arm.WrongGold * of.Length)];
            foreach (var i in chosen)
            {
                var others = task.Where(j => train.Data.Recordings[j].Meaning.Intent != train.Data.Recordings[i].Meaning.Intent).ToArray();
                if (others.Length > 0)
                {
                    wrong[i] = RandomStream.Of(seed, "wrong string", train.Data.Recordings[i].File).Pick(others);
                }
            }
        }
        return wrong;
    }

    // The mean of an utterance's frames, which herding goes by: of the valid ones, or without length masks of all, as released.
    private Func<int, float[]> MeanFrames(SpokenLanguageModel model, int[] rows)
    {
        model.eval();
        var means = new Dictionary<int, float[]>();
        using var precision = TrainLoop.Precision(model, setup.Training.Mixed);
        foreach (var batch in rows.OrderBy(i => train.Lengths[i]).ThenBy(i => i).Chunk(64))
        {
            using var scope = NewDisposeScope();
            using var none = no_grad();
            var (features, frames) = train.Features(batch);
            var encoded = model.Encoder.FromFeatures(features, model.LengthMasks ? frames : null);
            for (var b = 0; b < batch.Length; b++)
            {
                means[batch[b]] = encoded.select(0, b).narrow(0, 0, model.LengthMasks ? frames[b] : encoded.shape[1]).to(float32).mean([0]).cpu().data<float>().ToArray();
            }
        }
        return i => means[i];
    }
}
