using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Retort.Tests.Plots;

/// <summary>plotly.js's own check of every kind of figure. Needs node and environment/plotly/install.sh; skipped without.</summary>
public sealed class PlotlyValidateTest
{
    // Codes that mean a figure is wrong. "dynamic" (arguments of buttons) and "invisible" (empty traces) do not.
    private static readonly string[] Failing = ["schema", "value", "object", "array", "container", "unused"];

    [SkippableTheory]
    [InlineData("full")]
    [InlineData("cartesian")]
    public void Validate_OfAllKinds_FindsNothing(string bundle)
    {
        // The small bundle has no 3-D traces.
        var figures = Gallery.All.Where(g => bundle == "full" || g.Name != "space");
        var issues = Validate(bundle, new JsonObject(figures.Select(g => KeyValuePair.Create(g.Name, JsonNode.Parse(g.Figure.ToJson())))));
        Assert.Empty(issues);
    }

    [SkippableFact]
    public void Validate_OfWrongFigures_FindsThem()
    {
        var wrong = new JsonObject
        {
            ["mode"] = JsonNode.Parse("""{ "data": [{ "type": "scatter", "mode": "linez", "x": [1], "y": [1] }], "layout": {} }"""),
            ["key"] = JsonNode.Parse("""{ "data": [{ "type": "scatter", "colour": "red", "x": [1], "y": [1] }], "layout": {} }"""),
            ["title"] = JsonNode.Parse("""{ "data": [{ "type": "scatter", "x": [1], "y": [1] }], "layout": { "title": "text" } }"""),
        };
        Assert.Equal(["key", "mode", "title"], Validate("cartesian", wrong).Select(i => i.Split(':')[0]).Distinct().Order());
    }

    private static string[] Validate(string bundle, JsonObject figures)
    {
        var cache = Environment.GetEnvironmentVariable("RETORT_CACHE") is { Length: > 0 } set
            ? set : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "retort");
        var modules = Path.Combine(cache, "plotly");
        Skip.IfNot(File.Exists(Path.Combine(modules, ".complete")), "plotly.js is not installed (environment/plotly/install.sh)");
        var script = Script();
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, figures.ToJsonString());
            using var node = Process.Start(new ProcessStartInfo("node", [script, modules, bundle, file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var error = node.StandardError.ReadToEndAsync();
            var output = node.StandardOutput.ReadToEnd();
            node.WaitForExit();
            Assert.True(node.ExitCode == 0, error.Result);
            return [.. JsonNode.Parse(output)!.AsArray().Where(i => Failing.Contains(i!["code"]!.GetValue<string>()))
                .Select(i => $"{i!["name"]}: {i["code"]} {i["path"]}: {i["msg"]}")];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Script()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "environment", "plotly", "validate.js");
            if (File.Exists(path))
            {
                return path;
            }
        }
        throw new FileNotFoundException("environment/plotly/validate.js is not above the tests");
    }
}
