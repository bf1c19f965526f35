namespace Retort.Training;

/// <summary>Where a run stands.</summary>
public enum RunPhase
{
    /// <summary>Not begun.</summary>
    Waiting,

    /// <summary>At work.</summary>
    Running,

    /// <summary>Ended with a result.</summary>
    Done,

    /// <summary>Ended with an error.</summary>
    Failed,
}
