// What a verdict rests on: an estimate, how far seeds and test items could have moved it, and Student's t for both together.

using System.Globalization;
using MathNet.Numerics.Distributions;

namespace Retort.Statistics;

/// <summary>
/// A difference between arms with what is uncertain about it. Interval and p-values are of one t distribution, so that they
/// agree: the interval leaves out a value where the two-sided test of that value has p below 1 - confidence. With one seed
/// nothing is known of what seeds differ by: the interval is unbounded and every p-value is not a number.
/// Made by <see cref="PairedEffect"/>.
/// </summary>
public record Effect
{
    private readonly double confidence = 0.95;

    /// <summary>The mean difference over seeds, in the measure's unit.</summary>
    public required double Estimate { get; init; }

    /// <summary>The seeds' part of the standard error, what seeds do differently to single items included; NaN of one seed.</summary>
    public required double StandardErrorSeeds { get; init; }

    /// <summary>The test items' part, common to all seeds. The squares of both parts add up to the whole.</summary>
    public required double StandardErrorItems { get; init; }

    /// <summary>Degrees of freedom of Student's t, by <see cref="PairedEffect"/>'s rule.</summary>
    public required double DegreesOfFreedom { get; init; }

    /// <summary>Number of seeds.</summary>
    public required int Seeds { get; init; }

    /// <summary>Number of test items; 0 where the measure is not one of items.</summary>
    public required int Items { get; init; }

    /// <summary>Number of clusters of items that were resampled.</summary>
    public int Clusters { get; init; }

    /// <summary>One difference a seed.</summary>
    public IReadOnlyList<double> OfSeeds { get; init; } = [];

    /// <summary>Such as 0.95; the interval's.</summary>
    public double Confidence
    {
        get => confidence;
        init
        {
            Sample.RequireConfidence(value);
            confidence = value;
        }
    }

    /// <summary>How the interval was made, in words for a reader.</summary>
    public required string Method { get; init; }

    /// <summary>The whole standard error.</summary>
    public double StandardError => Math.Sqrt(StandardErrorSeeds * StandardErrorSeeds + StandardErrorItems * StandardErrorItems);

    /// <summary>Lower end of the interval; minus infinity where none can be given.</summary>
    public double Low => Bounds(Confidence).Low;

    /// <summary>Upper end of the interval; infinity where none can be given.</summary>
    public double High => Bounds(Confidence).High;

    /// <summary>Two-sided, against an effect of zero; NaN where there is no interval.</summary>
    public double PValue => Math.Min(1, 2 * Math.Min(PAbove(0), PBelow(0)));

    /// <summary>One-sided p-value of "the effect is at most the bound": small where the effect lies above it.</summary>
    public virtual double PAbove(double bound) => OneSided(Estimate - bound, StandardErrorSeeds, StandardErrorItems, DegreesOfFreedom);

    /// <summary>One-sided p-value of "the effect is at least the bound": small where the effect lies below it.</summary>
    public virtual double PBelow(double bound) => OneSided(bound - Estimate, StandardErrorSeeds, StandardErrorItems, DegreesOfFreedom);

    /// <summary>
    /// Equivalence by two one-sided tests (Schuirmann, 1987): p-value of "the effect lies outside plus or minus the margin";
    /// small where the two arms are equal for practical purposes. The margin is to be named before measuring.
    /// </summary>
    /// <param name="margin">the smallest difference that would matter, in the measure's unit; positive</param>
    public double PWithin(double margin)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(margin);
        return Math.Max(PAbove(-margin), PBelow(margin));
    }

    /// <summary>One-sided p-value of "the effect lies within plus or minus the margin": small where the arms differ by more.</summary>
    /// <param name="margin">the smallest difference that would matter, in the measure's unit; positive</param>
    public double POutside(double margin)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(margin);
        return Math.Min(PAbove(margin), PBelow(-margin));
    }

    /// <summary>The interval at another confidence.</summary>
    public virtual (double Low, double High) Bounds(double level)
    {
        Sample.RequireConfidence(level);
        var half = Half(StandardErrorSeeds, StandardErrorItems, DegreesOfFreedom, level);
        return double.IsNaN(half) ? (double.NegativeInfinity, double.PositiveInfinity) : (Estimate - half, Estimate + half);
    }

    /// <summary>The other way round: the second arm less the first.</summary>
    public virtual Effect Reversed() => this with { Estimate = -Estimate, OfSeeds = [.. OfSeeds.Select(d => -d)] };

    /// <summary>Estimate and interval, as "0.431 [0.420, 0.442]"; without an interval the estimate and why.</summary>
    public sealed override string ToString() => double.IsFinite(Low) && double.IsFinite(High)
        ? string.Create(CultureInfo.InvariantCulture, $"{Estimate:G4} [{Low:G4}, {High:G4}]")
        : string.Create(CultureInfo.InvariantCulture, $"{Estimate:G4} (no interval: {Method})");

    // No spread at all: arms that gave the same everywhere are the same; any other difference without spread is one of
    // which the spread is unknown.
    private protected static double OneSided(double distance, double seeds, double items, double freedom)
    {
        var error = Math.Sqrt(seeds * seeds + items * items);
        return double.IsNaN(error) ? double.NaN
            : error == 0 ? distance > 0 ? 0 : 1
            : StudentT.CDF(0, 1, freedom, -distance / error);
    }

    private protected static double Half(double seeds, double items, double freedom, double level)
    {
        var error = Math.Sqrt(seeds * seeds + items * items);
        return error == 0 ? 0 : double.IsNaN(error) ? double.NaN : error * StudentT.InvCDF(0, 1, freedom, 0.5 + level / 2);
    }
}
