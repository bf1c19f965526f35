using System.Text.Json.Nodes;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>Each rule of the portable subset, broken and kept; and the project's own notebooks.</summary>
public class LinterTest
{
    [Theory]
    [InlineData("magic", "#!time\n1")]
    [InlineData("magic", "#r \"nuget: Plotly.NET\"")]
    [InlineData("late-reference", "var x = 1;\n#r \"../lib/A.dll\"")]
    [InlineData("load", "#load \"a.csx\"\n1")]
    [InlineData("using-declaration", "using var scope = Make();")]
    [InlineData("using-declaration", "using System.IO;\nusing Stream file = File.OpenRead(\"a\");")]
    [InlineData("namespace", "namespace A { class B; }")]
    [InlineData("namespace", "namespace A;\nclass B;")]
    [InlineData("host-name", "using Microsoft.DotNet.Interactive.Formatting;")]
    [InlineData("host-name", "using static Microsoft.DotNet.Interactive.Formatting.PocketViewTags;")]
    [InlineData("host-name", "Microsoft.DotNet.Interactive.Kernel.Root.ToString()")]
    [InlineData("host-name", "PocketView v = null;")]
    [InlineData("network", "var c = new System.Net.Http.HttpClient();")]
    [InlineData("absolute-path", "var p = \"/home/me/data.csv\";")]
    [InlineData("absolute-path", "var p = @\"C:\\data\";")]
    [InlineData("absolute-path", "var p = $\"/data/{1}/x\";")]
    [InlineData("absolute-path", "#r \"/opt/lib/A.dll\"")]
    [InlineData("variable-in-type", "var k = 2;\nclass C { public int Twice(int x) => k * x; }")]
    [InlineData("stack-type", "Span<int> s = new int[2];")]
    [InlineData("syntax", "var x = ;")]
    public void Rule_Broken_IsFound(string rule, string code)
    {
        var problems = Check("", code);
        Assert.Contains(problems, problem => problem.Rule == rule && problem.Cell == 2);
        Assert.All(problems, problem => Assert.Equal(rule, problem.Rule));
    }

    [Theory]
    [InlineData("long-definition", "int F(int x)\n{\n", "    x++;\n", "    return x;\n}", Linter.DefinitionLines)]
    [InlineData("long-definition", "Func<int, int> f = x =>\n{\n", "    x++;\n", "    return x;\n};", Linter.DefinitionLines)]
    [InlineData("long-definition", "record R(int A)\n{\n", "    // more\n", "    public int B => A;\n}", Linter.DefinitionLines)]
    [InlineData("long-cell", "", "1;\n", "", Linter.CellLines + 1)]
    public void Rule_OfLength_BeginsAtItsLimit(string rule, string before, string line, string after, int lines)
    {
        string Code(int number) => before + string.Concat(Enumerable.Repeat(line, number)) + after;
        int frame = (before + after).Split('\n').Length - 1;
        Assert.Empty(Check(Code(lines - frame - 1)));
        Assert.Equal(rule, Assert.Single(Check(Code(lines - frame + 1))).Rule);
    }

    [Theory]
    [InlineData(Linter.LineCharacters, 0)]
    [InlineData(Linter.LineCharacters + 1, 1)]
    public void Line_OfManyCharacters_IsFoundWhereItIsTooLong(int characters, int expected)
    {
        var problems = Check("1;\n// " + new string('x', characters - 3) + "\n2");
        Assert.Equal(expected, problems.Count);
        Assert.All(problems, problem => Assert.Equal(("long-line", 2), (problem.Rule, problem.Line)));
    }

    [Theory]
    [InlineData("costs $5 today", 1)]
    [InlineData("a\n\n$ x$", 3)]
    [InlineData("$x$1", 1)]
    [InlineData("$$a\n\nb$$", 1)]
    [InlineData("\n\\(x\\)", 2)]
    [InlineData("| a |\n|---|\n| $|x|$ |", 3)]
    public void Formula_ThatSomeHostShowsAsText_IsFound(string markdown, int line)
    {
        var problems = Check("md: " + markdown);
        Assert.Contains(problems, problem => (problem.Rule, problem.Cell, problem.Line) == ("formula", 1, line));
        Assert.All(problems, problem => Assert.Equal("formula", problem.Rule));
    }

    [Fact]
    public void Formula_AndMoneyAndCode_Pass() => Assert.Empty(Check("md: $p_c$, \\$5, `$HOME`\n\n$$\\mathcal{L} =\n1.$$\n\n```\n$ ls\n```"));

