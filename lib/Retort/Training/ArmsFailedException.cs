namespace Retort.Training;

/// <summary>Some arms failed; the others ran and their results are kept.</summary>
public sealed class ArmsFailedException : Exception
{
    internal ArmsFailedException(AblationResult result, IReadOnlyList<Exception> causes)
        : base(
            $"{result.Failed.Count} of {result.Runs.Count} runs failed: " + string.Join("; ", result.Failed.Select(r => $"{r.Arm}, seed {r.Seed}: {r.Error}")),
            causes.Count > 0 ? causes[0] : null) => Result = result;

    /// <summary>All results, the failed ones with their errors.</summary>
    public AblationResult Result { get; }
}
