using System.Text.Json.Serialization;

namespace Retort.Training;

/// <summary>
/// Adam's constants. The defaults are those of PyTorch and of the optimizer of CED's published training (bitsandbytes'
/// Adam with 8-bit state; ours keeps the state in the weights' own type).
/// </summary>
public sealed record AdamSettings
{
    /// <summary>Decay of the mean of the gradients.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of their squares.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the squares' mean, after the correction of its bias.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Share of a weight that is added to its gradient or, if <see cref="Decoupled"/>, times the rate taken from the weight.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Whether weight decay acts on the weights and not on the gradients (AdamW; Loshchilov and Hutter, 2019).</summary>
    public bool Decoupled { get; init; }

    /// <summary>Whether parameters of fewer than two dimensions (biases, normalisation) are spared weight decay.</summary>
    public bool SpareVectors { get; init; }

    /// <summary>Parameters whose name holds this text are spared weight decay; null: none is by its name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SpareNamed { get; init; }
}
