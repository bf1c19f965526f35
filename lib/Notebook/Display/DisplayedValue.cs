namespace Retort.Notebook;

/// <summary>A value on display, whose look can be replaced: a progress line, a growing figure.</summary>
public sealed class DisplayedValue
{
    private readonly CellOutput? _cell;
    private readonly IReadOnlyList<string> _mimeTypes;

    internal DisplayedValue(CellOutput? cell, string id, IReadOnlyList<string> mimeTypes)
    {
        _cell = cell;
        DisplayId = id;
        _mimeTypes = mimeTypes;
    }

    /// <summary>Jupyter's display id.</summary>
    public string DisplayId { get; }

    /// <summary>The MIME types that the value was displayed in, and that <see cref="Update"/> formats in again.</summary>
    public IReadOnlyList<string> MimeTypes => _mimeTypes;

    /// <summary>Shows another value in the same place, in the same MIME types.</summary>
    public void Update(object? updated)
    {
        // Told by the cell that runs now, which need not be the one that displayed the value first.
        if ((RoutedConsole.Current ?? _cell) is { } cell)
        {
            cell.Update(Formatter.Bundle(updated, _mimeTypes), DisplayId);
        }
        else
        {
            Console.WriteLine(PlainFallback.Write(updated));
        }
    }
}
