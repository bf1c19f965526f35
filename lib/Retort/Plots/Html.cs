namespace Retort.Plots;

/// <summary>A piece of HTML to show as it is. The caller answers for what is in it.</summary>
/// <param name="Markup">shown in a notebook</param>
/// <param name="Plain">shown in a terminal</param>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed record Html(string Markup, string Plain) : IDisplayable
{
    /// <inheritdoc/>
    public string ToHtml() => Markup;

    /// <inheritdoc/>
    public string ToText() => Plain;
}
