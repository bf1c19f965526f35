namespace Retort.Plots;

/// <summary>A sentence or two in a card of its own: a result that is told in words.</summary>
/// <param name="Text">plain text; line breaks are kept</param>
/// <param name="Kind">colours the card's edge</param>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed record Note(string Text, NoteKind Kind = NoteKind.Plain) : IDisplayable
{
    /// <inheritdoc/>
    public string ToHtml()
    {
        var colour = Kind switch { NoteKind.Good => Palette.Good, NoteKind.Warning => Palette.Warning, NoteKind.Bad => Palette.Bad, _ => "#8a94a0" };
        return $"<div style=\"{Markup.Card};border-left:4px solid {colour};padding:8px 14px;font-size:14px;line-height:1.5;width:760px;"
            + $"white-space:pre-line\">{Markup.Text(Text)}</div>";
    }

    /// <inheritdoc/>
    public string ToText() => Text;
}
