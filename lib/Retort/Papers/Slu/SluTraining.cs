using Retort.Training;

namespace Retort.Papers.Slu;

/// <summary>How the model learns one task. The defaults are the published ones where they are known.</summary>
public sealed record SluTraining
{
    /// <summary>Epochs of the first task (not published; the group's later paper names 40).</summary>
    public int FirstEpochs { get; init; } = 40;

    /// <summary>Epochs of each later task; of further tasks the last number holds. (Not published; the later paper: 25, then 15.)</summary>
    public IReadOnlyList<int> LaterEpochs { get; init; } = [25, 15];

    /// <summary>Epochs where all data come at once.</summary>
    public int OfflineEpochs { get; init; } = 40;

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

    /// <summary>The temperature of tok-KD; with another than 1 the store must keep every token.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Whether padded targets count in the cross-entropy, as in the released offline code.</summary>
    public bool CountPadding { get; init; }

    /// <summary>Masks on the features of training batches; null for none.</summary>
    public FrameMasks? Masks { get; init; }

    /// <summary>Epochs of a task, counted from 0.</summary>
    public int Epochs(int task, int tasks) => tasks == 1 ? OfflineEpochs
        : task == 0 ? FirstEpochs : LaterEpochs[Math.Min(task, LaterEpochs.Count) - 1];
}
