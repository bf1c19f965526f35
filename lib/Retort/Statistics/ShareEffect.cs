// Fieller, "Some problems in interval estimation" (1954): a ratio is tested by the difference part - r * whole, which needs no
// distribution of a ratio. Each r has its own standard error and degrees of freedom, by the rule of PairedEffect.

namespace Retort.Statistics;

/// <summary>
/// The share of one difference in another, such as "recovers 64 % of what is lost" (0.64). An interval is given where the
/// whole is distinguishable from zero; where it isn't, a share of it means nothing and nothing is decided.
/// </summary>
public sealed record ShareEffect : Effect
{
    private readonly Crossed crossed;
    private readonly double sign;

    private ShareEffect(Crossed crossed) => (this.crossed, sign) = (crossed, Math.Sign(crossed.Means[1]));

    /// <summary>The difference above the line, in the measure's unit.</summary>
    public double Part => crossed.Means[0];

    /// <summary>The difference below the line, in the measure's unit.</summary>
    public double Whole => crossed.Means[1];

    internal static ShareEffect Of(Crossed crossed, int items, double confidence)
    {
        var share = crossed.Means[0] / crossed.Means[1];
        // At the estimate itself the contrast's error, over the whole, is the share's own (the delta method).
        var (seeds, itemsPart, freedom) = crossed.Errors([1, -share]);
        return new ShareEffect(crossed)
        {
            Estimate = share,
            StandardErrorSeeds = seeds / Math.Abs(crossed.Means[1]),
            StandardErrorItems = itemsPart / Math.Abs(crossed.Means[1]),
            DegreesOfFreedom = freedom,
            Seeds = crossed.Seeds,
            Items = items,
            Clusters = crossed.Clusters,
            OfSeeds = [.. crossed.OfSeeds(0).Zip(crossed.OfSeeds(1), (p, w) => p / w)],
            Confidence = confidence,
            Method = double.IsNaN(freedom) ? crossed.MethodOf(freedom) : "Fieller's interval of a share, " + crossed.Method,
        };
    }

    /// <inheritdoc/>
    public override double PAbove(double bound) => Math.Max(Contrast(1, -bound, sign), Contrast(0, 1, sign));

    /// <inheritdoc/>
    public override double PBelow(double bound) => Math.Max(Contrast(1, -bound, -sign), Contrast(0, 1, sign));

    /// <inheritdoc/>
    public override (double Low, double High) Bounds(double level)
    {
        Sample.RequireConfidence(level);
        var alpha = (1 - level) / 2;
        // Written so that a p-value that is not a number gives no bounds.
        if (!(Contrast(0, 1, sign) < alpha))
        {
            return (double.NegativeInfinity, double.PositiveInfinity);
        }
        return (End(-1, bound => PAbove(bound), alpha), End(1, bound => PBelow(bound), alpha));
    }

    /// <inheritdoc/>
    public override Effect Reversed() => throw new NotSupportedException("a share has no other way round; make it with the arms exchanged");

    // One-sided p-value that a * part + b * whole lies on the far side of zero.
    private double Contrast(double a, double b, double direction)
    {
        var (seeds, items, freedom) = crossed.Errors([a, b]);
        return OneSided(direction * (a * Part + b * Whole), seeds, items, freedom);
    }

    // The value, going outwards from the estimate, at which the test begins to tell the share from it.
    private double End(int direction, Func<double, double> p, double alpha)
    {
        var step = Math.Max(1e-6, Math.Abs(Estimate) * 1e-3);
        var (inside, outside) = (Estimate, Estimate + direction * step);
        while (p(outside) >= alpha)
        {
            (inside, step) = (outside, 2 * step);
            outside = Estimate + direction * step;
            if (step > 1e9)
            {
                return direction * double.PositiveInfinity;
            }
        }
        for (var halving = 0; halving < 60; halving++)
        {
            var middle = (inside + outside) / 2;
            (inside, outside) = p(middle) >= alpha ? (middle, outside) : (inside, middle);
        }
        return (inside + outside) / 2;
    }
}
