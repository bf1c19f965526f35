using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Retort.Notebook;

/// <summary>The file by which Jupyter finds the kernel.</summary>
internal static partial class KernelSpec
{
    public const string DefaultName = "retort-csharp";

    /// <summary>Writes kernel.json below a folder of Jupyter's data, and gives its path.</summary>
    /// <param name="data">For instance ~/.local/share/jupyter.</param>
    /// <param name="name">The kernel's name.</param>
    /// <param name="plotly">plotly.js, which Jupyter Notebook then loads with the kernel, so that figures are interactive; null for none.</param>
    /// <param name="force">Whether to replace a kernel of this name that is another program's.</param>
    public static string Write(string data, string name, string? plotly, bool force = false)
    {
        if (!ValidName().IsMatch(name))
        {
            throw new NotebookException("--name", name, "expected letters, digits, '-', '.' and '_'");
        }
        var path = Path.Combine(data, "kernels", name, "kernel.json");
        if (Other(path) is { } other)
        {
            if (!force)
            {
                throw new NotebookException(path, "", $"is the kernel of another program ({other}). Nothing was changed. --force replaces it; with another --name both stay");
            }
            foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(path)!).Where(file => Path.GetFileName(file) is "kernel.js" || Path.GetFileName(file).StartsWith("logo-", StringComparison.Ordinal)))
            {
                File.Delete(file); // the other program's picture is not ours
            }
        }
        var host = Environment.ProcessPath is { } process && Path.GetFileNameWithoutExtension(process) == "dotnet"
            ? new[] { process, typeof(KernelSpec).Assembly.Location }
            : [Environment.ProcessPath ?? throw new NotebookException("install", "", "this process has no path")];
        var json = new JsonObject
        {
            ["argv"] = new JsonArray([.. host.Append("kernel").Append("{connection_file}").Select(item => JsonValue.Create(item))]),
            ["display_name"] = "C# (Retort)",
            // Notebooks whose own kernel is not installed open with one of the same language.
            ["language"] = "C#",
            // A .NET process must not get SIGINT.
            ["interrupt_mode"] = "message",
            ["metadata"] = new JsonObject { ["debugger"] = false },
        };
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
            WritePageScript(Path.GetDirectoryName(path)!, name, plotly);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NotebookException(path, "", $"cannot be written: {exception.Message}", exception);
        }
        return path;
    }

    /// <summary>Whose kernel a file describes, in words, if it is not this program's; null where it is ours or not there.</summary>
    public static string? Other(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        JsonObject? json;
        try
        {
            json = JsonNode.Parse(File.ReadAllText(path)) as JsonObject;
        }
        catch (JsonException)
        {
            json = null;
        }
        var argv = (json?["argv"] as JsonArray)?.Select(item => item?.ToString() ?? "").ToList() ?? [];
        bool ours = argv is [.., "kernel", "{connection_file}"] && Path.GetFileNameWithoutExtension(argv[^3]) == "retort-notebook";
        return ours ? null : $"{json?["display_name"]?.ToString() ?? "unreadable"}, started by '{argv.FirstOrDefault() ?? "unknown"}'";
    }

    /// <summary>Kernels of this name that other programs have put elsewhere on this machine, and that ours now comes before.</summary>
    public static IEnumerable<string> Shadowed(string data, string name) =>
        from folder in new[] { "/usr/local/share/jupyter", "/usr/share/jupyter" }
        let path = Path.Combine(folder, "kernels", name, "kernel.json")
        where Path.GetFullPath(data) != folder && Other(path) is not null
        select path;

    // Jupyter Notebook runs kernel.js of the kernel that a page uses. JupyterLab and VS Code do not: there, figures stay
    // still pictures until a cell loads plotly.js.
    private static void WritePageScript(string folder, string name, string? plotly)
    {
        var script = "";
        if (plotly is null)
        {
            File.Delete(Path.Combine(folder, "plotly.min.js"));
        }
        else
        {
            File.Copy(plotly, Path.Combine(folder, "plotly.min.js"), overwrite: true);
            script = $$"""
                    if (window.Plotly) return;
                    var script = document.createElement("script");
                    script.src = (document.body.dataset.baseUrl || "/") + "kernelspecs/{{name}}/plotly.min.js";
                    document.head.appendChild(script);
                """ + "\n";
        }
        // What a notebook says of its last run is no longer true once a cell has run again.
        File.WriteAllText(Path.Combine(folder, "kernel.js"), $$"""
            define(["base/js/namespace", "base/js/events"], function (Jupyter, events) {
              return { onload: function () {
                events.on("execute.CodeCell", function () { delete Jupyter.notebook.metadata.{{Runner.MetadataKey}}; });
            {{script}}  } };
            });

            """);
    }

    /// <summary>The user's own folder of Jupyter data.</summary>
    public static string UserData() => Environment.GetEnvironmentVariable("JUPYTER_DATA_DIR") is { Length: > 0 } named
        ? named
        : Path.Combine(
            Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data ? data : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share"),
            "jupyter");

    [GeneratedRegex(@"^[A-Za-z0-9._-]+$")]
    private static partial Regex ValidName();
}
