using System.Text;

namespace Retort.Notebook;

/// <summary>
/// What one cell says, on its way out: gathers stream text and updates for a moment, keeps the order, counts what
/// exceeds the limits. Any thread may write, also after the cell has ended.
/// </summary>
internal sealed class CellOutput : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Action<Output> _emit;
    private readonly OutputLimits _limits;
    private readonly Timer _timer;
    private readonly StringBuilder _pending = new();
    private readonly Dictionary<string, UpdateOutput> _updates = [];
    private readonly Dictionary<string, long> _leftOut = [];
    private string _stream = "stdout";
    private long _streamed;
    private long _displayed;
    private int _displays;
    private bool _scheduled;

    public CellOutput(Action<Output> emit, OutputLimits limits)
    {
        _emit = emit;
        _limits = limits;
        _timer = new Timer(_ => Flush());
    }

    /// <summary>Asks the user for a line, with a prompt; null where nobody can be asked.</summary>
    public Func<string, string>? Input { get; init; }

    public void Write(string stream, ReadOnlySpan<char> text)
    {
        Interruption.CheckOutput();
        lock (_lock)
        {
            int room = (int)Math.Clamp(_limits.StreamCharacters - _streamed, 0, text.Length);
            if (room < text.Length)
            {
                LeaveOut(stream == "stdout" ? "characters of standard output" : "characters of standard error", text.Length - room);
            }
            if (room == 0)
            {
                return;
            }
            if (_stream != stream)
            {
                FlushStream();
                _stream = stream;
            }
            _streamed += room;
            _pending.Append(text[..room]);
            Schedule();
        }
    }

    public void Display(MimeBundle data, string? displayId)
    {
        Interruption.CheckOutput();
        lock (_lock)
        {
            FlushAll();
            _displays++;
            if (_displays > _limits.Displays || _displayed + data.Length > _limits.DisplayCharacters)
            {
                LeaveOut("displayed values", 1);
                return;
            }
            _displayed += data.Length;
            _emit(new DisplayOutput(data, displayId));
        }
    }

    public void Update(MimeBundle data, string displayId)
    {
        Interruption.CheckOutput();
        lock (_lock)
        {
            // Only the newest look of a display is worth sending.
            _updates[displayId] = new UpdateOutput(data, displayId);
            Schedule();
        }
    }

    /// <summary>The cell's value or its error: the last word of a cell is never left out for its number.</summary>
    public void Send(Output output)
    {
        lock (_lock)
        {
            FlushAll();
            _emit(output);
        }
    }

    public void Flush()
    {
        lock (_lock)
        {
            FlushAll();
        }
    }

    /// <summary>Sends what waits, and says what was left out.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            FlushAll();
            foreach (var (what, count) in _leftOut)
            {
                _emit(new StreamOutput("stderr", string.Create(null, $"\n... {count:N0} more {what} left out\n")));
            }
            _leftOut.Clear();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void LeaveOut(string what, long count) => _leftOut[what] = _leftOut.GetValueOrDefault(what) + count;

    private void Schedule()
    {
        if (!_scheduled)
        {
            _scheduled = true;
            _timer.Change(TimeSpan.FromSeconds(_limits.FlushSeconds), Timeout.InfiniteTimeSpan);
        }
    }

    private void FlushAll()
    {
        _scheduled = false;
        FlushStream();
        foreach (var update in _updates.Values)
        {
            _emit(update);
        }
        _updates.Clear();
    }

    private void FlushStream()
    {
        if (_pending.Length > 0)
        {
            var text = _pending.ToString();
            _pending.Clear();
            _emit(new StreamOutput(_stream, text));
        }
    }
}
