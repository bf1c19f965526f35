using System.Globalization;
using System.Text.Json.Serialization;
using Retort.Statistics;

namespace Retort.Claims;

/// <summary>
/// How a measurement decides a claim; chosen before measuring. A rule asks two questions of the effect, each with a one-sided
/// p-value: does it hold, and does it not. Where the data answer neither, the claim is undecided.
/// </summary>
/// <param name="Kind">"greater", "less", "within" or "share"</param>
/// <param name="Bound">what the effect must exceed (greater, share) or fall below (less), or the margin about zero (within)</param>
/// <param name="Alpha">the probability of a false verdict that is allowed; two-sided</param>
public sealed record ClaimRule(string Kind, double Bound, double Alpha)
{
    /// <summary>
    /// An effect short of this is too small to matter (greater: from below, less: from above): one that certainly falls short
    /// of it, and does not certainly pass the bound, is not reproduced. Null: only an effect on the other side of the bound is.
    /// </summary>
    public double? Negligible { get; init; }

    /// <summary>The effect is greater than the bound. Swapping the arms turns reproduced into not reproduced.</summary>
    /// <param name="bound">in the measure's unit</param>
    /// <param name="alpha">a corrected p-value below this decides</param>
    /// <param name="negligible">the smallest effect that would matter, at least the bound; see <see cref="Negligible"/></param>
    /// <exception cref="ArgumentException">A negligible effect below the bound.</exception>
    public static ClaimRule Greater(double bound = 0, double alpha = 0.05, double? negligible = null) =>
        !(negligible < bound) ? new("greater", bound, alpha) { Negligible = negligible }
            : throw new ArgumentException($"the smallest effect that matters, {negligible}, lies below the bound {bound}", nameof(negligible));

    /// <summary>The effect is less than the bound, such as an error rate that falls.</summary>
    /// <param name="bound">in the measure's unit</param>
    /// <param name="alpha">a corrected p-value below this decides</param>
    /// <param name="negligible">the smallest effect that would matter, at most the bound, such as -0.5</param>
    /// <exception cref="ArgumentException">A negligible effect above the bound.</exception>
    public static ClaimRule Less(double bound = 0, double alpha = 0.05, double? negligible = null) =>
        !(negligible > bound) ? new("less", bound, alpha) { Negligible = negligible }
            : throw new ArgumentException($"the smallest effect that matters, {negligible}, lies above the bound {bound}", nameof(negligible));

    /// <summary>Two things are equal for practical purposes: the effect lies within plus or minus the margin (two one-sided tests).</summary>
    /// <param name="margin">the smallest difference that would matter; positive</param>
    public static ClaimRule Within(double margin) => margin > 0 ? new("within", margin, 0.05)
        : throw new ArgumentOutOfRangeException(nameof(margin), margin, "a margin is positive");

    /// <summary>A share of a difference (<see cref="PairedEffect.Share"/>) is at least this, such as 0.5 of what is lost.</summary>
    /// <param name="share">1 is the whole</param>
    public static ClaimRule AtLeastShare(double share) => new("share", share, 0.05);

    /// <summary>The rule in words for a reader.</summary>
    [JsonIgnore]
    public string Words
    {
        get
        {
            var level = string.Create(CultureInfo.InvariantCulture, $"at p < {Alpha:G2}, corrected for all claims of the paper");
            return Kind switch
            {
                "greater" => $"reproduced if the effect is greater than {N(Bound)}; not reproduced if {(Negligible is { } least ? $"it is less than {N(least)}, the least that matters" : "it is less")}; else undecided ({level})",
                "less" => $"reproduced if the effect is less than {N(Bound)}; not reproduced if {(Negligible is { } least ? $"it is greater than {N(least)}, the least that matters" : "it is greater")}; else undecided ({level})",
                "within" => $"reproduced if the effect lies within ±{N(Bound)}; not reproduced if it lies outside; else undecided ({level})",
                "share" => $"reproduced if the share is greater than {N(100 * Bound)} %; not reproduced if it is less; else undecided ({level})",
                _ => throw new InvalidOperationException($"unknown rule '{Kind}'"),
            };
        }
    }

    /// <summary>Whether an effect of this size, known exactly, is what the rule asks for.</summary>
    public bool Asks(double effect) => Kind switch
    {
        "greater" => effect > Bound,
        "less" => effect < Bound,
        "within" => Math.Abs(effect) <= Bound,
        "share" => effect >= Bound,
        _ => throw new InvalidOperationException($"unknown rule '{Kind}'"),
    };

    /// <summary>One-sided p-values of the two questions: small For speaks for the claim, small Against against it.</summary>
    public (double For, double Against) Test(Effect effect) => Kind switch
    {
        "greater" => (effect.PAbove(Bound), effect.PBelow(Negligible ?? Bound)),
        "less" => (effect.PBelow(Bound), effect.PAbove(Negligible ?? Bound)),
        "within" => (effect.PWithin(Bound), effect.POutside(Bound)),
        "share" => (effect.PAbove(Bound), effect.PBelow(Bound)),
        _ => throw new InvalidOperationException($"unknown rule '{Kind}'"),
    };

    private static string N(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
