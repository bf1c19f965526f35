namespace Retort.Notebook;

/// <summary>How a run ended.</summary>
/// <param name="Cells">Code cells that ran to their end.</param>
/// <param name="FailedCell">Number of the code cell that failed, from 1; null if none did.</param>
/// <param name="Error">Its error.</param>
/// <param name="TimedOut">Whether it failed by taking too long. The cell may still be running: the process should end.</param>
/// <param name="Seconds">How long all cells took.</param>
public sealed record RunResult(int Cells, int? FailedCell, ErrorOutput? Error, bool TimedOut, double Seconds)
{
    /// <summary>0 all cells ran, 1 a cell failed, 124 time was up.</summary>
    public int ExitCode => TimedOut ? 124 : Error is null ? 0 : 1;
}
