namespace Retort.Data;

/// <summary>How several entities are written into a target string.</summary>
public enum TargetEntities
{
    /// <summary>All of them, then the transcript once.</summary>
    All,

    /// <summary>
    /// As the authors' published snapshot does: of n only the first half (rounded up), and the transcript after each, with the next
    /// entity's type glued to it. For comparison only: a perfect model of it reaches at most about 85 SLU-F1.
    /// </summary>
    PublishedDefect,
}
