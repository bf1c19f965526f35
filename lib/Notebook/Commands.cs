using System.CommandLine;

namespace Retort.Notebook;

/// <summary>The command line: run, lint, report, kernel, install.</summary>
internal static class Commands
{
    /// <summary>Exit code for wrong arguments and unusable files.</summary>
    public const int BadInput = 2;

    public static RootCommand Root() => new("Runs, checks and shows C# notebooks, and serves them to Jupyter.") { RunCommand.Build(), LintCommand.Build(), ReportCommand.Build(), KernelCommand.Build(), KernelCommand.BuildInstall() };

    /// <summary>Runs a command's body; what the user can put right is one line on standard error.</summary>
    public static async Task<int> GuardedAsync(Func<Task<int>> body)
    {
        try
        {
            return await body().ConfigureAwait(false);
        }
        catch (NotebookException exception)
        {
            await Console.Error.WriteLineAsync($"retort-notebook: {exception.Message}").ConfigureAwait(false);
            return BadInput;
        }
    }
}
