using System.Text.Json.Serialization;

namespace Retort.Training;

/// <summary>How long, with what optimizer, and how the final weights are chosen. The defaults are those of CED's published training.</summary>
public sealed record TrainSettings
{
    /// <summary>The seed of everything random in the run.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Steps of the optimizer.</summary>
    public required long Steps { get; init; }

    /// <summary>Adam's constants.</summary>
    public AdamSettings Adam { get; init; } = new();

    /// <summary>The gradients' norm is cut to this; 0 means never.</summary>
    public double ClipNorm { get; init; }

    /// <summary>Whether forward passes run in mixed precision: bfloat16 where it is safe, weights in float32 (<see cref="Torch.Autocast"/>).</summary>
    public bool Mixed { get; init; }

    /// <summary>Steps between evaluations; there is one more after the last step. 0: only that one.</summary>
    public long EvaluateEvery { get; init; }

    /// <summary>The name of the measurement that evaluations are compared by.</summary>
    public string BestBy { get; init; } = "mAP";

    /// <summary>Whether a lower value of <see cref="BestBy"/> is better.</summary>
    public bool LowerIsBetter { get; init; }

    /// <summary>How many of the best evaluations' weights are kept.</summary>
    public int KeepBest { get; init; } = 4;

    /// <summary>The run ends after so many evaluations without a better one; 0 means never.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>Which weights the run ends with.</summary>
    public FinalWeights Final { get; init; } = FinalWeights.AverageOfBest;

    /// <summary>Decay of an exponential average of the weights, which is then what is evaluated and kept; 0 means none.</summary>
    public double AverageDecay { get; init; }

    /// <summary>Steps between rows of the metrics log, which stay in memory: a run of a million steps takes 100 or so.</summary>
    public long LogEvery { get; init; } = 1;

    /// <summary>Steps between checkpoints; 0: by time only. Does not change the run's numbers.</summary>
    [JsonIgnore]
    public long CheckpointEvery { get; init; }

    /// <summary>Seconds between checkpoints; 0: by steps only. Does not change the run's numbers.</summary>
    [JsonIgnore]
    public double CheckpointSeconds { get; init; } = 60;

    /// <summary>How many checkpoints are kept. Does not change the run's numbers.</summary>
    [JsonIgnore]
    public int KeepCheckpoints { get; init; } = 2;
}
