namespace Retort.Notebook;

/// <summary>One thing that a cell says: the five kinds of output that the notebook format and Jupyter's messages share.</summary>
public abstract record Output;

/// <summary>Text on a stream; <paramref name="Name"/> is stdout or stderr.</summary>
public sealed record StreamOutput(string Name, string Text) : Output;

/// <summary>A displayed value. With an id, later <see cref="UpdateOutput"/>s of the same id replace what it shows.</summary>
public sealed record DisplayOutput(MimeBundle Data, string? DisplayId) : Output;

/// <summary>A new look for every display of this id.</summary>
public sealed record UpdateOutput(MimeBundle Data, string DisplayId) : Output;

/// <summary>The value of the cell's last expression.</summary>
public sealed record ResultOutput(MimeBundle Data, int ExecutionCount) : Output;

/// <summary>The cell failed. <paramref name="Traceback"/> has the lines that a reader sees.</summary>
public sealed record ErrorOutput(string Name, string Message, IReadOnlyList<string> Traceback) : Output;
