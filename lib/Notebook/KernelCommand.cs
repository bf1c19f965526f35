using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Retort.Notebook;

/// <summary>retort-notebook kernel and retort-notebook install</summary>
internal static class KernelCommand
{
    public static Command Build()
    {
        var file = new Argument<string>("connection-file") { Description = "Written by the Jupyter client." };
        var command = new Command("kernel", "Serves one notebook to a Jupyter client. Clients start this themselves; see install.") { file };
        command.SetAction((parsed, _) => Commands.GuardedAsync(() => Task.FromResult(Serve(parsed.GetValue(file)!))));
        return command;
    }

    public static Command BuildInstall()
    {
        var user = new Option<bool>("--user") { Description = "For this user (the default)." };
        var prefix = new Option<string?>("--prefix") { Description = "Into PREFIX/share/jupyter, such as /usr/local for all users." };
        var name = new Option<string>("--name") { Description = "The kernel's name. With '.net-csharp', tools that do not look for another kernel of the same language find it, too.", DefaultValueFactory = _ => KernelSpec.DefaultName };
        var force = new Option<bool>("--force") { Description = "Replace a kernel of that name, also if it is another program's." };
        var command = new Command("install", "Tells Jupyter about this kernel.") { user, prefix, name, force };
        command.SetAction((parsed, _) => Commands.GuardedAsync(() =>
        {
            if (parsed.GetValue(user) && parsed.GetValue(prefix) is not null)
            {
                throw new NotebookException("--user", "", "and --prefix exclude each other");
            }
            ZeroMq.Version();
            var data = parsed.GetValue(prefix) is { } given ? Path.Combine(Path.GetFullPath(given), "share", "jupyter") : KernelSpec.UserData();
            var plotly = ReportAssets.Plotly(ReportAssets.Cache);
            Console.WriteLine(KernelSpec.Write(data, parsed.GetValue(name)!, plotly, parsed.GetValue(force)));
            foreach (var other in KernelSpec.Shadowed(data, parsed.GetValue(name)!))
            {
                Console.Error.WriteLine($"retort-notebook: {other}, of another program, stays as it is; front ends now find this kernel first");
            }
            if (plotly is null)
            {
                Console.Error.WriteLine("retort-notebook: figures will be still pictures: plotly.js is not in the cache. For figures that move: bash environment/plotly/install.sh, then install again");
            }
            return Task.FromResult(0);
        }));
        return command;
    }

    private static int Serve(string path)
    {
        var connection = ConnectionFile.Read(path);
        // Opened before native output is captured, this stays the way to the client's log.
        using var log = new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false)) { AutoFlush = true };
        // Ctrl-C in the terminal of the Jupyter server reaches us, too; we are interrupted by message only.
        using var ignored = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        var kernel = new JupyterKernel(connection, log, captureNative: OperatingSystem.IsLinux());
        new Thread(kernel.Run) { IsBackground = true, Name = "shell" }.Start();
        using var orphaned = WatchParent(kernel);
        kernel.WaitForEnd();
        // The last replies leave the sockets; a cell that still runs does not hold the process.
        Thread.Sleep(300);
        Environment.Exit(0);
        return 0;
    }

    // A client that was killed cannot say goodbye.
    private static Timer? WatchParent(JupyterKernel kernel) =>
        int.TryParse(Environment.GetEnvironmentVariable("JPY_PARENT_PID"), CultureInfo.InvariantCulture, out int parent) && parent > 1
            ? new Timer(
                _ =>
                {
                    if (!Directory.Exists($"/proc/{parent}"))
                    {
                        kernel.End();
                    }
                },
                null,
                TimeSpan.FromSeconds(2),
                TimeSpan.FromSeconds(2))
            : null;
}
