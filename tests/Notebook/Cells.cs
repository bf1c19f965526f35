using System.Diagnostics;
using System.Text.Json.Nodes;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>Sessions, notebooks and host processes for the tests of the notebook host.</summary>
internal sealed class Cells : IDisposable
{
    private readonly Lock _lock = new();

    /// <summary>A folder of this test's own.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("retort-cells-").FullName;

    /// <summary>All outputs of the cells that were run.</summary>
    public List<Output> Outputs { get; } = [];

    public Session Session { get; private set; } = null!;

    public static async Task<Cells> StartAsync(OutputLimits? limits = null)
    {
        var cells = new Cells();
        cells.Session = await Session.StartAsync(cells.Folder, limits);
        return cells;
    }

    public async Task<CellResult> Run(string code, CancellationToken interrupt = default) => await Session.RunAsync(
        code,
        output =>
        {
            lock (_lock)
            {
                Outputs.Add(output);
            }
        },
        interrupt);

    /// <summary>Runs a cell that must succeed, and gives its value in a MIME type.</summary>
    public async Task<string?> Value(string code, string mimeType = "text/plain")
    {
        var result = await Run(code);
        Assert.True(result.Succeeded, string.Join('\n', result.Error?.Traceback ?? []) + Text("stderr"));
        return Outputs.OfType<ResultOutput>().LastOrDefault()?.Data[mimeType];
    }

    /// <summary>All text of a stream.</summary>
    public string Text(string stream)
    {
        lock (_lock)
        {
            return string.Concat(Outputs.OfType<StreamOutput>().Where(output => output.Name == stream).Select(output => output.Text));
        }
    }

    /// <summary>Writes a notebook of these code cells; `[tag] code` gives a cell a tag, `md: text` makes it markdown.</summary>
    public string Notebook(string name, params string[] sources)
    {
        var cells = new JsonArray();
        foreach (var given in sources)
        {
            bool markdown = given.StartsWith("md: ", StringComparison.Ordinal);
            var (tag, source) = given.StartsWith('[') && given.IndexOf("] ", StringComparison.Ordinal) is > 0 and var end ? (given[1..end], given[(end + 2)..]) : (null, markdown ? given[4..] : given);
            var cell = new JsonObject { ["cell_type"] = markdown ? "markdown" : "code", ["metadata"] = tag is null ? [] : new JsonObject { ["tags"] = new JsonArray(tag) }, ["source"] = source };
            if (!markdown)
            {
                cell["execution_count"] = null;
                cell["outputs"] = new JsonArray();
            }
            cells.Add(cell);
        }
        var root = new JsonObject
        {
            ["cells"] = cells,
            ["metadata"] = new JsonObject
            {
                ["kernelspec"] = new JsonObject { ["name"] = ".net-csharp", ["display_name"] = ".NET (C#)", ["language"] = "C#" },
                ["language_info"] = new JsonObject { ["name"] = "C#" },
            },
            ["nbformat"] = 4,
            ["nbformat_minor"] = 5,
        };
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, root.ToJsonString());
        return path;
    }

    /// <summary>Runs the program itself in a process of its own.</summary>
    public async Task<(int ExitCode, string Output, string Error)> Host(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "retort-notebook.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
