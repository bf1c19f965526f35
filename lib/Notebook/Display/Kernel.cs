namespace Retort.Notebook;

/// <summary>What cells can call without a using: a session imports this class as `using static` before the first cell.</summary>
public static class Kernel
{
#pragma warning disable IDE1006 // lower case is the name that notebooks know
    /// <summary>Displays a value, in these MIME types or in those its type prefers.</summary>
    public static DisplayedValue display(object? value, params string[] mimeTypes) => Show(value, mimeTypes);
#pragma warning restore IDE1006

    /// <summary>Text that is HTML.</summary>
    public static FormattedValue HTML(string content) => new(Formatter.Html, content);

    internal static DisplayedValue Show(object? value, IReadOnlyList<string> mimeTypes)
    {
        var cell = RoutedConsole.Current;
        var bundle = Formatter.Bundle(value, mimeTypes);
        var displayed = new DisplayedValue(cell, Guid.NewGuid().ToString("N"), [.. bundle.Items.Select(item => item.MimeType)]);
        if (cell is null)
        {
            // No notebook listens: the text is what there is to show.
            Console.WriteLine(bundle[Formatter.Plain] ?? PlainFallback.Write(value));
        }
        else
        {
            cell.Display(bundle, displayed.DisplayId);
        }
        return displayed;
    }
}
