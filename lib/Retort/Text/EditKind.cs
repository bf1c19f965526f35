namespace Retort.Text;

/// <summary>What one step of an alignment does.</summary>
public enum EditKind
{
    /// <summary>Both have the same item.</summary>
    Match,

    /// <summary>The hypothesis has another item.</summary>
    Substitution,

    /// <summary>The hypothesis lacks the item of the reference.</summary>
    Deletion,

    /// <summary>The hypothesis has an item that the reference lacks.</summary>
    Insertion,
}