    [Theory]
    [InlineData("#r \"../lib/Retort/bin/Release/net8.0/Retort.dll\"\nusing System.IO;\nusing static System.Math;\nusing Text = System.String;")]
    [InlineData("// using var x = 1;\nvar t = \"\"\"\n    using var x = 1;\n    #!time\n    \"\"\";")]
    [InlineData("int F()\n{\n    using var s = new System.IO.MemoryStream();\n    return 1;\n}")]
    [InlineData("using (var s = new System.IO.MemoryStream()) { s.WriteByte(1); }")]
    [InlineData("var k = 2;\nclass C(int k) { public int Twice(int x) => k * x; }")]
    [InlineData("var name = 2;\nrecord P(string Name);\nclass D { public string name() => new P(Name: \"x\").Name; }")]
    [InlineData("var p = \"../data/a.csv\"; var m = \"text/html\"; var u = \"a / b\"; var r = \"/\";")]
    [InlineData("int Twice(int x) =>\n    2 * x;\ndisplay(Twice(2)).Update(5);\nTwice(3).Display();")]
    [InlineData("await Task.Delay(1);\nvar (a, b) = (1, 2);\na + b")]
    public void Code_OfTheSubset_Passes(string code) => Assert.Empty(Check("", code));

    [Fact]
    public void OptionalCell_MayRestorePackages()
    {
        Assert.Empty(Check("var x = 1;", "[optional] #r \"nuget: Plotly.NET, 5.1.0\""));
    }

    [Fact]
    public void Reference_AfterCodeOfAnEarlierCell_IsLate()
    {
        Assert.Contains(Check("var x = 1;", "#r \"../lib/A.dll\""), problem => problem.Rule == "late-reference");
    }

    [Fact]
    public void Metadata_OfAnotherKernel_IsFound()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "1");
        File.WriteAllText(path, File.ReadAllText(path).Replace(".net-csharp", "python3"));
        var problem = Assert.Single(Linter.Check(NotebookFile.Read(path)));
        Assert.Equal("notebook: metadata: kernelspec.name must be '.net-csharp', found 'python3'", problem.ToString());
    }

    [Fact]
    public async Task Outputs_OfOtherCode_AreStaleAndErrorsAreFound()
    {
        using var cells = new Cells();
        var path = cells.Notebook("a.ipynb", "[parameters] var x = 1;", "x", "");
        Assert.Contains(Linter.Check(NotebookFile.Read(path), requireOutputs: true), problem => problem.Rule == "no-output");
        await Runner.RunAsync(path, new RunOptions { OutputPath = path, Parameters = ["x=2"] }, new PlainProgress(TextWriter.Null));
        Assert.Empty(Linter.Check(NotebookFile.Read(path), requireOutputs: true));

        var text = File.ReadAllText(path);
        File.WriteAllText(path, text.Replace("var x = 1;", "var x = 3;"));
        Assert.Equal("stale-output", Assert.Single(Linter.Check(NotebookFile.Read(path))).Rule);

        // Saved again by Jupyter, which breaks lines in its own way, it is the same; with another output it is not.
        var saved = JsonNode.Parse(text)!;
        var lines = saved["cells"]![2]!["outputs"]![0]!["data"]!["text/plain"]!.AsArray();
        saved["cells"]![2]!["outputs"]![0]!["data"]!["text/plain"] = string.Concat(lines.Select(line => line!.ToString()));
        File.WriteAllText(path, saved.ToJsonString());
        Assert.Empty(Linter.Check(NotebookFile.Read(path)));
        saved["cells"]![2]!["outputs"]![0]!["data"]!["text/plain"] = "3";
        File.WriteAllText(path, saved.ToJsonString());
        Assert.Contains("run again by another program", Assert.Single(Linter.Check(NotebookFile.Read(path))).Problem);

        var root = JsonNode.Parse(text)!;
        root["cells"]![2]!["outputs"] = new JsonArray(new JsonObject { ["output_type"] = "error", ["ename"] = "E", ["evalue"] = "bad" });
        root["metadata"]!["retort"]!.AsObject().Remove("output_hash");
        File.WriteAllText(path, root.ToJsonString());
        Assert.Equal("cell 3: error-output: the stored output is an error: E: bad", Assert.Single(Linter.Check(NotebookFile.Read(path))).ToString());
    }

    [Fact]
    public async Task Command_Problems_AreLinesAndExitCode1()
    {
        using var cells = new Cells();
        var (code, output, _) = await cells.Host("lint", cells.Notebook("good.ipynb", "1"), cells.Notebook("bad.ipynb", "md: x", "#!time"));
        Assert.Equal(1, code);
        Assert.EndsWith("bad.ipynb: cell 2, line 1: magic: '#!time' is a magic command of another host; cells here are C# only\n", output);
        Assert.Equal(0, (await cells.Host("lint", Path.Combine(cells.Folder, "good.ipynb"))).ExitCode);
    }

    [Fact]
    public void Notebooks_OfThisRepository_KeepAllRules()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Research.sln")))
        {
            folder = folder.Parent;
        }
        Assert.NotNull(folder);
        var files = Directory.GetFiles(Path.Combine(folder.FullName, "notebooks"), "*.ipynb");
        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(file => Linter.Check(NotebookFile.Read(file), requireOutputs: true).Select(problem => $"{Path.GetFileName(file)}: {problem}")));
    }

    private static IReadOnlyList<LintProblem> Check(params string[] sources)
    {
        using var cells = new Cells();
        return Linter.Check(NotebookFile.Read(cells.Notebook("a.ipynb", sources)));
    }
}
