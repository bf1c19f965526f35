using System.Diagnostics;

namespace Retort.Tests.Notebook;

/// <summary>Every notebook of the repository runs from its first cell to its last at size smoke, each in a process of its own.</summary>
[Collection(Alone.Name)]
public sealed class NotebooksAtSmokeTest
{
    public static TheoryData<string> Notebooks =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "notebooks"), "*.ipynb").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Run_AtSizeSmoke_Ends(string name)
    {
        var folder = Directory.CreateTempSubdirectory("retort-smoke-").FullName;
        try
        {
            var host = Path.Combine(Repository.Root, "lib", "Notebook", "bin", "Release", "net10.0", "retort-notebook");
            Assert.True(File.Exists(host), $"{host} is not there: build the solution in Release first");
            var start = new ProcessStartInfo(host, ["run", Path.Combine(Repository.Root, "notebooks", name), "--size", "smoke", "--output", Path.Combine(folder, name), "--timeout", "300"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            // A cache of its own: results of an earlier run would leave nothing to run.
            start.Environment["RETORT_CACHE"] = Path.Combine(folder, "cache");
            start.Environment["RETORT_RESULTS"] = folder;
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{name} ended with code {process.ExitCode}\n{output}\n{error.Result}");
            Assert.True(new FileInfo(Path.Combine(folder, name)).Length > 10_000, "the executed notebook holds no outputs");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
