namespace Retort.Data;

/// <summary>The parts of SLURP as its text files have them.</summary>
public enum SlurpPart
{
    /// <summary>Training, read by people.</summary>
    Train,

    /// <summary>
    /// Training, spoken by a machine. 64 % of the sentences of development and test occur in it as text (SLURP's issues 3 and 5);
    /// the published class-incremental experiments train on it all the same.
    /// </summary>
    TrainSynthetic,

    /// <summary>Development.</summary>
    Development,

    /// <summary>Test.</summary>
    Test,
}
