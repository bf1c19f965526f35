using Retort.Notebook;

// Namespace System, so that cells need no using: as in .NET Interactive.
#pragma warning disable IDE0130
namespace System;

/// <summary>Displays as method calls.</summary>
public static class DisplayExtensions
{
    /// <summary>Displays a value, in these MIME types or in those its type prefers.</summary>
    public static DisplayedValue Display(this object? value, params string[] mimeTypes) => Kernel.Show(value, mimeTypes);

    /// <summary>Displays text that already is of this MIME type.</summary>
    public static DisplayedValue DisplayAs(this string value, string mimeType)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Kernel.Show(new FormattedValue(mimeType, value), []);
    }

    /// <summary>Displays a list as a table whose columns are the members of its items.</summary>
    public static DisplayedValue DisplayTable<T>(this IEnumerable<T> items, params string[] mimeTypes)
    {
        ArgumentNullException.ThrowIfNull(items);
        return Kernel.Show(items.ToList(), mimeTypes);
    }
}
