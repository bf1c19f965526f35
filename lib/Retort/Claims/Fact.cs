using Retort.Plots;

namespace Retort.Claims;

/// <summary>
/// Something that a paper says and that is counted or computed here without chance, such as the bytes of a store: shown beside
/// the claims, without a verdict.
/// </summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed record Fact : IDisplayable
{
    /// <summary>Stable name, such as "ced/storage".</summary>
    public required string Id { get; init; }

    /// <summary>The paper's short name, such as "ced".</summary>
    public required string Paper { get; init; }

    /// <summary>What the paper says, in short, in our words.</summary>
    public required string Says { get; init; }

    /// <summary>The paper's numbers, with their unit.</summary>
    public required string Published { get; init; }

    /// <summary>What we counted, with its unit.</summary>
    public required string Here { get; init; }

    /// <summary>What else a reader must know.</summary>
    public string Notes { get; init; } = "";

    /// <summary>The notebook that counted it.</summary>
    public string Notebook { get; init; } = "";

    /// <summary>The id of the cell that counted it.</summary>
    public string Cell { get; init; } = "";

    /// <inheritdoc/>
    public string ToHtml() => $"<div style=\"{Markup.Card};border-left:5px solid {Palette.Muted};padding:10px 14px;width:760px;font-size:13px;line-height:1.45\">"
        + $"<b>{Markup.Text(Says)}</b><br>{Markup.Text(Line)}</div>";

    /// <inheritdoc/>
    public string ToText() => $"[counted] {Says} ({Id})\n  {Line}";

    /// <summary>The text form.</summary>
    public override string ToString() => ToText();

    internal string Line => $"published: {Published}; here: {Here}{(Notes.Length > 0 ? $". {Notes}" : "")}";
}
