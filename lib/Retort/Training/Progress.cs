using System.Diagnostics;
using Spectre.Console;

namespace Retort.Training;

/// <summary>
/// How far the runs are, shown a few times a second at most. The last state stays when it is disposed. Safe for use by
/// several threads at once.
/// </summary>
public sealed class Progress : IDisposable
{
    private readonly object gate = new();
    private readonly IProgressView? view;
    private readonly TimeSpan pause;
    private readonly Func<TimeSpan> clock;
    private readonly List<RunProgress> runs = [];
    private TimeSpan shown = TimeSpan.MinValue;
    private bool stale, closed;

    /// <summary>Progress in a view.</summary>
    /// <param name="view">what shows it; disposed with this. Null: nothing does.</param>
    /// <param name="perSecond">updates a second, at most; the beginning and the end of a run are shown at once</param>
    public Progress(IProgressView? view, double perSecond = 4)
        : this(view, perSecond, Clock())
    {
    }

    internal Progress(IProgressView? view, double perSecond, Func<TimeSpan> clock)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perSecond);
        (this.view, pause, this.clock) = (view, TimeSpan.FromSeconds(1 / perSecond), clock);
    }

    /// <summary>Shown nowhere.</summary>
    public static Progress None() => new(null);

    /// <summary>A table in the terminal that updates in place; lines of text every ten seconds where the output is no terminal.</summary>
    public static Progress Here() => AnsiConsole.Profile.Capabilities is { Interactive: true, Ansi: true } && !Console.IsOutputRedirected
        ? new Progress(new TerminalProgressView(AnsiConsole.Console))
        : new Progress(new LinesProgressView(Console.Out), 0.1);

    /// <summary>
    /// A table in a notebook. The notebook hands in what shows it, so that this library knows no notebook: for instance
    /// <c>var shown = display(...); Progress.Notebook((html, text) =&gt; shown.Update(...))</c>.
    /// </summary>
    /// <param name="update">replaces what is shown: the table as HTML and as text</param>
    /// <param name="perSecond">updates a second, at most</param>
    public static Progress Notebook(Action<string, string> update, double perSecond = 2) => new(new NotebookProgressView(update), perSecond);

    /// <summary>
    /// Below the cell that runs, where the host of a notebook keeps a function under "Retort.Display" in the process's AppContext
    /// (from HTML and text to what replaces them); else as <see cref="Here"/>.
    /// </summary>
    public static Progress Below()
    {
        if (AppContext.GetData("Retort.Display") is not Func<string, string, Action<string, string>?> display)
        {
            return Here();
        }
        Action<string, string>? update = null;
        return Notebook((html, text) =>
        {
            if (update is null)
            {
                update = display(html, text);
            }
            else
            {
                update(html, text);
            }
        });
    }

    internal TimeSpan Now => clock();

    /// <summary>A run of this name, shown from now on.</summary>
    public RunProgress Run(string name)
    {
        lock (gate)
        {
            var run = new RunProgress(this, name);
            runs.Add(run);
            return run;
        }
    }

    /// <summary>Shows the last state and closes the view.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (closed)
            {
                return;
            }
            if (stale)
            {
                Show();
            }
            closed = true;
            view?.Dispose();
        }
    }

    internal void Change(Action change, bool now)
    {
        lock (gate)
        {
            change();
            stale = true;
            if (!closed && (now || shown == TimeSpan.MinValue || clock() - shown >= pause))
            {
                Show();
            }
        }
    }

    private static Func<TimeSpan> Clock()
    {
        var watch = Stopwatch.StartNew();
        return () => watch.Elapsed;
    }

    private void Show()
    {
        (shown, stale) = (clock(), false);
        view?.Show(runs.Select(r => r.State()).ToArray(), shown.TotalSeconds);
    }
}
