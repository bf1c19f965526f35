namespace Retort.Papers.Slu;

/// <summary>The size of an arm's rehearsal memory.</summary>
public enum SluMemory
{
    /// <summary>No memory: fine-tuning.</summary>
    None,

    /// <summary>The settings' small one; published: 1 % of the training data.</summary>
    Small,

    /// <summary>The settings' large one; published: 5 %.</summary>
    Large,
}
