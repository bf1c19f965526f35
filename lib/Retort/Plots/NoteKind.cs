namespace Retort.Plots;

/// <summary>What a <see cref="Note"/> says.</summary>
public enum NoteKind
{
    /// <summary>A remark.</summary>
    Plain,

    /// <summary>Something holds.</summary>
    Good,

    /// <summary>Something to keep in mind.</summary>
    Warning,

    /// <summary>Something does not hold.</summary>
    Bad,
}
