namespace Retort.Papers.Ced;

/// <summary>How one of CED's models is trained. The defaults are the published AS-20K configuration.</summary>
public sealed record CedTraining
{
    /// <summary>Steps of the optimizer. Published: 300 epochs of 22 k clips in batches of 32.</summary>
    public long Steps { get; init; } = 206_400;

    /// <summary>Clips in a batch.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>The highest learning rate: 1e-3 for tiny and mini, 3e-4 for small and base.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Steps of the warm-up.</summary>
    public long WarmUp { get; init; } = 5000;

    /// <summary>Steps between evaluations on validation clips.</summary>
    public long EvaluateEvery { get; init; } = 3440;

    /// <summary>The best evaluations whose weights are averaged.</summary>
    public int KeepBest { get; init; } = 4;

    /// <summary>Evaluations without a better one after which training ends; 0 for never.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>Mixup's Beta parameter, on the student's side; 0 for no mixup. Published: 0.5 for AS-20K, none for AS-2M.</summary>
    public double Mixup { get; init; } = 0.5;

    /// <summary>Mixed precision: bfloat16 products, float32 weights. (Published: float16 with loss scaling.)</summary>
    public bool Mixed { get; init; }
}
