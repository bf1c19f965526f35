using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Retort.Notebook;

/// <summary>Progress for a terminal: done cells as lines, the running one with a clock and its newest word below them.</summary>
internal sealed class LiveProgress : IRunProgress, IDisposable
{
    private readonly IAnsiConsole _console;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _over = new();
    private readonly Task _drawing;
    private readonly Stopwatch _watch = new();
    private StatusContext? _status;
    private string _title = "";
    private string _said = "";
    private int _number;
    private int _count;

    public LiveProgress(IAnsiConsole console)
    {
        _console = console;
        _drawing = console.Status().AutoRefresh(true).StartAsync("starting", DrawAsync);
    }

    public void CellStarts(int number, int count, string source)
    {
        lock (_lock)
        {
            (_number, _count, _title, _said) = (number, count, PlainProgress.Title(source), "");
            _watch.Restart();
        }
        Draw();
    }

    public void CellSays(string line)
    {
        lock (_lock)
        {
            _said = line.Length <= 100 ? line : line[..99] + "…";
        }
    }

    public void CellEnds(int number, double seconds, ErrorOutput? error)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"[{number}/{_count}] {seconds,7:0.0} s  {_title}");
        _console.MarkupLine($"[{(error is null ? "green" : "red")}]{(error is null ? "✓" : "✗")}[/] {Markup.Escape(text)}");
    }

    public void Dispose()
    {
        _over.TrySetResult();
        _drawing.Wait();
    }

    private async Task DrawAsync(StatusContext status)
    {
        _status = status;
        while (!_over.Task.IsCompleted)
        {
            Draw();
            await Task.WhenAny(_over.Task, Task.Delay(200)).ConfigureAwait(false);
        }
    }

    private void Draw()
    {
        lock (_lock)
        {
            if (_status is not null && _number > 0)
            {
                var text = string.Create(CultureInfo.InvariantCulture, $"[{_number}/{_count}] {_watch.Elapsed.TotalSeconds,7:0.0} s  {_title}{(_said.Length > 0 ? "  | " + _said : "")}");
                _status.Status(Markup.Escape(text));
            }
        }
    }
}
