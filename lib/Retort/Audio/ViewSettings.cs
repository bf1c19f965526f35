using System.Globalization;

namespace Retort.Audio;

/// <summary>
/// What a view of a clip may undergo. Defaults are CED's: a circular shift with probability 0.5, then one time mask and
/// one frequency mask whose widths and places come from the same two draws, filled with 0 dB.
/// </summary>
public sealed record ViewSettings
{
    /// <summary>How a seed becomes a view.</summary>
    public ViewAlgorithm Algorithm { get; init; } = ViewAlgorithm.Retort1;

    /// <summary>Probability that the wave is shifted at all.</summary>
    public double ShiftProbability { get; init; } = 0.5;

    /// <summary>Largest shift to either side, as a fraction of the clip's length.</summary>
    public double MaximumShift { get; init; } = 0.5;

    /// <summary>A time mask is narrower than this many frames; 0 for no time mask.</summary>
    public int TimeMask { get; init; } = 192;

    /// <summary>A frequency mask is narrower than this many mel bins; 0 for no frequency mask.</summary>
    public int FrequencyMask { get; init; } = 24;

    /// <summary>True to draw the two masks independently. False, as published: the same two numbers place both.</summary>
    public bool IndependentMasks { get; init; }

    /// <summary>What masked parts are filled with.</summary>
    public MaskFill Fill { get; init; } = MaskFill.Constant;

    /// <summary>The value for <see cref="MaskFill.Constant"/>, in dB. 0 dB, the published value, is rather loud.</summary>
    public float FillValue { get; init; }

    /// <summary>No augmentation: each view is the clip itself.</summary>
    public static ViewSettings Clean { get; } = new() { ShiftProbability = 0, TimeMask = 0, FrequencyMask = 0 };

    /// <summary>One line that names the algorithm with its version and all settings; equal lines mean equal views for equal seeds.</summary>
    public string Identity => string.Create(CultureInfo.InvariantCulture,
        $"view/{Algorithm} shift-p={ShiftProbability:R} shift-max={MaximumShift:R} time={TimeMask} frequency={FrequencyMask} " +
        $"independent={IndependentMasks} fill={Fill} value={FillValue:R}");

    internal void Check()
    {
        if (ShiftProbability is not (>= 0 and <= 1) || MaximumShift is not (>= 0 and <= 1) || TimeMask < 0 || FrequencyMask < 0)
        {
            throw new ArgumentException($"view settings out of range: {Identity}");
        }
        if (Algorithm == ViewAlgorithm.Upstream && (ShiftProbability != 0.5 || MaximumShift != 0.5 || IndependentMasks))
        {
            throw new ArgumentException("the upstream algorithm has shift probability 0.5, shifts up to 0.5 and correlated masks; " +
                "other values need ViewAlgorithm.Retort1");
        }
    }
}
