namespace Retort.Notebook;

/// <summary>What cells can call without a using: a session imports this class as `using static` before the first cell.</summary>
public static class Kernel
{
#pragma warning disable IDE1006 // lower case is the name that notebooks know
    /// <summary>Displays a value, in these MIME types or in those its type prefers.</summary>
    public static DisplayedValue display(object? value, params string[] mimeTypes) => Show(value, mimeTypes);
#pragma warning restore IDE1006

    /// <summary>Text that is HTML.</summary>
    public static FormattedValue HTML(string content) => new(Retort.Notebook.Formatter.Html, content);

    /// <summary>Asks the user for a line.</summary>
    /// <exception cref="NotSupportedException">The cell runs where nobody can be asked.</exception>
    public static Task<string> GetInputAsync(string prompt = "") => Task.FromResult(RoutedInput.Ask(prompt));

    internal static DisplayedValue Show(object? value, IReadOnlyList<string> mimeTypes)
    {
        var cell = RoutedConsole.Current;
        var bundle = Retort.Notebook.Formatter.Bundle(value, mimeTypes);
        var displayed = new DisplayedValue(cell, Guid.NewGuid().ToString("N"), [.. bundle.Items.Select(item => item.MimeType)]);
        if (cell is null)
        {
            // No notebook listens: the text is what there is to show.
            Console.WriteLine(bundle[Retort.Notebook.Formatter.Plain] ?? PlainFallback.Write(value));
        }
        else
        {
            cell.Display(bundle, displayed.DisplayId);
        }
        return displayed;
    }

    /// <summary>How values are shown, set from a cell; what is set here comes before what libraries bring along.</summary>
    public static class Formatter
    {
        /// <summary>Shows values of a type as this text.</summary>
        /// <param name="format">From the value to the text.</param>
        /// <param name="mimeType">For instance text/html.</param>
        public static void Register<T>(Func<T, string> format, string mimeType = Retort.Notebook.Formatter.Plain)
        {
            ArgumentNullException.ThrowIfNull(format);
            Register<T>((value, writer) => writer.Write(format(value)), mimeType);
        }

        /// <summary>Shows values of a type by writing them.</summary>
        public static void Register<T>(Action<T, TextWriter> format, string mimeType = Retort.Notebook.Formatter.Plain)
        {
            ArgumentNullException.ThrowIfNull(format);
            Register(typeof(T), (value, writer) => format((T)value, writer), mimeType);
        }

        /// <summary>Shows values of a type, and of those that derive from it, by writing them.</summary>
        public static void Register(Type type, Action<object, TextWriter> format, string mimeType = Retort.Notebook.Formatter.Plain)
        {
            ArgumentNullException.ThrowIfNull(type);
            ArgumentNullException.ThrowIfNull(format);
            ArgumentException.ThrowIfNullOrWhiteSpace(mimeType);
            FormatterConvention.Prefer(type, mimeType, (value, writer) =>
            {
                format(value, writer);
                return true;
            });
        }

        /// <summary>The MIME types in which values of a type are shown where none is asked for.</summary>
        public static void SetPreferredMimeTypesFor(Type type, params string[] mimeTypes)
        {
            ArgumentNullException.ThrowIfNull(type);
            FormatterConvention.Prefer(type, mimeTypes);
        }

        /// <summary>Forgets what was set here.</summary>
        public static void ResetToDefault() => FormatterConvention.Reset();
    }
}
