namespace Retort.Notebook;

/// <summary>How a notebook is run.</summary>
public sealed record RunOptions
{
    /// <summary>name=value, each for a variable of the cell tagged `parameters`.</summary>
    public IReadOnlyList<string> Parameters { get; init; } = [];

    /// <summary>Longest time for all cells together; null means no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Longest time for one cell; null means no limit.</summary>
    public TimeSpan? CellTimeout { get; init; }

    /// <summary>Where the notebook with its outputs goes; null if nowhere. It is written after a failure, too.</summary>
    public string? OutputPath { get; init; }

    /// <summary>The value of RETORT_SIZE that the run was given, as it is noted in the notebook.</summary>
    public string? Size { get; init; }

    /// <summary>How much a cell may say.</summary>
    public OutputLimits Limits { get; init; } = new();

    /// <summary>Whether native output is captured; only for a process that does nothing else.</summary>
    public bool CaptureNative { get; init; }
}
