namespace Retort.Data;

/// <summary>What to do about rows of a data set's list that cannot be used: a file that is missing, a label nobody declared.</summary>
public enum BadRows
{
    /// <summary>Refuse the data set with the first of them.</summary>
    Refuse,

    /// <summary>Leave them out and tell them in <see cref="AudioFolder.Problems"/>; for AudioSet, of which every copy has gaps.</summary>
    LeaveOut,
}
