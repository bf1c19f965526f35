using Retort.Data;
using Retort.Decoding;
using Retort.Models;
using Retort.Papers.Slu;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Slu;

/// <summary>The class-incremental loop, a few steps of it on noise.</summary>
[Collection(Alone.Name)]
public sealed class ClassIncrementalTest : IDisposable
{
    private static readonly SluSplit two = new(2, SluOrder.Alphabetical);
    private static readonly SluArm rehearsal = SluArms.Icarl with { Split = two, Memory = 2 };
    private static readonly SluArm sequence = SluArms.Sequence with { Split = two, Memory = 2 };
    private static readonly SluArm everything = rehearsal with { Name = "all", Loss = (m, b) => SluLosses.With(m, b, SluLosses.Audio, SluLosses.Token, SluLosses.Sequence) };
    private readonly string folder = Directory.CreateTempSubdirectory("retort-slu-").FullName;
    private readonly SluSetup setup;

    public ClassIncrementalTest() => setup = SpokenNoise.Setup() with { Folder = folder };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private ArmOutcome Run(SluArm arm, string name, CancellationToken cancel = default) => ClassIncremental.Run(setup, arm, SpokenNoise.Context(Path.Combine(folder, name), cancel: cancel));

    private float[] Weights(SluArm arm, string name)
    {
        Run(arm, name);
        using var scope = NewDisposeScope();
        return [.. ClassIncremental.ModelAfter(setup, arm, 1, Path.Combine(folder, name)).state_dict().Where(p => p.Key.StartsWith("decoder.classif_dec")).SelectMany(p => p.Value.data<float>().ToArray())];
    }

