using System.Text;

namespace Retort.Notebook;

/// <summary>
/// Console.Out and Console.Error while a session lives: text goes to the cell that the writing code was started from,
/// on whatever thread it runs by now. Text of nobody's cell goes where it went before.
/// </summary>
internal sealed class RoutedConsole : TextWriter
{
    private static readonly AsyncLocal<CellOutput?> Flowing = new();
    private static readonly Lock Installing = new();
    private static bool s_installed;
    private readonly string _stream;
    private readonly TextWriter _before;

    private RoutedConsole(string stream, TextWriter before)
    {
        _stream = stream;
        _before = before;
    }

    /// <summary>The output of the cell that the calling code belongs to; null outside of cells.</summary>
    public static CellOutput? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Puts the routing in place, once for the process.</summary>
    public static void Install()
    {
        lock (Installing)
        {
            if (!s_installed)
            {
                s_installed = true;
                Console.SetOut(new RoutedConsole("stdout", Console.Out));
                Console.SetError(new RoutedConsole("stderr", Console.Error));
                Console.SetIn(new RoutedInput());
            }
        }
    }

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        if (Current is { } cell)
        {
            cell.Write(_stream, buffer);
        }
        else
        {
            _before.Write(buffer);
        }
    }

    public override void WriteLine(string? value) => Write(value + "\n");

    public override void WriteLine(ReadOnlySpan<char> buffer) => Write(string.Concat(buffer, "\n"));

    public override void WriteLine() => Write("\n");

    public override void Flush()
    {
        if (Current is null)
        {
            _before.Flush();
        }
    }
}
