using System.Diagnostics;
using System.Globalization;

namespace Retort.Bench;

/// <summary>The stock PyTorch process at the other side (environment/reference/bench.py or another): asked a line, it answers a number.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process process;

    public Peer(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [script, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // What the engine sets for itself holds for the other side too.
        foreach (var (name, value) in new[] { ("OMP_WAIT_POLICY", "passive"), ("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1") })
        {
            start.Environment[name] = value;
        }
        process = Process.Start(start) ?? throw new InvalidOperationException("python3 did not start");
        Version = Line();
    }

    public string Version { get; }

    public double Ask(string line)
    {
        process.StandardInput.WriteLine(line);
        process.StandardInput.Flush();
        return double.Parse(Line(), CultureInfo.InvariantCulture);
    }

    private string Line() => process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"the PyTorch side ended with code {process.ExitCode}");

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit(5000);
        process.Dispose();
    }
}
