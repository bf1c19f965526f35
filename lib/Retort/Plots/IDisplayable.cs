namespace Retort.Plots;

/// <summary>
/// What a notebook can show: as HTML without anything from a network, and as plain text for terminals, logs and tests.
/// Types with the formatter attribute are found by .NET Interactive and by our host; another host may call these two.
/// </summary>
public interface IDisplayable
{
    /// <summary>A piece of HTML that stands alone.</summary>
    string ToHtml();

    /// <summary>The same content in plain text.</summary>
    string ToText();
}
