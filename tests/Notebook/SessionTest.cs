using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>How a cell runs: the rows of .NET Interactive's C# kernel that the host imitates.</summary>
public class SessionTest
{
    [Fact]
    public async Task Cell_TrailingExpression_IsItsValueAndASemicolonHidesIt()
    {
        using var cells = await Cells.StartAsync();
        Assert.Equal("42", await cells.Value("var x = 41;\nx + 1"));
        cells.Outputs.Clear();
        await cells.Run("x + 1;");
        await cells.Run("var y = x;");
        Assert.Empty(cells.Outputs.OfType<ResultOutput>());
    }

    [Fact]
    public async Task Cell_ValueNull_IsStillShown()
    {
        using var cells = await Cells.StartAsync();
        Assert.Equal("<null>", await cells.Value("(string)null"));
    }

    [Theory]
    [InlineData("if (true)\n{\n    int Twice(int x) => 2 * x;\n    Twice(2);\n}")]
    [InlineData("{\n    int Twice(int x) { return 2 * x; }\n    Func<int, int> thrice = x => { return 3 * x; };\n}")]
    public async Task Cell_BlockWithAFunctionThatReturns_HasNoValue(string code)
    {
        using var cells = await Cells.StartAsync();
        await cells.Run(code);
        Assert.Empty(cells.Outputs);
        Assert.Equal("7", await cells.Value("return 7;"));
    }

    [Fact]
    public async Task Cell_Imports_AreDotNetInteractivesAndNotSystemIO()
    {
        using var cells = await Cells.StartAsync();
        Assert.Equal("6", await cells.Value("new List<int> { 1, 2, 3 }.Select(x => x).Sum()"));
        await cells.Value("var b = new StringBuilder(); var q = new ArrayList(); await Task.CompletedTask; Math.Abs(1)");
        var result = await cells.Run("File.Exists(\"x\")");
        Assert.Equal("compilation error", result.Error!.Message);
        Assert.Contains("CS0103", cells.Text("stderr"));
        await cells.Value("using System.IO;\nFile.Exists(\"x\")");
        await cells.Value("System.Text.Json.JsonSerializer.Serialize(1)");
    }

