namespace Retort.Data;

/// <summary>What the classes outside the stored top k get as their target (CED's label types; C classes, v the smallest of the k).</summary>
public enum RestFill
{
    /// <summary>0; what the released CED configurations use.</summary>
    Zero,

    /// <summary>v / (C - k).</summary>
    LastMean,

    /// <summary>v / 2.</summary>
    LastHalf,

    /// <summary>Uniform in [0, v), drawn anew for each class; a function of the seed given and the row.</summary>
    LastRandom,

    /// <summary>1 / C.</summary>
    Uniform,
}
