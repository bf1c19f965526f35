namespace Retort.Notebook;

/// <summary>How a cell ended.</summary>
/// <param name="ExecutionCount">The number in the brackets beside the cell.</param>
/// <param name="Error">What went wrong; null if nothing did.</param>
public sealed record CellResult(int ExecutionCount, ErrorOutput? Error)
{
    public bool Succeeded => Error is null;
}
