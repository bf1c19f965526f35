namespace Retort.Statistics;

/// <summary>Which differences count as evidence.</summary>
public enum Alternative
{
    /// <summary>a differs from b, either way.</summary>
    TwoSided,

    /// <summary>a is greater than b.</summary>
    Greater,

    /// <summary>a is less than b.</summary>
    Less,
}
