using System.Diagnostics;

namespace Retort.Notebook;

/// <summary>Slows a sender down to so many messages in a second: notebook servers drop what comes faster than they like.</summary>
internal sealed class Pace(int perSecond)
{
    private readonly Lock _lock = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private int _sent;

    public void Wait()
    {
        lock (_lock)
        {
            if (_watch.ElapsedMilliseconds >= 1000)
            {
                _watch.Restart();
                _sent = 0;
            }
            else if (_sent >= perSecond)
            {
                Thread.Sleep((int)Math.Max(1, 1000 - _watch.ElapsedMilliseconds));
                _watch.Restart();
                _sent = 0;
            }
            _sent++;
        }
    }
}
