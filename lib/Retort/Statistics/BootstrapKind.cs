namespace Retort.Statistics;

/// <summary>How a bootstrap interval is read off the resampled statistics.</summary>
public enum BootstrapKind
{
    /// <summary>The quantiles of the resampled statistics.</summary>
    Percentile,

    /// <summary>Quantiles corrected for bias and for acceleration by the jackknife (Efron, 1987).</summary>
    Corrected,
}
