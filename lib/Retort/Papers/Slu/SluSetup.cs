using System.Text.Json.Serialization;
using Retort.Audio;
using Retort.Data;
using Retort.Decoding;
using Retort.Models;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>What every arm of a class-incremental experiment shares: utterances, a way to make a model, and how it is trained and tested.</summary>
public sealed record SluSetup : IResultKey
{
    /// <summary>Training utterances of all tasks.</summary>
    public required SpeechDataset Train { get; init; }

    /// <summary>What settings are chosen by.</summary>
    public required SpeechDataset Validation { get; init; }

    /// <summary>What is reported.</summary>
    public required SpeechDataset Test { get; init; }

    /// <summary>A model for a seed, before the first task. The same seed gives the same weights; all weights lie on the datasets' device.</summary>
    public required Func<long, SpokenLanguageModel> Model { get; init; }

    /// <summary>How tasks are learned.</summary>
    public required SluTraining Training { get; init; }

    /// <summary>The loss of the first task, which all arms go on from, and of offline training, which has no other.</summary>
    [JsonIgnore]
    public Func<SpokenLanguageModel, SluBatch, Tensor> FirstLoss { get; init; } = SluLosses.CrossEntropy;

    /// <summary>How the old model decodes pseudo-targets. The number of beams is not published; 5 is the default of the released function.</summary>
    public DecodingSettings Teacher { get; init; } = new() { Beams = 5 };

    /// <summary>How models are tested. Published: 20 beams.</summary>
    public DecodingSettings Decoding { get; init; } = new() { Beams = 20 };

    /// <summary>The scenarios in an order of one's own; null for the order that each split names.</summary>
    public IReadOnlyList<string>? Order { get; init; }

    /// <summary>Where first tasks are kept; null for the cache.</summary>
    public string? Folder { get; init; }

    /// <summary>Everything above that decides results: settings, utterances, a model's weights for seed 0, and which of them are trained.</summary>
    public string ResultKey
    {
        get
        {
            using var scope = NewDisposeScope();
            using var model = Model(0);
            return SettingsJson.Hash(SettingsJson.Write(new { Training, Teacher, Decoding, Order }, SettingsJson.Line), Train.Key, Validation.Key, Test.Key, StateDict.Hash(model), $"{model.LengthMasks}",
                string.Join(" ", model.named_parameters().Where(p => !p.parameter.requires_grad).Select(p => p.name)), CodeHash.Of(FirstLoss));
        }
    }

    /// <summary>The scenarios of each task of a split.</summary>
    /// <exception cref="BadInputException">The scenarios cannot be shared out evenly, or validation or test lack a task or have other scenarios.</exception>
    public TaskSplit Tasks(SluSplit split)
    {
        var tasks = split.Of(Train.Scenarios, Order);
        foreach (var (scenarios, name) in new[] { (Validation.Scenarios, "validation utterances"), (Test.Scenarios, "test utterances") })
        {
            if (scenarios.Except(tasks.Classes).FirstOrDefault() is { } unknown)
            {
                throw new BadInputException(name, "", $"have the scenario \"{unknown}\", of which nothing is in the training utterances");
            }
            for (var task = 0; task < split.Tasks; task++)
            {
                if (!scenarios.Any(s => tasks.TaskOf(s) == task))
                {
                    throw new BadInputException(name, "", $"have none of task {task + 1} of {split.Tasks} ({string.Join(", ", tasks.Tasks[task])})");
                }
            }
        }
        return tasks;
    }

    internal DecodingSettings Symbols(DecodingSettings decoding) => decoding with { Start = Train.Tokenizer.StartId, End = Train.Tokenizer.EndId };
}

/// <summary>How the model learns one task. The defaults are the published ones where they are known.</summary>
public sealed record SluTraining
{
    /// <summary>Epochs of the first task (not published; the group's later paper names 40).</summary>
    public int FirstEpochs { get; init; } = 40;

    /// <summary>Epochs of each later task; of further tasks the last number holds. (Not published; the later paper: 25, then 15.)</summary>
    public IReadOnlyList<int> LaterEpochs { get; init; } = [25, 15];

    /// <summary>Epochs where all data come at once.</summary>
    public int OfflineEpochs { get; init; } = 40;

    /// <summary>The fewest steps of a task: small tasks get more epochs, so that all are learned equally well. Published: none.</summary>
    public long LeastSteps { get; init; }

    /// <summary>
    /// Steps of each later task, whatever its epochs, so that arms with and without a memory have the same number; of further tasks the
    /// last number holds. Null, as published: epochs count.
    /// </summary>
    public IReadOnlyList<long>? LaterSteps { get; init; }

    /// <summary>Utterances in a batch.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>Batches that are sorted by length together.</summary>
    public int LengthWindow { get; init; } = 16;

    /// <summary>The learning rate of the first task and of offline training.</summary>
    public double LearningRate { get; init; } = 5e-5;

    /// <summary>The learning rate of later tasks.</summary>
    public double LaterLearningRate { get; init; } = 5e-5;

    /// <summary>The encoder's learning rate as a share of the decoder's. Published: 1.</summary>
    public double EncoderRate { get; init; } = 1;

    /// <summary>Steps over which the rate rises at the beginning of a task; at most a fifth of the task. Published: none.</summary>
    public int WarmUp { get; init; }

    /// <summary>The share of the rate that is left at the end of a task, where it falls along a cosine; 1: the rate is constant, as published.</summary>
    public double Floor { get; init; } = 1;

    /// <summary>AdamW as published.</summary>
    public AdamSettings Adam { get; init; } = new() { Beta2 = 0.98, Epsilon = 1e-6, WeightDecay = 0.1, Decoupled = true };

    /// <summary>The gradients' norm is cut to this; 0: never, as published.</summary>
    public double ClipNorm { get; init; }

    /// <summary>Mixed precision: bfloat16 products, float32 weights. Published: none.</summary>
    public bool Mixed { get; init; }

    /// <summary>Whether padded targets count in every mean over tokens, as in the released offline code.</summary>
    public bool CountPadding { get; init; }

    /// <summary>Masks on the features of training batches; null for none.</summary>
    public FrameMasks? Masks { get; init; }

    /// <summary>How often, evenly over a task, the validation utterances of the tasks so far are asked for their intent; 1: at its end. Decides no weights.</summary>
    public int Evaluations { get; init; } = 1;

    /// <summary>Steps of a task, counted from 0, of so many batches an epoch.</summary>
    public long Steps(int task, int tasks, int batches)
    {
        if (task > 0 && LaterSteps is { } steps)
        {
            return steps[Math.Min(task, steps.Count) - 1];
        }
        var epochs = tasks == 1 ? OfflineEpochs : task == 0 ? FirstEpochs : LaterEpochs[Math.Min(task, LaterEpochs.Count) - 1];
        return Math.Max((long)epochs * batches, LeastSteps);
    }

    /// <summary>The learning rate of a step of a task.</summary>
    internal Func<long, double> Rate(int task, long steps)
    {
        var (rate, warm) = (task == 0 ? LearningRate : LaterLearningRate, Math.Min(WarmUp, steps / 5));
        var after = Floor < 1 ? Schedule.Cosine(rate, Math.Max(steps - warm, 1), Floor) : Schedule.Constant(rate);
        return warm > 0 ? Schedule.WarmUp(warm, rate, after) : after;
    }
}
