namespace Retort.Papers.Slu;

/// <summary>Which of the old model's hypotheses seq-KD takes.</summary>
public enum SluPseudoTarget
{
    /// <summary>The best, as published.</summary>
    Best,

    /// <summary>
    /// The best one that is not the gold string: what the old model knows and the gold string does not say. An utterance whose
    /// beam holds none keeps the best.
    /// </summary>
    BestOther,
}