    [Fact]
    public void Run_AnArm_ScoresEveryTaskAndKeepsNoCheckpoints()
    {
        var outcome = Run(everything, "all");

        var scores = new SluScores(name => outcome.Outputs![name]);
        Assert.Equal(2, scores.Tasks);
        Assert.Equal(scores.Accuracy(1), outcome.Values["accuracy after task 2"], 1e-9);
        Assert.Contains("exact match", outcome.Values.Keys);
        Assert.Equal(2, outcome.Curves!["task 1"].X.Length);
        Assert.Single(outcome.Curves["task 2"].X);
        Assert.Empty(Directory.GetFiles(folder, "step-*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Run_Again_ReadsWhatIsThere_AndOnTwoThreadsGivesTheSame()
    {
        var report = Experiment.Run(setup.Training, [rehearsal, everything], [1, 2], (arm, run) => ClassIncremental.Run(setup, arm, run), SluScores.Measures(setup.Test),
            new ExperimentOptions { Folder = Path.Combine(folder, "two"), Threads = 2, Progress = Progress.None() });
        var alone = SpokenNoise.Setup() with { Folder = Path.Combine(folder, "alone") };
        var one = Experiment.Run(setup.Training, [rehearsal, everything], [1, 2], (arm, run) => ClassIncremental.Run(alone, arm, run), SluScores.Measures(setup.Test),
            new ExperimentOptions { Folder = Path.Combine(folder, "one"), Threads = 1, Progress = Progress.None() });

        string Texts(AblationReport r) => string.Join("\n", r.Arms.SelectMany(a => r.Seeds.Select(s => File.ReadAllText(Path.Combine(r.FolderOf(a, s), "task-2", ClassIncremental.PredictionsFile)))));
        Assert.Equal(Texts(one), Texts(report));
    }

    [Fact]
    public void Run_WithAFrozenFront_TrainsTheRestAndIsAnotherExperiment()
    {
        SpokenLanguageModel Frozen(long seed)
        {
            var model = setup.Model(seed);
            ((LogMelEncoder)model.Encoder).FrozenFront = true;
            return model;
        }
        var frozen = setup with { Model = Frozen };
        ClassIncremental.Run(frozen, rehearsal, SpokenNoise.Context(Path.Combine(folder, "frozen")));

        using var scope = NewDisposeScope();
        var (start, end) = (Frozen(1).state_dict(), ClassIncremental.ModelAfter(frozen, rehearsal, 1, Path.Combine(folder, "frozen")).state_dict());
        string[] moved = [.. start.Where(p => (p.Value - end[p.Key]).abs().max().ToDouble() > 0).Select(p => p.Key)];
        Assert.DoesNotContain(moved, name => name.Contains("subsample"));
        Assert.Contains(moved, name => name.StartsWith("encoder.blocks"));
        Assert.Contains(moved, name => name.StartsWith("decoder."));
        Assert.NotEqual(setup.ResultKey, frozen.ResultKey);
    }

    [Fact]
    public void Run_StoppedAndGoneOn_IsTheRunWithoutAStop()
    {
        var whole = Weights(sequence, "whole");
        using var stop = new CancellationTokenSource();
        var calls = 0;
        var stopping = sequence with
        {
            Loss = (model, batch) =>
            {
                // The first call asks what is needed of the old model; the third is a step in the middle of the task.
                if (++calls == 3)
                {
                    stop.Cancel();
                }
                return sequence.Loss(model, batch);
            },
        };

        Assert.ThrowsAny<OperationCanceledException>(() => Run(stopping, "stopped", stop.Token));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(folder, "stopped"), "step-*", SearchOption.AllDirectories));
        Assert.Equal(whole, Weights(sequence, "stopped"));
    }

    [Fact]
    public void Run_GoldReplayOfWeightZero_IsRehearsal_AndOfMoreIsNot()
    {
        var gold = rehearsal with { Name = "gold 0", Loss = (m, b) => SluLosses.With(m, b, b.ReplayedRows == 0 ? 0.5 : 0, SluLosses.Gold) };

        Assert.Equal(Weights(rehearsal, "plain"), Weights(gold, "zero"));
        Assert.NotEqual(Weights(rehearsal, "plain"), Weights(SluArms.Gold with { Split = two, Memory = 2 }, "gold"));
    }

    [Fact]
    public void Run_SequenceKdWhereTheOldModelSaysGold_IsGoldReplay()
    {
        // In place of what it decodes, the gold strings: only the strings make the difference between the two arms.
        var same = rehearsal with { Name = "same", Loss = (m, b) => SluLosses.With(m, b, (pass, x) => SluLosses.Strings(pass, x, x.Replayed(pass).Gold)) };

        Assert.Equal(Weights(SluArms.Gold with { Split = two, Memory = 2 }, "gold"), Weights(same, "same"));
        Assert.NotEqual(Weights(SluArms.Gold with { Split = two, Memory = 2 }, "gold"), Weights(sequence, "sequence"));
    }

    [Fact]
    public void Run_ALossThatAsksForTheOldModelOnlyLater_IsToldSo()
    {
        var calls = 0;
        var late = rehearsal with { Name = "late", Loss = (m, b) => SluLosses.With(m, b, ++calls > 2 ? SluLosses.Sequence : SluLosses.Gold) };

        var error = Assert.Throws<InvalidOperationException>(() => Run(late, "late"));

        Assert.Contains("after training has begun", error.Message);
    }

    [Fact]
    public void Memory_HeldOut_IsNotTrainedOnAndReplayed()
    {
        var held = rehearsal with { HeldOut = true };
        var split = setup.Tasks(two);
        using var model = setup.Model(1);

        var memory = new SluMemory(setup, held, split, 1);
        var (trained, replayed) = (memory.TrainedOn(0), memory.After(model, 0).Utterances);

        Assert.Equal(split.Of(setup.Train.Scenarios, 0).Length, trained.Length + replayed.Length);
        Assert.Empty(trained.Intersect(replayed));
        Assert.Equal(4, replayed.Length);  // two of each of two scenarios
    }

    [Fact]
    public void Memory_WrongGoldAndOversampling_AreWhatTheySay()
    {
        var arm = rehearsal with { Memory = 4, WrongGold = 0.25, Oversample = 3 };
        using var model = setup.Model(1);

        var replay = new SluMemory(setup, arm, setup.Tasks(two), 1).After(model, 0);

        Assert.Equal(8, replay.Utterances.Length);
        Assert.Equal(replay.Utterances.SelectMany(i => Enumerable.Repeat(i, 3)).Order(), replay.Places.Order());
        var wrong = replay.Utterances.Where(i => !replay.Gold(i).SequenceEqual(setup.Train.Tokens[i])).ToArray();
        Assert.Equal(2, wrong.Length);
        Assert.All(wrong, i => Assert.DoesNotContain(setup.Train.Data.Recordings[i].Meaning.Intent, setup.Train.Tokenizer.Decode([.. replay.Gold(i)])));
    }

    [Fact]
    public void Steps_SmallTasks_GetTheLeast()
    {
        var training = new SluTraining { FirstEpochs = 4, LaterEpochs = [2, 1], OfflineEpochs = 3, LeastSteps = 50 };

        Assert.Equal([80, 50, 50, 60], [training.Steps(0, 3, 20), training.Steps(1, 3, 20), training.Steps(2, 3, 20), training.Steps(0, 1, 20)]);
        training = training with { LaterSteps = [30, 10] };
        Assert.Equal([80, 30, 10, 10, 60], [training.Steps(0, 4, 20), training.Steps(1, 4, 20), training.Steps(2, 4, 99), training.Steps(3, 4, 20), training.Steps(0, 1, 20)]);
    }

    [Fact]
    public void Split_Orders_AreWhatTheySay()
    {
        string[] scenarios = ["weather", "general", "alarm", "alarm", "alarm", "qa"];

        Assert.Equal(["qa", "general", "weather", "alarm"], new SluSplit(2).Of(scenarios).Classes);
        Assert.Equal(["alarm", "general", "qa", "weather"], new SluSplit(2, SluOrder.Alphabetical).Of(scenarios).Classes);
        Assert.Equal("alarm", new SluSplit(2, SluOrder.Count).Of(scenarios).Classes[0]);
        Assert.Equal(new SluSplit(2, SluOrder.Random, 1).Of(scenarios).Classes, new SluSplit(2, SluOrder.Random, 1).Of(scenarios).Classes);
        Assert.Contains("cannot be shared out", Assert.Throws<BadInputException>(() => new SluSplit(3).Of(scenarios)).Problem);
        Assert.Contains("none of SLURP's", Assert.Throws<BadInputException>(() => new SluSplit(1).Of(["mine"])).Problem);
    }

    [Fact]
    public void Learned_OfAnArmAndOffline_IsTheShareThatIsCountedByHand()
    {
        var (fineTune, offline) = (SluArms.FineTune with { Name = "fine", Split = two }, SluArms.FineTune with { Name = "all at once", Split = new(1, SluOrder.Alphabetical) });
        var report = Experiment.Run(setup.Training, [fineTune, offline], [1, 2], (arm, run) => ClassIncremental.Run(setup, arm, run), SluScores.Measures(setup.Test),
            new ExperimentOptions { Folder = Path.Combine(folder, "learned"), Threads = 1, Progress = Progress.None() });

        var learned = Assert.Single(ClassIncremental.Learned(setup, report, fineTune, offline));

        // The second task's validation utterances: those of news and play.
        int[] rows = [.. Enumerable.Range(0, setup.Validation.Count).Where(i => setup.Validation.Scenarios[i] is "news" or "play")];
        double Right(SluArm arm) => report.Seeds.Average(seed =>
        {
            using var model = ClassIncremental.ModelAfter(setup, arm, seed, report.FolderOf(arm.Name, seed));
            var said = SpeechDecoding.Decode(model, setup.Validation, rows, setup.Symbols(new DecodingSettings { Beams = 1, MaxLength = 40 }));
            return 100.0 * rows.Where((i, at) => said[at].Meaning.Intent == setup.Validation.Data.Recordings[i].Meaning.Intent).Count() / rows.Length;
        });
        Assert.Equal((2, Right(fineTune), Right(offline)), (learned.Task, learned.Right, learned.Bound));
        Assert.Equal(0.9, new SluLearned(2, 72, 80).Share, 1e-12);
    }
}
