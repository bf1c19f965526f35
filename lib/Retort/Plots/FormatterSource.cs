namespace Retort.Plots;

/// <summary>Makes the formatters of every <see cref="IDisplayable"/>; called by name, see TypeFormatterSourceAttribute.</summary>
internal sealed class FormatterSource
{
    public const string Html = "text/html";
    public const string Plain = "text/plain";

    public IEnumerable<object> CreateTypeFormatters() =>
        [new Formatter(Html, static shown => shown.ToHtml()), new Formatter(Plain, static shown => shown.ToText())];

    private sealed class Formatter(string mimeType, Func<IDisplayable, string> text)
    {
        public string MimeType { get; } = mimeType;

        public bool Format(object instance, TextWriter writer)
        {
            if (instance is not IDisplayable shown)
            {
                return false;
            }
            writer.Write(text(shown));
            return true;
        }
    }
}
