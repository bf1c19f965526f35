namespace Retort.Papers.Ced;

/// <summary>What a student of CED is asked to reproduce, and what it is shown.</summary>
public enum CedTarget
{
    /// <summary>The teachers' scores of the very view the student sees: consistent teaching.</summary>
    Consistent,

    /// <summary>The teachers' scores of the unchanged clip; the student sees a view.</summary>
    CleanTeacher,

    /// <summary>
    /// The teachers' scores of a stored view; the student sees the clip unshifted under fresh masks. This is what the
    /// published switch <c>disable_consistency</c> does.
    /// </summary>
    FreshMasks,

    /// <summary>The data set's labels; the student sees a view.</summary>
    Labels,

    /// <summary>The data set's labels; the student sees the unchanged clip.</summary>
    LabelsClean,

    /// <summary>The teachers' scores of the unchanged clip, which the student sees too: KD without augmentation.</summary>
    TeacherClean,
}
