using System.Text.Json.Nodes;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>Notebooks from file to file.</summary>
public class RunnerTest
{
    [Fact]
    public async Task Run_Outputs_AreWrittenInNotebookFormat()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "md: # Title", "Console.WriteLine(\"one\\ntwo\");\n1 + 1", "", "display(\"x\"); Console.Error.Write(\"e\");");
        var result = await Run(path, new RunOptions { OutputPath = path });
        Assert.Equal((0, 3), (result.ExitCode, result.Cells + 1));
        var notebook = NotebookFile.Read(path);
        Assert.Equal("""[{"output_type":"stream","name":"stdout","text":["one\n","two\n"]},{"output_type":"execute_result","execution_count":1,"data":{"text/html":["\u003Cdiv class=\u0022dni-plaintext\u0022\u003E\u003Cpre\u003E2\u003C/pre\u003E\u003C/div\u003E"],"text/plain":["2"]},"metadata":{}}]""", notebook.Cells[1].Outputs.ToJsonString());
        Assert.Empty(notebook.Cells[2].Outputs);
        Assert.Null(notebook.Cells[2].Json["execution_count"]);
        Assert.Equal(2, notebook.Cells[3].Json["execution_count"]!.GetValue<int>());
        var text = File.ReadAllText(path);
        Assert.StartsWith("{\n \"cells\": [\n  {\n   \"cell_type\": \"markdown\"", text);
        Assert.EndsWith("}\n", text);
        Assert.Contains("\"nbformat_minor\": 5", text);
        Assert.Equal(4, notebook.Cells.Select(cell => cell.Json["id"]!.ToString()).Distinct().Count());
        Assert.Equal(notebook.CodeHash, notebook.Metadata["retort"]!["code_hash"]!.ToString());
    }

    [Fact]
    public async Task Run_Twice_WritesTheSameBytes()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "var d = display(1);\nd.Update(2);\nd");
        await Run(path, new RunOptions { OutputPath = path });
        var first = NotebookFile.Read(path);
        await Run(path, new RunOptions { OutputPath = path });
        Assert.Equal(first.Cells.Select(cell => cell.Json.ToJsonString()), NotebookFile.Read(path).Cells.Select(cell => cell.Json.ToJsonString()));
    }

    [Fact]
    public async Task Run_Updates_LeaveOneFinalOutputWhereTheDisplayStands()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "var d = display(\"0 %\");\nfor (int i = 1; i <= 100; i++) d.Update($\"{i} %\");", "d.Update(\"done\");");
        await Run(path, new RunOptions { OutputPath = path });
        var notebook = NotebookFile.Read(path);
        Assert.Equal("done", Assert.Single(notebook.Cells[0].Outputs)!["data"]!["text/plain"]![0]!.ToString());
        Assert.Empty(notebook.Cells[1].Outputs);
    }

    [Fact]
    public async Task Run_CellFails_StopsAndStoresTheError()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "1", "int.Parse(\"x\")", "3");
        var output = Path.Combine(cells.Folder, "deep", "b.ipynb");
        var result = await Run(path, new RunOptions { OutputPath = output });
        Assert.Equal((1, 2, "FormatException"), (result.ExitCode, result.FailedCell!.Value, result.Error!.Name));
        var notebook = NotebookFile.Read(output);
        Assert.Equal("error", notebook.Cells[1].Outputs[^1]!["output_type"]!.ToString());
        Assert.Empty(notebook.Cells[2].Outputs);
        Assert.Empty(NotebookFile.Read(path).Cells[0].Outputs);
        Assert.Empty(Directory.GetFiles(cells.Folder, "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Run_CellTimeout_NamesTheLimit()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "Console.Write(\"before\");", "await Task.Delay(30_000);");
        var result = await Run(path, new RunOptions { OutputPath = path, CellTimeout = TimeSpan.FromSeconds(2) });
        Assert.Equal((124, 2), (result.ExitCode, result.FailedCell!.Value));
        Assert.Contains("the cell took longer than 2 s", NotebookFile.Read(path).Cells[1].Outputs[^1]!["evalue"]!.ToString());
        Assert.Equal("before", NotebookFile.Read(path).Cells[0].Outputs[0]!["text"]![0]!.ToString());
    }

    [Fact]
    public async Task Run_Timeout_CountsAllCellsTogether()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "await Task.Delay(1200);", "await Task.Delay(30_000);");
        var result = await Run(path, new RunOptions { Timeout = TimeSpan.FromSeconds(3), CellTimeout = TimeSpan.FromSeconds(100) });
        Assert.Equal((124, 2, "the notebook took longer than 3 s"), (result.ExitCode, result.FailedCell!.Value, result.Error!.Message));
        Assert.InRange(result.Seconds, 3, 15);
    }

    [Theory]
    [InlineData("seed=7", "var seed = 7;")]
    [InlineData("rate=2", "var rate = 2d;")]
    [InlineData("name=a \"b\"", "var name = \"a \\\"b\\\"\";")]
    [InlineData("fast=True", "var fast = true;")]
    [InlineData("other=1.5", "var other = 1.5;")]
    [InlineData("other=x", "var other = \"x\";")]
    public void Parameters_TakeTheKindOfTheirDefault(string given, string expected)
    {
        using var cells = new Cells();
        var notebook = NotebookFile.Read(cells.Notebook("a.ipynb", "1", "[parameters] var seed = 3;\nvar rate = -0.1;\nvar name = \"n\";\nvar fast = false;\nvar other = 1 + 1;", "3"));
        Parameters.Inject(notebook, ["seed=1"]);
        Parameters.Inject(notebook, [given]);
        Assert.Equal(4, notebook.Cells.Count);
        Assert.Equal("// Parameters of this run\n" + expected, notebook.Cells[2].Source);
        Assert.Equal(["injected-parameters"], notebook.Cells[2].Tags);
        Parameters.Inject(notebook, []);
        Assert.Equal(3, notebook.Cells.Count);
    }

    [Theory]
    [InlineData("seed", "name=value")]
    [InlineData("sed=1", "no such parameter; it has seed")]
    [InlineData("seed=x", "expected a whole number, found 'x'")]
    public void Parameters_ThatDoNotFit_AreRefused(string given, string expected)
    {
        using var cells = new Cells();
        var notebook = NotebookFile.Read(cells.Notebook("a.ipynb", "[parameters] var seed = 3;"));
        Assert.Contains(expected, Assert.Throws<NotebookException>(() => Parameters.Inject(notebook, [given])).Message);
    }

    [Fact]
    public async Task Run_Parameters_ReachTheCellsAndLeaveTheHashAsItIs()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "[parameters] var seed = 3;", "seed");
        var before = NotebookFile.Read(path).CodeHash;
        await Run(path, new RunOptions { OutputPath = path, Parameters = ["seed=9"] });
        var notebook = NotebookFile.Read(path);
        Assert.Equal("9", notebook.Cells[2].Outputs[0]!["data"]!["text/plain"]![0]!.ToString());
        Assert.Equal(before, notebook.CodeHash);
        Assert.Equal("[\"seed=9\"]", notebook.Metadata["retort"]!["parameters"]!.ToJsonString());
    }

    [Theory]
    [InlineData("", "is not JSON")]
    [InlineData("[]", "a notebook is a JSON object")]
    [InlineData("{\"nbformat\": 3, \"cells\": []}", "expected 4, found 3")]
    [InlineData("{\"nbformat\": 4}", "expected a list of cells")]
    [InlineData("{\"nbformat\": 4, \"cells\": [5]}", "cell 1: expected an object")]
    [InlineData("{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": 5}]}", "its source is neither text")]
    public void Read_NotANotebook_SaysWhatWasExpected(string text, string expected)
    {
        using var cells = new Cells();
        var path = Path.Combine(cells.Folder, "bad.ipynb");
        File.WriteAllText(path, text);
        Assert.Contains(expected, Assert.Throws<NotebookException>(() => NotebookFile.Read(path)).Message);
    }

    [Fact]
    public void Read_UnknownParts_SurviveWriting()
    {
        using var cells = new Cells();
        var path = Path.Combine(cells.Folder, "a.ipynb");
        File.WriteAllText(path, """{"nbformat":4,"nbformat_minor":2,"metadata":{"x":{"y":1}},"cells":[{"cell_type":"raw","metadata":{"z":[1]},"source":["é\n","中"],"attachments":{"p":1}}]}""");
        NotebookFile.Read(path).Write(path);
        var root = JsonNode.Parse(File.ReadAllText(path))!;
        Assert.Equal("1", root["metadata"]!["x"]!["y"]!.ToJsonString());
        Assert.Equal("{\"p\":1}", root["cells"]![0]!["attachments"]!.ToJsonString());
        Assert.Contains("é", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("10 %\r50 %\r100 %\n", "100 %\n")]
    [InlineData("long line\rshort\n", "shortline\n")]
    [InlineData("a\r\nb", "a\nb")]
    public void Text_AfterCarriageReturns_IsWhatATerminalLeaves(string text, string expected) =>
        Assert.Equal(expected, OutputCollector.WithoutOverwritten(text));

    private static Task<RunResult> Run(string path, RunOptions options) => Runner.RunAsync(path, options, new PlainProgress(TextWriter.Null));
}
