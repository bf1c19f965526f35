// Design rule: each finding that a paper reports and a notebook re-tests is one claim. A claim that fails is shown as failed.

using Retort.Plots;
using System.Globalization;

namespace Retort.Claims;

/// <summary>
/// A finding of a paper and what became of it here. The verdict follows from the numbers by the stated rule; nobody sets
/// it. At size "smoke" nothing is decided: it takes seconds and shows that the code runs. Nor with one seed.
/// </summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed record Claim : IDisplayable
{
    /// <summary>Stable name, such as "ced/consistent-beats-inconsistent"; a later claim of this name replaces the earlier.</summary>
    public required string Id { get; init; }

    /// <summary>The paper's short name, such as "ced".</summary>
    public required string Paper { get; init; }

    /// <summary>What the paper says, in short, in our words.</summary>
    public required string Says { get; init; }

    /// <summary>The paper's numbers, with their unit and where they stand.</summary>
    public required string Published { get; init; }

    /// <summary>What we measured, in words with its unit, such as "mAP, consistent minus inconsistent".</summary>
    public required string Measured { get; init; }

    /// <summary>The measured effect; NaN where it could not be measured.</summary>
    public required double Effect { get; init; }

    /// <summary>Lower end of the effect's interval.</summary>
    public double Low { get; init; } = double.NaN;

    /// <summary>Upper end of the effect's interval.</summary>
    public double High { get; init; } = double.NaN;

    /// <summary>The test's p-value, if there is a test.</summary>
    public double? PValue { get; init; }

    /// <summary>The test and the interval in words: name, number of pairs, resamples.</summary>
    public string Test { get; init; } = "";

    /// <summary>The seeds over which it was measured.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [];

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

    /// <summary>By <see cref="Rule"/>; undecided at size smoke, and with a single seed, whose interval leaves out what seeds differ by.</summary>
    public Verdict Verdict => Withheld is null ? Rule.Decide(Effect, Low, High, PValue) : Verdict.Undecided;

    // Why no verdict is given, whatever the numbers; null where one is.
    private string? Withheld => Rule.Kind == "fact" ? null
        : Size == "smoke" ? "undecided at size smoke, whatever the numbers"
        : Seeds.Count == 1 ? "undecided with one seed, whatever the numbers: the interval is over test clips alone"
        : null;

    /// <summary>The verdict in words.</summary>
    public string VerdictText => Verdict switch
    {
        Verdict.Reproduced => "reproduced",
        Verdict.NotReproduced => "not reproduced",
        _ => "undecided",
    };

    /// <summary>The effect with interval and p-value in one line.</summary>
    public string Numbers
    {
        get
        {
            var text = double.IsNaN(Effect) ? "not measured" : Effect.ToString("G4", CultureInfo.InvariantCulture);
            if (double.IsFinite(Low) && double.IsFinite(High))
            {
                text += string.Create(CultureInfo.InvariantCulture, $" [{Low:G4}, {High:G4}]");
            }
            return PValue is { } p ? text + ", " + (p < 0.0001 ? "p < 0.0001" : string.Create(CultureInfo.InvariantCulture, $"p = {p:G2}")) : text;
        }
    }

    /// <inheritdoc/>
    public string ToHtml()
    {
        var colour = Verdict switch { Verdict.Reproduced => Palette.Good, Verdict.NotReproduced => Palette.Bad, _ => Palette.Warning };
        var rows = string.Concat(Facts().Select(f =>
            $"<tr style=\"background:#ffffff\"><td style=\"text-align:left;vertical-align:top;padding:2px 14px 2px 0;color:#52606d;white-space:nowrap\">{Markup.Text(f.Name)}</td>"
            + $"<td style=\"text-align:left;vertical-align:top;padding:2px 0\">{Markup.Text(f.Value)}</td></tr>"));
        return $"<div style=\"{Markup.Card};border-left:5px solid {colour};padding:10px 14px;width:760px;font-size:13px;line-height:1.45\">"
            + $"<div style=\"font-size:15px;margin-bottom:6px\"><span style=\"display:inline-block;background:{colour};color:#ffffff;border-radius:10px;"
            + $"padding:1px 10px;font-size:12px;font-weight:600;margin-right:10px\">{VerdictText}</span><b>{Markup.Text(Says)}</b></div>"
            + $"<table style=\"border-collapse:collapse;color:#1f2933;font-size:13px;margin:0\">{rows}</table></div>";
    }

    /// <inheritdoc/>
    public string ToText() => $"[{VerdictText}] {Says} ({Id})"
        + string.Concat(Facts().Select(f => $"\n  {f.Name}: {f.Value}"));

    /// <summary>The text form.</summary>
    public override string ToString() => ToText();

    private IEnumerable<(string Name, string Value)> Facts()
    {
        yield return ("paper", $"{Published} ({Paper})");
        yield return ("here", $"{Measured}: {Numbers}");
        if (Test.Length > 0)
        {
            yield return ("test", Test);
        }
        var seeds = Seeds.Count == 0 ? "none" : string.Join(", ", Seeds);
        yield return ("seeds, size", $"{seeds}; {Size}");
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
}
