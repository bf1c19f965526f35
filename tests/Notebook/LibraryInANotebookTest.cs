using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>Our own library as notebooks load it: the net8.0 build by #r, with its native part, its dependencies and its formatters.</summary>
public class LibraryInANotebookTest
{
    [SkippableFact]
    public async Task Library_LoadedByPath_ComputesDrawsAndReportsProgress()
    {
        var root = Directory.GetParent(JupyterKernels.Scripts)!.Parent!.FullName;
        var library = Path.Combine(root, "lib", "Retort", "bin", "Release", "net8.0");
        Skip.IfNot(File.Exists(Path.Combine(library, "Retort.dll")), "lib/Retort is not built for net8.0 in Release");
        using var cells = new Cells();
        var relative = Path.GetRelativePath(cells.Folder, library);
        var path = cells.Notebook(
            "a.ipynb",
            $"#r \"{relative}/Retort.Torch.dll\"\n#r \"{relative}/Retort.dll\"\nusing Retort.Plots;\nusing TorchSharp;\nusing static TorchSharp.torch;",
            "var a = torch.ones(new long[] { 2, 3 });\n(a + a).sum().item<float>()",
            "Chart.Line(new[] { 1, 2, 3 }, new[] { 2.0, 1.0, 3.0 })",
            "var line = new ProgressLine(\"train\", 10);\nvar shown = display(line);\nfor (int i = 1; i <= 10; i++) shown.Update(line.Report(i));",
            "torch.ones(new long[] { 2 }) + torch.ones(new long[] { 3 })");
        var (code, output, _) = await cells.Host("run", path, "--in-place");
        Assert.Equal(1, code);
        var outputs = NotebookFile.Read(path).Cells.Select(cell => cell.Outputs).ToList();
        Assert.Equal("12", NotebookCell.Text(outputs[1][0]!["data"]!["text/plain"]));
        var html = NotebookCell.Text(outputs[2][0]!["data"]!["text/html"])!;
        Assert.Contains("<img", html);
        Assert.Contains("application/json", html);
        Assert.Contains("10 of 10", NotebookCell.Text(Assert.Single(outputs[3])!["data"]!["text/plain"]));
        Assert.Contains("must match the size of tensor b (3)", output);
        Assert.Contains("cell 5, line 1: torch.ones", output);
    }
}
