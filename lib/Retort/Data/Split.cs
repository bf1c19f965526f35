namespace Retort.Data;

/// <summary>What a part of a data set is for.</summary>
public enum Split
{
    /// <summary>Models learn from it.</summary>
    Train,

    /// <summary>Checkpoints and settings are chosen by it.</summary>
    Validation,

    /// <summary>Results are reported on it.</summary>
    Test,
}
