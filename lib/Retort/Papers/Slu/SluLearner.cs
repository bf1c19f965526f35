// One task of class-incremental learning (Cappellazzo et al., Interspeech 2023): the task's utterances and the memory's are
// shuffled into one another; cross-entropy on all, and on the memory's rows the KD losses, which the published code's sister
// weighs by alpha = sqrt(memory rows / rows) in each batch.

using Retort.Data;
using Retort.Losses;
using Retort.Models;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>Trains a model on a task. The made experiment and the paper's own share it.</summary>
public sealed class SluLearner
{
    private readonly SpokenLanguageModel model;
    private readonly Generator generator;
    private readonly SluPart train;
    private readonly SluTraining training;

    /// <param name="model">the model, which goes on from what it has learned</param>
    /// <param name="generator">what its dropout draws from</param>
    /// <param name="train">training utterances of all tasks</param>
    /// <param name="training">how it learns</param>
    public SluLearner(SpokenLanguageModel model, Generator generator, SluPart train, SluTraining training) =>
        (this.model, this.generator, this.train, this.training) = (model, generator, train, training);

    /// <summary>Learns a task.</summary>
    /// <param name="task">its number, from 0</param>
    /// <param name="tasks">how many there are</param>
    /// <param name="utterances">the task's training utterances</param>
    /// <param name="memory">the memory's; empty for none</param>
    /// <param name="arm">what is distilled and how it is weighed</param>
    /// <param name="teacher">what the old model said of the memory; null where nothing is asked of it</param>
    /// <param name="seed">decides order and dropout</param>
    /// <param name="evaluate">measures the model after each epoch; null for nothing</param>
    /// <param name="folder">where the run is kept and resumed; null to keep nothing</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    public TrainResult Learn(int task, int tasks, IReadOnlyList<int> utterances, IReadOnlyList<int> memory, SluArm arm, SluTeacher? teacher, long seed,
        Func<IReadOnlyDictionary<string, double>>? evaluate = null, string? folder = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        int[] rows = [.. utterances, .. memory];
        var run = seed * 100 + task;  // every task draws anew
        var batches = new LengthBatches([.. rows.Select(i => train.Lengths[i])], training.Batch, run, training.LengthWindow);
        var steps = (long)batches.PerEpoch * training.Epochs(task, tasks);
        var rate = task == 0 ? training.LearningRate : training.LaterLearningRate;
        return TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => batches.Batch(step).Samples,
            Rate = Rate(rate, steps),
            Step = context => Loss(rows, utterances.Count, arm, teacher, context, batches.Batch(context.Step).Epoch, run),
            Evaluate = evaluate,
            Generators = [generator],
            RateFactor = name => name.StartsWith("encoder.", StringComparison.Ordinal) ? training.EncoderRate : 1,
            Settings = new
            {
                Task = task,
                Tasks = tasks,
                Arm = arm,
                Training = training,
                Data = train.Data.Hash,
                Utterances = SettingsJson.Hash(string.Join(",", rows), $"{utterances.Count}"),
            },
        }, new TrainSettings
        {
            Seed = run,
            Steps = steps,
            Adam = training.Adam,
            ClipNorm = training.ClipNorm,
            Mixed = training.Mixed,
            EvaluateEvery = evaluate is null ? 0 : batches.PerEpoch,
            BestBy = "validation accuracy",
            KeepBest = 1,
            Patience = 0,
            Final = FinalWeights.Last,
            LogEvery = Math.Max(batches.PerEpoch / 4, 1),
        }, folder, progress, cancel);
    }

    private Func<long, double> Rate(double rate, long steps)
    {
        var warm = Math.Min(training.WarmUp, steps / 5);
        var after = training.Floor < 1 ? Schedule.Cosine(rate, Math.Max(steps - warm, 1), training.Floor) : Schedule.Constant(rate);
        return warm > 0 ? Schedule.WarmUp(warm, rate, after) : after;
    }

    private Tensor Loss(int[] rows, int fresh, SluArm arm, SluTeacher? teacher, StepContext context, long epoch, long run)
    {
        var batch = context.Batch.Select(i => rows[i]).ToArray();
        var old = Enumerable.Range(0, batch.Length).Where(b => context.Batch[b] >= fresh).ToArray();
        var (features, frames) = train.Sound(batch, training.Masks, id => Randomness.RandomStream.Of(run, "masks", id, epoch));
        var valid = model.LengthMasks ? frames : null;
        var memory = model.Encoder.FromFeatures(features, valid);  // (B, T, D)
        var gold = Targets([.. batch.Select(i => train.Tokens[i])], memory.device);
        var logits = model.Decoder.call(gold.Inputs, memory, valid);  // (B, L, V)
        var crossEntropy = SequenceDistillation.CrossEntropy(logits, gold.Outputs, training.CountPadding ? null : gold.Mask);
        context.Measure("cross-entropy", crossEntropy);
        if (old.Length == 0 || arm.Kd == SluKd.None)
        {
            return crossEntropy;
        }
        var utterances = old.Select(b => batch[b]).ToArray();
        var places = tensor(old.Select(b => (long)b).ToArray(), device: memory.device);
        var oldFrames = valid is null ? null : old.Select(b => frames[b]).ToArray();
        var oldMemory = memory.index_select(0, places);
        var kd = new List<Tensor>();
        if (arm.Kd.HasFlag(SluKd.Audio))
        {
            var (taught, mask) = teacher!.Frames(utterances, memory.shape[1], memory.device);
            kd.Add(SequenceDistillation.AudioKd(oldMemory, taught, mask));
            context.Measure("audio-KD", kd[^1]);
        }
        if (arm.Kd.HasFlag(SluKd.Token))
        {
            kd.Add(TokenKd(logits.index_select(0, places), gold.Mask.index_select(0, places), utterances, teacher!));
            context.Measure("tok-KD", kd[^1]);
        }
        foreach (var (kind, name) in new[] { (SluKd.Sequence, "seq-KD"), (SluKd.Gold, "gold replay") })
        {
            if (arm.Kd.HasFlag(kind))
            {
                var said = Targets([.. utterances.Select(i => kind == SluKd.Gold ? train.Tokens[i] : teacher!.PseudoTarget(i))], memory.device);
                kd.Add(SequenceDistillation.SequenceKd(model.Decoder.call(said.Inputs, oldMemory, oldFrames), said.Outputs, said.Mask));
                context.Measure(name, kd[^1]);
            }
        }
        return SequenceDistillation.Combine(crossEntropy, kd, arm.Weight ?? SequenceDistillation.AdaptiveWeight(old.Length, batch.Length));
    }

    private Tensor TokenKd(Tensor logits, Tensor mask, int[] utterances, SluTeacher teacher)
    {
        var (taught, tokens) = teacher.Distributions(utterances, logits.shape[1], logits.device);
        if (training.Temperature == 1)
        {
            return TopKDistributions.TokenKd(logits, taught, tokens, mask);
        }
        if (tokens.shape[^1] < logits.shape[^1])
        {
            throw new ArgumentException($"a temperature of {training.Temperature} needs the probability of each of the {logits.shape[^1]} tokens, and {tokens.shape[^1]} are stored");
        }
        // Log-probabilities are logits of the same distribution.
        return SequenceDistillation.TokenKd(logits, zeros_like(logits).scatter(-1, tokens, taught), mask, training.Temperature);
    }

    private TokenRows Targets(IReadOnlyList<IReadOnlyList<int>> tokens, Device device) =>
        TokenRows.Of(tokens, train.Tokenizer.StartId, train.Tokenizer.EndId, train.Tokenizer.PaddingId, device);
}
