using System.CommandLine;
using System.Text;
using Spectre.Console;

namespace Retort.Notebook;

/// <summary>retort-notebook run</summary>
internal static class RunCommand
{
    public const string SizeVariable = "RETORT_SIZE";

    private static readonly string[] Sizes = ["smoke", "quick", "full", "paper"];

    public static Command Build()
    {
        var notebook = new Argument<string>("notebook") { Description = "The .ipynb file." };
        var parameters = new Option<string[]>("--param") { Description = "name=value for a variable of the cell tagged 'parameters'; may be given several times.", DefaultValueFactory = _ => [] };
        var timeout = new Option<double?>("--timeout") { Description = "Seconds for the whole notebook." };
        var cellTimeout = new Option<double?>("--cell-timeout") { Description = "Seconds for one cell." };
        var output = new Option<string?>("--output") { Description = "Where the notebook with its outputs goes." };
        var inPlace = new Option<bool>("--in-place") { Description = "Write the outputs into the notebook itself." };
        var size = new Option<string?>("--size") { Description = $"One of {string.Join(", ", Sizes)}; the cells see it as {SizeVariable}." };
        size.AcceptOnlyFromAmong(Sizes);
        var command = new Command("run", "Runs a notebook. Exit code 0: all cells ran; 1: a cell failed; 2: wrong arguments or an unusable file; 124: time was up.")
        {
            notebook, parameters, timeout, cellTimeout, output, inPlace, size,
        };
        command.SetAction((parsed, _) => Commands.GuardedAsync(() =>
        {
            var path = parsed.GetValue(notebook)!;
            if (parsed.GetValue(inPlace) && parsed.GetValue(output) is not null)
            {
                throw new NotebookException("--in-place", "", "and --output exclude each other");
            }
            var options = new RunOptions
            {
                Parameters = parsed.GetValue(parameters)!,
                Timeout = Seconds("--timeout", parsed.GetValue(timeout)),
                CellTimeout = Seconds("--cell-timeout", parsed.GetValue(cellTimeout)),
                OutputPath = parsed.GetValue(inPlace) ? Path.GetFullPath(path) : parsed.GetValue(output) is { } given ? Path.GetFullPath(given) : null,
                Size = parsed.GetValue(size) ?? Environment.GetEnvironmentVariable(SizeVariable),
                CaptureNative = OperatingSystem.IsLinux(),
            };
            return RunAsync(path, options);
        }));
        return command;
    }

    private static TimeSpan? Seconds(string option, double? value) =>
        value is null ? null : value > 0 && value < 1e8 ? TimeSpan.FromSeconds(value.Value) : throw new NotebookException(option, "", "expected a number of seconds above 0");

    private static async Task<int> RunAsync(string path, RunOptions options)
    {
        path = Path.GetFullPath(path);
        if (!File.Exists(path))
        {
            throw new NotebookException(path, "", "there is no such file");
        }
        if (options.Size is { } size)
        {
            Environment.SetEnvironmentVariable(SizeVariable, size);
        }
        bool live = !Console.IsOutputRedirected;
        // Cells find their files relative to the notebook, as in Jupyter.
        Directory.SetCurrentDirectory(Path.GetDirectoryName(path)!);
        // Opened before native output is captured, this stays the way to the terminal.
        await using var terminal = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };
        var drawn = live ? new LiveProgress(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal) })) : null;
        RunResult result;
        using (drawn)
        {
            result = await Runner.RunAsync(path, options, drawn ?? (IRunProgress)new PlainProgress(terminal)).ConfigureAwait(false);
        }
        if (result.Error is { } error)
        {
            await terminal.WriteLineAsync($"{Path.GetFileName(path)}: cell {result.FailedCell} failed: {error.Name}: {error.Message}").ConfigureAwait(false);
            foreach (var line in error.Traceback)
            {
                await terminal.WriteLineAsync(line).ConfigureAwait(false);
            }
        }
        else
        {
            await terminal.WriteLineAsync(string.Create(null, $"{Path.GetFileName(path)}: {result.Cells} cells in {result.Seconds:0.0} s")).ConfigureAwait(false);
        }
        await terminal.FlushAsync().ConfigureAwait(false);
        // Threads that a cell left behind, or a cell that does not end, must not hold the process.
        Environment.Exit(result.ExitCode);
        return result.ExitCode;
    }
}
