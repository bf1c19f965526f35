using System.Text.Json.Nodes;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>Installing: what Jupyter finds, what is left alone, and what is said.</summary>
public class KernelSpecTest
{
    private const string OfAnother = """{"argv": ["dotnet", "interactive", "jupyter", "{connection_file}"], "display_name": ".NET (C#)", "language": "C#"}""";

    [Theory]
    [InlineData(OfAnother, ".NET (C#), started by 'dotnet'")]
    [InlineData("not JSON", "unreadable")]
    public async Task Install_OverAnotherProgramsKernel_IsRefusedUntilForced(string text, string named)
    {
        using var cells = new Cells();
        var folder = Path.Combine(cells.Folder, "share", "jupyter", "kernels", ".net-csharp");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "kernel.json"), text);
        File.WriteAllText(Path.Combine(folder, "logo-64x64.png"), "theirs");
        var (code, _, error) = await cells.Host("install", "--prefix", cells.Folder, "--name", ".net-csharp");
        Assert.Equal(2, code);
        Assert.Contains(named, error);
        Assert.Contains("--force", error);
        Assert.Equal(text, File.ReadAllText(Path.Combine(folder, "kernel.json")));

        (code, _, error) = await cells.Host("install", "--prefix", cells.Folder, "--name", ".net-csharp", "--force");
        Assert.True(code == 0, error);
        Assert.Contains("retort-notebook", File.ReadAllText(Path.Combine(folder, "kernel.json")));
        Assert.False(File.Exists(Path.Combine(folder, "logo-64x64.png")));
        // Over our own, nothing has to be forced.
        Assert.Equal(0, (await cells.Host("install", "--prefix", cells.Folder, "--name", ".net-csharp")).ExitCode);
    }

    [Fact]
    public void Write_WithAndWithoutPlotly_BringsItOrTakesItAway()
    {
        using var cells = new Cells();
        var plotly = Path.Combine(cells.Folder, "plotly.js");
        File.WriteAllText(plotly, "// plotly");
        var folder = Path.GetDirectoryName(KernelSpec.Write(cells.Folder, "a", plotly))!;
        Assert.Equal(["C#", "message"], new[] { "language", "interrupt_mode" }.Select(name => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "kernel.json")))![name]!.ToString()));
        Assert.Contains("kernelspecs/a/plotly.min.js", File.ReadAllText(Path.Combine(folder, "kernel.js")));
        Assert.True(File.Exists(Path.Combine(folder, "plotly.min.js")));
        KernelSpec.Write(cells.Folder, "a", null);
        Assert.DoesNotContain("plotly", File.ReadAllText(Path.Combine(folder, "kernel.js")));
        Assert.Contains("delete Jupyter.notebook.metadata.retort", File.ReadAllText(Path.Combine(folder, "kernel.js")));
        Assert.False(File.Exists(Path.Combine(folder, "plotly.min.js")));
    }

    [Fact]
    public void Write_BadName_IsNamed()
    {
        using var cells = new Cells();
        Assert.Contains("expected letters", Assert.Throws<NotebookException>(() => KernelSpec.Write(cells.Folder, "a/b", null)).Message);
    }

    [Fact]
    public void FigureScript_InVsCode_GoesOutOnceBeforeTheFirstFigureAndLeavesNothing()
    {
        using var cells = new Cells();
        var folder = Path.Combine(cells.Folder, "plotly", "node_modules", "plotly.js-cartesian-dist-min");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "plotly-cartesian.min.js"), "window.Plotly = 4;");
        var figure = new DisplayOutput(new MimeBundle().Add("text/html", ReportTest.Figure), "1");
        var text = new DisplayOutput(new MimeBundle().Add("text/html", "<b>x</b>"), "2");
        var script = new FigureScript(cells.Folder, new Dictionary<string, string> { ["VSCODE_PID"] = "1" });
        Assert.Empty(script.Before(text));
        var sent = script.Before(figure).ToList();
        var shown = Assert.IsType<DisplayOutput>(sent[0]);
        Assert.Contains("window.Plotly = 4;", shown.Data["text/html"]);
        Assert.Equal(("", shown.DisplayId), (Assert.IsType<UpdateOutput>(sent[1]).Data["text/html"], ((UpdateOutput)sent[1]).DisplayId));
        Assert.Empty(script.Before(figure));
        Assert.Empty(new FigureScript(cells.Folder, new Dictionary<string, string> { ["HOME"] = "/" }).Before(figure));
        Assert.Empty(new FigureScript(cells.Folder, new Dictionary<string, string> { ["VSCODE_PID"] = "1", ["RETORT_PLOTLY"] = "off" }).Before(figure));
        Assert.NotEmpty(new FigureScript(cells.Folder, new Dictionary<string, string> { ["RETORT_PLOTLY"] = "cell" }).Before(figure));
    }
}
