namespace Retort.Losses;

/// <summary>
/// What the classes outside a stored top k get as target. C is the number of classes, k of them are stored, and
/// <c>vmin</c> is the smallest stored value. Names follow the published code's label types.
/// </summary>
public enum TargetFill
{
    /// <summary>0; the published runs' choice.</summary>
    Zero,

    /// <summary>vmin / (C - k).</summary>
    LastMean,

    /// <summary>vmin / 2.</summary>
    LastHalf,

    /// <summary>Uniform in [0, vmin), drawn for each class.</summary>
    LastRandom,

    /// <summary>1 / C.</summary>
    Uniform,
}
