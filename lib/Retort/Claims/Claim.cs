// Design rule: each finding that a paper reports and a notebook re-tests is one claim. A claim that fails is shown as failed.

using System.Globalization;
using System.Text.Json.Serialization;
using Retort.Plots;

namespace Retort.Claims;

/// <summary>
/// A finding of a paper and what became of it here. The verdict follows from the numbers by the stated rule; nobody sets
/// it. At size "smoke" nothing is decided: it takes seconds and shows that the code runs. Nor with one or two seeds.
/// Made by <see cref="ClaimSet.Add"/>, which corrects the p-values of all claims together.
/// </summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed record Claim : IDisplayable
{
    /// <summary>The fewest seeds that decide.</summary>
    public const int LeastSeeds = 3;

    /// <summary>Stable name, such as "ced/consistent-beats-inconsistent"; a later claim of this name replaces the earlier.</summary>
    public required string Id { get; init; }

    /// <summary>The paper's short name, such as "ced".</summary>
    public required string Paper { get; init; }

    /// <summary>What the paper says, in short, in our words; begins with "ours:" where it is not the paper that says it.</summary>
    public required string Says { get; init; }

    /// <summary>Whether it is a check of our own that the paper does not have: it holds or does not, there is nothing to reproduce.</summary>
    [JsonIgnore]
    public bool Ours => Says.StartsWith("ours", StringComparison.OrdinalIgnoreCase);

    /// <summary>The paper's numbers, with their unit and where they stand.</summary>
    public required string Published { get; init; }

    /// <summary>The published size of the same effect, in the same unit and direction; null where there is none.</summary>
    [JsonPropertyName("published_effect")]
    public double? PublishedEffect { get; init; }

    /// <summary>What we measured, in words with its unit, such as "mAP, consistent minus inconsistent".</summary>
    public required string Measured { get; init; }

    /// <summary>The effect's unit, such as "points"; claims of one unit share an axis.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The measured effect; NaN where it could not be measured.</summary>
    public required double Effect { get; init; }

    /// <summary>Lower end of the effect's interval; not corrected.</summary>
    public double Low { get; init; } = double.NaN;

    /// <summary>Upper end of the effect's interval; not corrected.</summary>
    public double High { get; init; } = double.NaN;

    /// <summary>One-sided p-value against the opposite of the claim: small where the claim holds. Null without a test.</summary>
    [JsonPropertyName("p_for")]
    public double? PFor { get; init; }

    /// <summary>One-sided p-value against the claim: small where it does not hold. Null without a test.</summary>
    [JsonPropertyName("p_against")]
    public double? PAgainst { get; init; }

    /// <summary>Two-sided p-value of the verdict: below it no level would decide the claim. Null without a test.</summary>
    public double? PValue { get; init; }

    /// <summary><see cref="PValue"/> corrected for all claims of the paper (Holm); it decides.</summary>
    [JsonPropertyName("p_holm")]
    public double? PHolm { get; init; }

    /// <summary>The number of claims that were corrected together.</summary>
    public int Family { get; init; }

    /// <summary>The test and the interval in words: name, number of pairs, resamples.</summary>
    public string Test { get; init; } = "";

    /// <summary>The seeds over which it was measured.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [];

    /// <summary>One effect a seed, in the order of <see cref="Seeds"/>.</summary>
    public IReadOnlyList<double> OfSeeds { get; init; } = [];

    /// <summary>The size at which it was measured: smoke, quick, full or paper.</summary>
    public required string Size { get; init; }

    /// <summary>How the numbers decide.</summary>
    public required ClaimRule Rule { get; init; }

    /// <summary>The reason where it is known, and what else a reader must know.</summary>
    public string Notes { get; init; } = "";

    /// <summary>The notebook that measured it, such as "01-consistent-ensemble.ipynb".</summary>
    public string Notebook { get; init; } = "";

    /// <summary>The id of the cell that measured it.</summary>
    public string Cell { get; init; } = "";

    /// <summary>By <see cref="Rule"/> and the corrected p-value; undecided without a test, and where <see cref="Withheld"/> says so.</summary>
    public Verdict Verdict => Withheld is not null || PFor is not { } holds || PAgainst is not { } fails || !((PHolm ?? PValue) < Rule.Alpha) ? Verdict.Undecided
        : LeansFor(holds, fails, Rule.Alpha) ? Verdict.Reproduced : Verdict.NotReproduced;

    /// <summary>Why no verdict is given, whatever the numbers; null where one is.</summary>
    [JsonIgnore]
    public string? Withheld => Size == "smoke" ? "undecided at size smoke, whatever the numbers"
        : Seeds.Count == 1 ? "undecided with one seed, whatever the numbers: it does not tell what seeds differ by"
        : Seeds.Count < LeastSeeds ? $"undecided with {Seeds.Count} seeds, whatever the numbers: at least {LeastSeeds} decide"
        : null;

    /// <summary>The verdict in words.</summary>
    public string VerdictText => Words(Verdict, Ours);

    /// <summary>The effect with its interval, such as "3.1 [1.2, 5] points".</summary>
    [JsonIgnore]
    public string EffectText
    {
        get
        {
            if (double.IsNaN(Effect))
            {
                return "not measured";
            }
            // A share is shown in percent; other units follow the number.
            var (scale, unit) = Rule.Kind == "share" ? (100, "%") : (1, Unit);
            var format = Format(scale * Effect, scale * (High - Low) / 2);
            string Written(double value) => (scale * value).ToString(format, CultureInfo.InvariantCulture);
            var text = double.IsFinite(Low) && double.IsFinite(High) ? $"{Written(Effect)} [{Written(Low)}, {Written(High)}]" : Written(Effect);
            return unit.Length > 0 ? $"{text} {unit}" : text;
        }
    }

    /// <summary>The effect with interval and p-values in one line.</summary>
    public string Numbers => EffectText + (PValue is { } p ? $", {PText(p)}" : "") + (PHolm is { } holm ? $" (corrected: {PText(holm)})" : "");

    /// <inheritdoc/>
    public string ToHtml()
    {
        var colour = ColourOf(Verdict);
        return $"<div style=\"{Markup.Card};border-left:5px solid {colour};padding:10px 14px;width:760px;font-size:13px;line-height:1.45\">"
            + $"<div style=\"font-size:15px;margin-bottom:6px\">{Badge()}<b>{Markup.Text(Says)}</b></div>{DetailsHtml()}</div>";
    }

    /// <inheritdoc/>
    public string ToText() => $"[{VerdictText}] {Says} ({Id})"
        + string.Concat(Facts().Select(f => $"\n  {f.Name}: {f.Value}"));

    /// <summary>The text form.</summary>
    public override string ToString() => ToText();

    // Which way the numbers lean: for, where that alone would pass at alpha, else to the smaller p. An effect that passes the
    // bound is reproduced even if it is smaller than what would matter.
    internal static bool LeansFor(double holds, double fails, double alpha) => 2 * holds < alpha || holds <= fails;

    // The verdict of one claim or of several.
    internal static string Words(Verdict verdict, bool ours, int claims = 1) => (verdict, ours) switch
    {
        (Verdict.Reproduced, false) => "reproduced",
        (Verdict.NotReproduced, false) => "not reproduced",
        (Verdict.Reproduced, true) => claims == 1 ? "holds" : "hold",
        (Verdict.NotReproduced, true) => claims == 1 ? "does not hold" : "do not hold",
        _ => "undecided",
    };

    internal static string ColourOf(Verdict verdict) => verdict switch
    {
        Verdict.Reproduced => Palette.Good,
        Verdict.NotReproduced => Palette.Bad,
        _ => Palette.Warning,
    };

    internal static string PText(double p) => p < 0.0001 ? "p < 0.0001" : string.Create(CultureInfo.InvariantCulture, $"p = {p:G2}");

    internal string Badge() => $"<span style=\"display:inline-block;background:{ColourOf(Verdict)};color:#ffffff;border-radius:10px;white-space:nowrap;"
        + $"padding:1px 10px;font-size:12px;font-weight:600;margin-right:10px\">{VerdictText}</span> ";

    internal string DetailsHtml()
    {
        var rows = string.Concat(Facts().Select(f =>
            $"<tr style=\"background:#ffffff\"><td style=\"text-align:left;vertical-align:top;padding:2px 14px 2px 0;color:#52606d;white-space:nowrap\">{Markup.Text(f.Name)}</td>"
            + $"<td style=\"text-align:left;vertical-align:top;padding:2px 0\">{Markup.Text(f.Value)}</td></tr>"));
        return $"<table style=\"border-collapse:collapse;color:#1f2933;font-size:13px;margin:0\">{rows}</table>";
    }

    internal IEnumerable<(string Name, string Value)> Facts()
    {
        yield return ("paper", $"{Published} ({Paper})");
        yield return ("here", Measured.Length > 0 ? $"{Measured}: {Numbers}" : Numbers);
        if (Test.Length > 0)
        {
            yield return ("test", Family > 1 ? $"{Test}; p corrected for {Family} claims (Holm)" : Test);
        }
        var seeds = Seeds.Count == 0 ? "none" : string.Join(", ", Seeds);
        yield return ("seeds, size", $"{seeds}; {Size}");
        if (OfSeeds.Count > 0)
        {
            var scale = Rule.Kind == "share" ? 100 : 1;
            yield return ("each seed", string.Join(", ", OfSeeds.Select(v => (scale * v).ToString(Format(scale * Effect, scale * Effect), CultureInfo.InvariantCulture))));
        }
        yield return ("rule", Withheld ?? Rule.Words);
        if (Notes.Length > 0)
        {
            yield return ("notes", Notes);
        }
        if (Notebook.Length > 0)
        {
            yield return ("where", Cell.Length > 0 ? $"{Notebook}, cell {Cell}" : Notebook);
        }
    }

    // Two digits of what is uncertain, and the same number of decimals for the estimate and both ends.
    private static string Format(double effect, double uncertain)
    {
        var size = double.IsFinite(uncertain) && uncertain > 0 ? uncertain : Math.Abs(effect);
        return "F" + (size > 0 ? Math.Clamp(1 - (int)Math.Floor(Math.Log10(size)), 0, 6) : 1);
    }
}
