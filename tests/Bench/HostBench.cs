using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Retort.Bench;

/// <summary>The notebook host: the kernel as a Jupyter client sees it, and the report of the notebooks.</summary>
internal static class HostBench
{
    private const string Python = "/usr/bin/python3";

    public static IEnumerable<Row> All()
    {
        var root = EngineBench.Root();
        var host = Path.Combine(root, "lib", "Notebook", "bin", "Release", "net10.0", "retort-notebook");
        if (!File.Exists(host))
        {
            throw new FileNotFoundException("the notebook host is not built; environment/bench.sh builds it", host);
        }
        var folder = Directory.CreateTempSubdirectory("retort-bench-").FullName;
        try
        {
            foreach (var row in Kernel(root, host, folder))
            {
                yield return row;
            }
            yield return Report(root, host, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<Row> Kernel(string root, string host, string folder)
    {
        if (!File.Exists(Python) || Run(Python, ["-c", "import jupyter_client"], folder).Code != 0)
        {
            yield return new Row("kernel", "not measured: Python's jupyter_client is not on this machine (environment/setup.sh)", "", null);
            yield break;
        }
        Expect(Run(host, ["install", "--prefix", Path.Combine(folder, "jupyter"), "--name", "retort-bench"], folder));
        var output = Expect(Run(Python, [Path.Combine(root, "tests", "Notebook", "kernel_bench.py"), "retort-bench"], folder));
        double Number(string line) => double.Parse(Regex.Match(output, line + @"\D*([\d.]+)").Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        Row Below(string figure, string line, string unit, double limit) =>
            new(figure, FormattableString.Invariant($"{Number(line)} {unit}"), FormattableString.Invariant($"{limit} {unit}"), Number(line) < limit);
        yield return Below("kernel, start to first result", "start to first result:", "s", 3);
        yield return Below("kernel, trivial cell after the first ten", "median", "ms", 30);
        yield return Below("kernel, 100 cells", "100 cells:", "s", 10);
        yield return Below("kernel, resident memory after them", "resident after them:", "MB", 500);
    }

    private static Row Report(string root, string host, string folder)
    {
        var notebooks = Directory.GetFiles(Path.Combine(root, "notebooks"), "*.ipynb").Order().Take(2).ToArray();
        var watch = Stopwatch.StartNew();
        Expect(Run(host, ["report", "--results", Path.Combine(folder, "results"), "--notebooks", .. notebooks, "--out", Path.Combine(folder, "report")], folder));
        var seconds = watch.Elapsed.TotalSeconds;
        return new Row($"report of {notebooks.Length} notebooks", FormattableString.Invariant($"{seconds:F1} s"), "20 s", seconds < 20);
    }

    // Sees this folder's kernel and nothing of the user's own Jupyter.
    private static (int Code, string Output) Run(string program, IEnumerable<string> arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["JUPYTER_PATH"] = Path.Combine(folder, "jupyter", "share", "jupyter");
        foreach (var variable in new[] { "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR" })
        {
            start.Environment[variable] = Path.Combine(folder, "own", variable);
        }
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }

    private static string Expect((int Code, string Output) ended) =>
        ended.Code == 0 ? ended.Output : throw new InvalidOperationException($"ended with code {ended.Code}: {ended.Output}");
}