    [Fact]
    public async Task Cell_VariablesRedeclaredAndAwaited_Work()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("var x = 1;");
        await cells.Run("var x = \"two\";");
        Assert.Equal("two", await cells.Value("await Task.Delay(1);\nx"));
        Assert.Equal("3", await cells.Value("record P(int A, int B);\nint[] list = [1, 2];\nnew P(list[0], list[1]) is (var a, var b) ? a + b : 0"));
    }

    [Fact]
    public async Task Cell_ThatThrows_KeepsVariablesAndShowsItsOwnLines()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("int Half(int n) =>\n    n % 2 == 0 ? n / 2 : throw new ArgumentException(\"odd\");");
        var result = await cells.Run("var kept = 5;\nvar lost = Half(3);\nvar never = 1;");
        Assert.Equal("ArgumentException", result.Error!.Name);
        Assert.Equal(["ArgumentException: odd", "   cell 1, line 2: n % 2 == 0 ? n / 2 : throw new ArgumentException(\"odd\");", "   cell 2, line 2: var lost = Half(3);"], result.Error.Traceback);
        Assert.Equal("5", await cells.Value("kept"));
    }

    [Fact]
    public async Task Cell_ThatThrowsInATask_ShowsLibraryFramesAndCauseButNoHost()
    {
        using var cells = await Cells.StartAsync();
        var result = await cells.Run("await Task.Run(() => { try { int.Parse(\"x\"); } catch (Exception e) { throw new InvalidOperationException(\"outer\", e); } });");
        var text = string.Join('\n', result.Error!.Traceback);
        Assert.StartsWith("InvalidOperationException: outer\n   cell 1, line 1: await Task.Run", text);
        Assert.Contains("caused by FormatException", text);
        Assert.Contains("at System.Number.", text);
        Assert.DoesNotContain("CodeAnalysis", text);
        Assert.DoesNotContain("Retort.Notebook", text);
        Assert.DoesNotContain("CompilerServices", text);
    }

    [Fact]
    public async Task Cell_ThatDoesNotCompile_SaysWhereOnStandardErrorAndRunsNothing()
    {
        using var cells = await Cells.StartAsync();
        var result = await cells.Run("Console.WriteLine(1);\nint x = \"no\";");
        Assert.Equal("compilation error", result.Error!.Message);
        Assert.Contains("(2,9): error CS0029", cells.Text("stderr"));
        Assert.Contains("int x = \"no\";\n            ^", cells.Text("stderr"));
        Assert.Equal("", cells.Text("stdout"));
        Assert.Equal("2", await cells.Value("1 + 1"));
    }

    [Fact]
    public async Task Cell_LoadAndReference_AreRelativeToTheNotebook()
    {
        using var cells = await Cells.StartAsync();
        Directory.CreateDirectory(Path.Combine(cells.Folder, "sub"));
        File.WriteAllText(Path.Combine(cells.Folder, "sub", "more.csx"), "int Twice(int x) => 2 * x;");
        Assert.Equal("6", await cells.Value("#load \"sub/more.csx\"\nTwice(3)"));
        var inner = Compile(cells, "Inner", "namespace Inner; public static class One { public static int Value => 1; }");
        Compile(cells, "Outer", "namespace Outer; public static class Two { public static int Value => Inner.One.Value + 1; }", inner);
        Assert.Equal("2", await cells.Value("#r \"sub/Outer.dll\"\nOuter.Two.Value"));
        Assert.Contains(cells.Folder, await cells.Value("typeof(Outer.Two).Assembly.Location"));
    }

    [Fact]
    public async Task Cell_ReferenceToWhatALibraryBroughtAlong_IsNoSecondAssembly()
    {
        using var cells = await Cells.StartAsync();
        Directory.CreateDirectory(Path.Combine(cells.Folder, "sub"));
        var inner = Compile(cells, "InnerTwice", "namespace InnerTwice; public static class One { public static int Value(int x) => x; } public class Thing { }");
        Compile(cells, "OuterTwice", "namespace OuterTwice; public static class Two { public static InnerTwice.Thing Make() => new(); }", inner);
        Assert.Equal("1", await cells.Value("#r \"sub/OuterTwice.dll\"\nusing InnerTwice;\nusing static InnerTwice.One;\nThing thing = OuterTwice.Two.Make();\nValue(1)"));
        Assert.Equal("2", await cells.Value("#r \"sub/InnerTwice.dll\"\nusing InnerTwice;\nusing static InnerTwice.One;\nthing = new Thing();\nValue(2)"));
        Assert.Equal("3", await cells.Value("thing = OuterTwice.Two.Make();\nValue(3)"));
    }

    private static string Compile(Cells cells, string name, string source, params string[] references)
    {
        var path = Path.Combine(cells.Folder, "sub", name + ".dll");
        var result = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(source)],
            [MetadataReference.CreateFromFile(typeof(object).Assembly.Location), .. references.Select(reference => MetadataReference.CreateFromFile(reference))],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)).Emit(path);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        return path;
    }

    [Fact]
    public async Task Cell_ReferenceThatIsNotThere_IsACompilationError()
    {
        using var cells = await Cells.StartAsync();
        var result = await cells.Run("#r \"nowhere/Missing.dll\"\n1");
        Assert.Equal("compilation error", result.Error!.Message);
        Assert.Contains("Missing.dll", cells.Text("stderr"));
    }

    [Fact]
    public async Task Cell_ConsoleText_ArrivesOnItsStreamInOrder()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("Console.Write(\"a\"); Console.WriteLine(1.5); Console.Error.WriteLine(\"e\"); await Task.Run(() => Console.Write($\"b{2}\")); Console.Out.WriteLine();");
        Assert.Equal(["a1.5\n", "e\n", "b2\n"], cells.Outputs.OfType<StreamOutput>().Select(output => output.Text));
        Assert.Equal("e\n", cells.Text("stderr"));
    }

    [Fact]
    public async Task Cell_PrintingMillions_IsCutWithTheNumberLeftOut()
    {
        using var cells = await Cells.StartAsync(new OutputLimits(StreamCharacters: 1000));
        await cells.Run("for (int i = 0; i < 1_000_000; i++) Console.Write(\"0123456789\");");
        Assert.Equal(1000, cells.Text("stdout").Length);
        Assert.Contains("... 9,999,000 more characters of standard output left out", cells.Text("stderr"));
        cells.Outputs.Clear();
        await cells.Run("Console.Write(\"again\");");
        Assert.Equal("again", cells.Text("stdout"));
    }

    [Fact]
    public async Task Cell_TextInAFastLoop_IsGatheredIntoFewOutputs()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("for (int i = 0; i < 10_000; i++) Console.WriteLine(i);");
        Assert.Equal(48_890, cells.Text("stdout").Length);
        Assert.InRange(cells.Outputs.Count, 1, 50);
    }

    [Fact]
    public async Task Cell_DisplayingThousands_IsCutWithTheNumberLeftOut()
    {
        using var cells = await Cells.StartAsync(new OutputLimits(Displays: 10));
        await cells.Run("for (int i = 0; i < 25; i++) i.Display();");
        Assert.Equal(10, cells.Outputs.OfType<DisplayOutput>().Count());
        Assert.Contains("15 more displayed values left out", cells.Text("stderr"));
    }

    [Fact]
    public async Task Cell_DeepRecursion_HasRoom()
    {
        using var cells = await Cells.StartAsync();
        Assert.Equal("60000", await cells.Value("int Down(int n) => n == 0 ? 0 : 1 + Down(n - 1);\nDown(60000)"));
    }

    [Fact]
    public async Task Sessions_SideBySide_KeepTheirOutputsApart()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 3).Select(async number =>
        {
            using var cells = await Cells.StartAsync();
            await cells.Run($"for (int i = 0; i < 20; i++) {{ Console.Write({number}); await Task.Delay(1); }}");
            return cells.Text("stdout");
        }));
        Assert.Equal(Enumerable.Range(0, 3).Select(number => new string((char)('0' + number), 20)), all);
    }
}
