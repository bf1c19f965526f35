namespace Retort.Notebook;

/// <summary>Turns a value into MIME types: by the library's own formatters where it has them, else by the general ones.</summary>
internal static class Formatter
{
    public const string Html = "text/html";
    public const string Plain = "text/plain";

    /// <summary>The value in the MIME types asked for; in those its type prefers where none is asked for.</summary>
    public static MimeBundle Bundle(object? value, params IReadOnlyList<string> mimeTypes)
    {
        var bundle = new MimeBundle();
        if (AsIs(value) is { } ready)
        {
            foreach (var item in ready)
            {
                bundle.Add(item.MimeType, item.Value);
            }
            return bundle;
        }
        var found = value is null ? null : FormatterConvention.For(value.GetType());
        foreach (var mimeType in mimeTypes.Count > 0 ? mimeTypes : Preferred(value, found))
        {
            bundle.Add(mimeType, One(value, mimeType, found));
        }
        return bundle;
    }

    /// <summary>The value in one MIME type by a formatter of the library's own; null where there is none.</summary>
    public static string? ByConvention(object value, string mimeType) => ByConvention(value, mimeType, FormatterConvention.For(value.GetType()));

    private static string? ByConvention(object value, string mimeType, FormatterConvention.Found? found)
    {
        foreach (var formatter in found?.Formatters ?? [])
        {
            if (formatter.MimeType == mimeType)
            {
                var writer = new StringWriter(System.Globalization.CultureInfo.InvariantCulture);
                if (formatter.Format(value, writer))
                {
                    return writer.ToString();
                }
            }
        }
        return null;
    }

    private static string One(object? value, string mimeType, FormatterConvention.Found? found) =>
        (value is null ? null : ByConvention(value, mimeType, found)) ?? mimeType switch
        {
            Html => HtmlFallback.Write(value),
            "application/json" => PlainFallback.Json(value),
            TableFallback.DataResource => TableFallback.Resource(value),
            _ => PlainFallback.Write(value),
        };

    private static IReadOnlyList<string> Preferred(object? value, FormatterConvention.Found? found)
    {
        if (found?.PreferredMimeTypes is { Count: > 0 } preferred)
        {
            return preferred;
        }
        if (value is string or char)
        {
            return [Plain];
        }
        // A type with formatters of its own gets the one default type of notebooks; for any other the text costs nothing.
        return found is { Formatters.Count: > 0 } ? [Html] : [Html, Plain];
    }

    private static IReadOnlyList<FormattedValue>? AsIs(object? value) => value switch
    {
        FormattedValue one => [one],
        IEnumerable<FormattedValue> several when several.Any() => [.. several],
        _ => null,
    };
}
