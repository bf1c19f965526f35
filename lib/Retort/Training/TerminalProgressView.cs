using System.Collections.Concurrent;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Retort.Training;

/// <summary>A table in a terminal that is drawn over the one before. Where it is too long for the window, ended runs are left out.</summary>
public sealed class TerminalProgressView : IProgressView
{
    private readonly IAnsiConsole console;
    private readonly BlockingCollection<IRenderable> tables = [];
    private readonly Thread drawing;

    /// <summary>Draws on this console from now until it is disposed.</summary>
    public TerminalProgressView(IAnsiConsole console)
    {
        this.console = console;
        // Spectre's live display holds the thread that draws.
        drawing = new Thread(Draw) { IsBackground = true, Name = "progress" };
        drawing.Start();
    }

    /// <inheritdoc/>
    public void Show(IReadOnlyList<RunState> runs, double seconds)
    {
        var room = Math.Max(console.Profile.Height - 7, 3);
        var seen = runs.Count <= room ? runs : runs.OrderByDescending(r => r.Phase is RunPhase.Running or RunPhase.Failed).Take(room).ToArray();
        var (head, rows) = ProgressTable.Of(seen);
        var table = new Table { Border = TableBorder.Simple, Caption = new TableTitle(Markup.Escape(ProgressTable.Summary(runs, seconds))) };
        foreach (var name in head)
        {
            table.AddColumn(new TableColumn(Markup.Escape(name)).NoWrap());
        }
        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Spectre.Console.Text(cell)).ToArray<IRenderable>());
        }
        tables.Add(table);
    }

    /// <summary>Leaves the last table where it is.</summary>
    public void Dispose()
    {
        tables.CompleteAdding();
        drawing.Join();
        tables.Dispose();
    }

    private void Draw() => console.Live(new Spectre.Console.Text("")).AutoClear(false).Start(live =>
    {
        foreach (var table in tables.GetConsumingEnumerable())
        {
            live.UpdateTarget(table);
            live.Refresh();
        }
    });
}
