using System.Diagnostics;

namespace Retort.Tests.Notebook;

/// <summary>A place where Jupyter finds our kernel, and Debian's Jupyter programs run against it.</summary>
internal sealed class JupyterKernels : IDisposable
{
    public const string Python = "/usr/bin/python3";

    private JupyterKernels(Cells cells) => Cells = cells;

    public Cells Cells { get; }

    public string Data => Path.Combine(Cells.Folder, "jupyter", "share", "jupyter");

    /// <summary>The folder of these tests' own Python scripts.</summary>
    public static string Scripts
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "Research.sln")))
            {
                folder = folder.Parent;
            }
            return Path.Combine(folder.FullName, "tests", "Notebook");
        }
    }

    /// <summary>Installs the kernel for one test; skips the test where Python lacks a module.</summary>
    public static async Task<JupyterKernels> InstallAsync(string name, params string[] modules)
    {
        Skip.IfNot(File.Exists(Python), "python3 is not on this machine");
        var kernels = new JupyterKernels(new Cells());
        foreach (var module in modules)
        {
            var (missing, _) = await kernels.RunAsync(Python, ["-c", $"import {module}"]);
            if (missing != 0)
            {
                kernels.Dispose();
                Skip.If(true, $"Python's {module} is not on this machine (environment/setup.sh)");
            }
        }
        var (code, output, error) = await kernels.Cells.Host("install", "--prefix", Path.Combine(kernels.Cells.Folder, "jupyter"), "--name", name);
        Assert.True(code == 0, error);
        Assert.Equal(Path.Combine(kernels.Data, "kernels", name, "kernel.json"), output.Trim());
        return kernels;
    }

    /// <summary>Starts a program that sees our kernel and nothing of the user's own Jupyter.</summary>
    public Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Cells.Folder };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment["JUPYTER_PATH"] = Data;
        foreach (var variable in new[] { "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR" })
        {
            start.Environment[variable] = Path.Combine(Cells.Folder, "own", variable);
        }
        return Process.Start(start)!;
    }

    /// <summary>Runs a program to its end; its exit code and all it printed.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(15));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end within 15 minutes");
        }
        return (process.ExitCode, await output + await error);
    }

    public void Dispose() => Cells.Dispose();
}
