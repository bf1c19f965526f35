namespace Retort.Data;

/// <summary>What of SLURP is used; the defaults are those of the class-incremental SLU paper.</summary>
public sealed record SlurpSettings
{
    /// <summary>
    /// Recordings of more samples (at 16 kHz) are left out, of test data too: 7 s. Null keeps all and saves reading every
    /// file's header.
    /// </summary>
    public int? MostSamples { get; init; } = 112_000;

    /// <summary>Recordings of more characters of transcript are left out, of test data too. Null keeps all.</summary>
    public int? MostCharacters { get; init; } = 130;

    /// <summary>Train on real recordings alone, without the synthetic ones whose text the test set shares.</summary>
    public bool TrainReal { get; init; }

    /// <summary>What to do about lines that cannot be used and recordings whose file is missing.</summary>
    public BadRows BadRows { get; init; } = BadRows.Refuse;

    /// <summary>The scenarios there are; a line of another is a problem. Null takes any.</summary>
    public IReadOnlyList<string>? Scenarios { get; init; } = SlurpScenarios.All;
}
