namespace Retort.Plots;

/// <summary>Where a figure's legend stands.</summary>
public enum LegendPlace
{
    /// <summary>Right of the plot, or below it where names are long; left out where there is one name or none.</summary>
    Automatic,

    /// <summary>Right of the plot.</summary>
    Right,

    /// <summary>Below the plot, side by side.</summary>
    Bottom,

    /// <summary>No legend.</summary>
    None,
}
