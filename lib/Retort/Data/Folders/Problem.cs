namespace Retort.Data;

/// <summary>One thing that is wrong in a data set on disk.</summary>
/// <param name="File">the file</param>
/// <param name="Place">where in it, such as "line 12"; empty for the whole of it</param>
/// <param name="What">what was found and what was expected</param>
public sealed record Problem(string File, string Place, string What)
{
    /// <summary>File, place and problem in one line.</summary>
    public override string ToString() => Place.Length == 0 ? $"{File}: {What}" : $"{File}, {Place}: {What}";

    internal BadInputException ToException(int others) =>
        new(File, Place, others == 0 ? What : $"{What} (and {others} more problems; Problems.Check lists all, BadRows.LeaveOut opens the rest)");
}
