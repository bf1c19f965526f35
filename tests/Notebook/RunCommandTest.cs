using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>The program in a process of its own: exit codes, the process-wide things, what it prints.</summary>
public class RunCommandTest
{
    [Fact]
    public async Task Run_Succeeds_NativeAndChildOutputAndSizeArrive()
    {
        using var cells = new Cells();
        var path = cells.Notebook(
            "a.ipynb",
            "using System.Runtime.InteropServices;\n[DllImport(\"libc\")] static extern int puts(string text);\nputs(\"native\");\nConsole.WriteLine(\"managed\");\nSystem.Diagnostics.Process.Start(\"echo\", \"child\").WaitForExit();",
            "Console.Write(Environment.GetEnvironmentVariable(\"RETORT_SIZE\"));",
            "System.IO.Directory.GetCurrentDirectory() == System.IO.Path.GetFullPath(\".\") && System.IO.File.Exists(\"a.ipynb\")");
        var (code, output, error) = await cells.Host("run", path, "--output", "b.ipynb", "--size", "smoke");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("[1/3]", output);
        Assert.Contains("a.ipynb: 3 cells in", output);
        Assert.DoesNotContain("native", output);
        var notebook = NotebookFile.Read(Path.Combine(cells.Folder, "b.ipynb"));
        var text = notebook.Cells[0].Outputs.Single()!["text"]!.AsArray().Select(line => line!.ToString()).Order();
        Assert.Equal(["child\n", "managed\n", "native\n"], text);
        Assert.Equal("smoke", notebook.Cells[1].Outputs[0]!["text"]![0]!.ToString());
        Assert.Equal("true", notebook.Cells[2].Outputs[0]!["data"]!["text/plain"]![0]!.ToString());
        Assert.Equal("smoke", notebook.Metadata["retort"]!["size"]!.ToString());
    }

    [Fact]
    public async Task Run_CellFails_ExitCode1AndTheCellsOwnLine()
    {
        using var cells = new Cells();
        var (code, output, _) = await cells.Host("run", cells.Notebook("a.ipynb", "var x = 0;\nvar y = 1 / x;"), "--in-place");
        Assert.Equal(1, code);
        Assert.Contains("cell 1, line 2: var y = 1 / x;", output);
        Assert.Equal("error", NotebookFile.Read(Path.Combine(cells.Folder, "a.ipynb")).Cells[0].Outputs[0]!["output_type"]!.ToString());
    }

    [Fact]
    public async Task Run_TightLoopBeyondItsTime_ExitCode124AndTheNotebookIsWritten()
    {
        using var cells = new Cells();
        var (code, output, _) = await cells.Host("run", cells.Notebook("a.ipynb", "Console.Write(\"begun\");", "for (long i = 0; ; i++) { }"), "--in-place", "--cell-timeout", "20");
        Assert.Equal(124, code);
        Assert.Contains("the cell took longer than 20 s", output);
        Assert.Equal("begun", NotebookFile.Read(Path.Combine(cells.Folder, "a.ipynb")).Cells[0].Outputs[0]!["text"]![0]!.ToString());
    }

    [Fact]
    public async Task Run_WrongArguments_ExitCode2AndOneLine()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "1");
        foreach (var (arguments, expected) in new (string[], string)[]
        {
            (["run", "missing.ipynb"], "there is no such file"),
            (["run", path, "--param", "x=1"], "no code cell tagged 'parameters'"),
            (["run", path, "--timeout", "-1"], "a number of seconds above 0"),
        })
        {
            var (code, _, error) = await cells.Host(arguments);
            Assert.Equal(2, code);
            Assert.Contains(expected, error);
            Assert.Single(error.TrimEnd().Split('\n'));
        }
        Assert.NotEqual(0, (await cells.Host("run", path, "--size", "huge")).ExitCode);
    }
}
