using System.Globalization;
using System.Text.Json.Serialization;

namespace Retort.Claims;

/// <summary>
/// How a measurement decides a claim; chosen before measuring. The rule sees the estimate, its interval and a p-value, and
/// nothing else.
/// </summary>
/// <param name="Kind">"greater", "within" or "fact"</param>
/// <param name="Bound">what the effect must exceed (greater), or how far from zero it may lie (within)</param>
/// <param name="Alpha">a p-value below this counts</param>
public sealed record ClaimRule(string Kind, double Bound, double Alpha)
{
    /// <summary>
    /// The effect is greater than the bound. Reproduced: the interval lies above the bound, and p, if there is one, is
    /// below alpha. Not reproduced: the interval's upper end lies at or below the bound. Undecided otherwise.
    /// </summary>
    public static ClaimRule Greater(double bound = 0, double alpha = 0.05) => new("greater", bound, alpha);

    /// <summary>
    /// Two things are equal for practical purposes. Reproduced: the interval lies within plus or minus the bound. Not
    /// reproduced: it lies wholly outside. Undecided otherwise.
    /// </summary>
    public static ClaimRule Within(double bound) => new("within", bound, 0.05);

    /// <summary>Something counted or computed, without chance: reproduced where the estimate is at most the bound.</summary>
    public static ClaimRule AtMost(double bound) => new("fact", bound, 0.05);

    /// <summary>The rule in words for a reader.</summary>
    [JsonIgnore]
    public string Words => Kind switch
    {
        "greater" => string.Create(CultureInfo.InvariantCulture, $"reproduced if the interval of the effect lies above {Bound:G4} (and p < {Alpha:G2} where a test was made); "
            + $"not reproduced if it lies at or below {Bound:G4}; else undecided"),
        "within" => string.Create(CultureInfo.InvariantCulture, $"reproduced if the interval lies within ±{Bound:G4}; not reproduced if wholly outside; else undecided"),
        "fact" => string.Create(CultureInfo.InvariantCulture, $"a count: reproduced if at most {Bound:G4}"),
        _ => throw new InvalidOperationException($"unknown rule '{Kind}'"),
    };

    /// <summary>The verdict. An effect or interval that is not a number is undecided.</summary>
    /// <param name="effect">the estimate</param>
    /// <param name="low">the interval's lower end</param>
    /// <param name="high">the interval's upper end</param>
    /// <param name="p">the test's p-value, if there is a test</param>
    public Verdict Decide(double effect, double low, double high, double? p)
    {
        if (double.IsNaN(effect) || (Kind != "fact" && (double.IsNaN(low) || double.IsNaN(high))))
        {
            return Verdict.Undecided;
        }
        return Kind switch
        {
            "greater" => low > Bound && (p is null || p < Alpha) ? Verdict.Reproduced
                : high <= Bound ? Verdict.NotReproduced : Verdict.Undecided,
            "within" => low >= -Bound && high <= Bound ? Verdict.Reproduced
                : low > Bound || high < -Bound ? Verdict.NotReproduced : Verdict.Undecided,
            "fact" => effect <= Bound ? Verdict.Reproduced : Verdict.NotReproduced,
            _ => throw new InvalidOperationException($"unknown rule '{Kind}'"),
        };
    }
}
