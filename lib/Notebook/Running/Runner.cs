using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>Runs all code cells of a notebook in order, stops at the first error, and stores the outputs.</summary>
public static class Runner
{
    /// <summary>Name of our part of a notebook's metadata: what the outputs were made from and on.</summary>
    public const string MetadataKey = "retort";

    /// <summary>Runs the notebook; the file at <see cref="RunOptions.OutputPath"/> is written whether it succeeds or fails.</summary>
    public static async Task<RunResult> RunAsync(string path, RunOptions options, IRunProgress progress)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(progress);
        var notebook = NotebookFile.Read(path);
        Parameters.Inject(notebook, options.Parameters);
        foreach (var cell in notebook.Cells.Where(cell => cell.IsCode))
        {
            cell.SetOutputs([], null);
        }
        var collector = new OutputCollector();
        var session = await Session.StartAsync(Path.GetDirectoryName(Path.GetFullPath(path))!, options.Limits, options.CaptureNative).ConfigureAwait(false);
        var watch = Stopwatch.StartNew();
        var counts = new Dictionary<NotebookCell, int>();
        RunResult result;
        try
        {
            result = await RunCells(notebook, session, options, progress, collector, counts, watch).ConfigureAwait(false);
        }
        finally
        {
            Store(notebook, options, collector, counts, watch.Elapsed.TotalSeconds);
        }
        return result;
    }

    private static async Task<RunResult> RunCells(
        NotebookFile notebook, Session session, RunOptions options, IRunProgress progress, OutputCollector collector, Dictionary<NotebookCell, int> counts, Stopwatch watch)
    {
        // Cells without code do not run and have no number, as in Jupyter.
        var cells = notebook.Cells.Where(cell => cell.IsCode && !string.IsNullOrWhiteSpace(cell.Source)).ToList();
        for (int index = 0; index < cells.Count; index++)
        {
            var cell = cells[index];
            counts[cell] = session.ExecutionCount + 1;
            progress.CellStarts(index + 1, cells.Count, cell.Source);
            var cellWatch = Stopwatch.StartNew();
            using var interrupt = new CancellationTokenSource();
            var running = session.RunAsync(cell.Source, output => Take(cell, output, collector, progress), interrupt.Token);
            var (limit, name) = Limit(options, watch);
            var error = await WaitAsync(running, limit, name, interrupt).ConfigureAwait(false);
            bool timedOut = error is { Name: TimedOutName };
            if (timedOut)
            {
                collector.Add(cell, error!);
            }
            progress.CellEnds(index + 1, cellWatch.Elapsed.TotalSeconds, error);
            if (error is not null)
            {
                return new RunResult(index, index + 1, error, timedOut, watch.Elapsed.TotalSeconds);
            }
        }
        return new RunResult(cells.Count, null, null, false, watch.Elapsed.TotalSeconds);
    }

    private const string TimedOutName = "TimeoutException";

    private static (TimeSpan? Limit, string Name) Limit(RunOptions options, Stopwatch watch)
    {
        var left = options.Timeout - watch.Elapsed;
        return left is { } rest && (options.CellTimeout is not { } cell || rest < cell)
            ? (rest < TimeSpan.Zero ? TimeSpan.Zero : rest, $"the notebook took longer than {options.Timeout!.Value.TotalSeconds:0.###} s")
            : (options.CellTimeout, $"the cell took longer than {options.CellTimeout?.TotalSeconds:0.###} s");
    }

    private static async Task<ErrorOutput?> WaitAsync(Task<CellResult> running, TimeSpan? limit, string name, CancellationTokenSource interrupt)
    {
        if (limit is { } time && await Task.WhenAny(running, Task.Delay(time)).ConfigureAwait(false) != running)
        {
            await interrupt.CancelAsync().ConfigureAwait(false);
            // A moment for the cell to stop in order and say so.
            await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(1))).ConfigureAwait(false);
            return new ErrorOutput(TimedOutName, name, [$"{TimedOutName}: {name}"]);
        }
        return (await running.ConfigureAwait(false)).Error;
    }

    private static void Take(NotebookCell cell, Output output, OutputCollector collector, IRunProgress progress)
    {
        // A cell that was stopped for its time says "interrupted"; the time-out says it better.
        if (output is not ErrorOutput { Name: "Interrupted" })
        {
            collector.Add(cell, output);
        }
        var text = output switch
        {
            StreamOutput stream => stream.Text,
            UpdateOutput update => update.Data[Formatter.Plain],
            _ => null,
        };
        if (text?.TrimEnd().Split('\n', '\r')[^1].Trim() is { Length: > 0 } line)
        {
            progress.CellSays(line);
        }
    }

    private static void Store(NotebookFile notebook, RunOptions options, OutputCollector collector, Dictionary<NotebookCell, int> counts, double seconds)
    {
        if (options.OutputPath is not { } path)
        {
            return;
        }
        foreach (var (cell, count) in counts)
        {
            cell.SetOutputs(collector.Of(cell), count);
        }
        notebook.Metadata[MetadataKey] = Provenance(notebook, options, seconds);
        notebook.Write(path);
    }

    private static JsonObject Provenance(NotebookFile notebook, RunOptions options, double seconds) => new()
    {
        ["code_hash"] = notebook.CodeHash,
        ["output_hash"] = notebook.OutputHash,
        ["size"] = options.Size ?? "quick",
        ["parameters"] = new JsonArray([.. options.Parameters.Select(item => JsonValue.Create(item))]),
        ["seconds"] = Math.Round(seconds, 1),
        ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
        ["host"] = $"retort-notebook {typeof(Runner).Assembly.GetName().Version?.ToString(3)}",
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["system"] = RuntimeInformation.OSDescription,
        ["processor"] = Processor(),
        ["cores"] = Environment.ProcessorCount,
        ["results"] = Session.Results.All,
        ["kept_results"] = Session.Results.Kept,
    };

    private static string Processor()
    {
        const string Path = "/proc/cpuinfo";
        var line = File.Exists(Path) ? File.ReadLines(Path).FirstOrDefault(item => item.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
