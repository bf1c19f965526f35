using System.Diagnostics;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>What users of .NET Interactive and IPython are used to: it works, or the answer says what to write instead.</summary>
public class HabitsTest
{
    [Theory]
    [InlineData("#!csharp\n1 + 1", "2")]
    [InlineData("#!time\n1 + 1", "2")]
    [InlineData("%time 1 + 1", "2")]
    [InlineData("%%time\n1 + 1", "2")]
    [InlineData("var x = 7;\nvar y = x\n % 4;\ny", "3")]
    [InlineData("#!markdown\n# Title\n#!csharp\n40 + 2", "42")]
    public async Task Cell_WithCommand_GivesItsValue(string code, string expected)
    {
        using var cells = await Cells.StartAsync();
        Assert.Equal(expected, await cells.Value(code));
        if (code.Contains("time", StringComparison.Ordinal))
        {
            Assert.Matches(@"^Wall time: \d+\.\d{3} s$", cells.Outputs.OfType<DisplayOutput>().Single().Data["text/plain"]);
        }
    }

    [Fact]
    public async Task Cell_WithSections_ShowsThemInOrderAndKeepsLineNumbers()
    {
        using var cells = await Cells.StartAsync();
        var result = await cells.Run("#!markdown\n*text* with \"quotes\n#!html\n<b>bold</b>\n#!csharp\nvar a = 1;\nthrow new Exception(\"here\");");
        Assert.Equal(["text/markdown", "text/html"], cells.Outputs.OfType<DisplayOutput>().Select(output => output.Data.Items.Single().MimeType));
        Assert.Equal("*text* with \"quotes\n", cells.Outputs.OfType<DisplayOutput>().First().Data["text/markdown"]);
        Assert.Contains("   cell 1, line 7: throw new Exception(\"here\");", result.Error!.Traceback);
    }

    [Theory]
    [InlineData("#!share --from fsharp x", "every variable of an earlier cell is simply there")]
    [InlineData("#!import \"other.ipynb\"", "#load")]
    [InlineData("#!pwsh\nls", "System.Diagnostics.Process")]
    [InlineData("#!connect jupyter", "no other kernel")]
    [InlineData("#!nonsense", "#!lsmagic lists what works")]
    [InlineData("%matplotlib inline", "Chart.Line")]
    [InlineData("%timeit x", "Stopwatch")]
    [InlineData("var x = 1;\n  #!share x", "(2,1): '#!share x'")]
    [InlineData("#i \"somewhere\"", "#i \"nuget: SOURCE\"")]
    public async Task Cell_CommandWithoutMeaningHere_IsAnsweredWithWhatToWrite(string code, string expected)
    {
        using var cells = await Cells.StartAsync();
        Assert.False((await cells.Run(code)).Succeeded);
        Assert.Contains(expected, cells.Text("stderr"));
    }

    [Theory]
    [InlineData("var t = \"\"\"\n#!share\n%time\n#i \"x\"\n\"\"\";\nt.Length", "20")]
    [InlineData("var t = @\"\n#!bash\";\nt.Trim()", "#!bash")]
    public async Task Cell_CommandsInsideAText_AreText(string code, string expected)
    {
        using var cells = await Cells.StartAsync();
        Assert.Equal(expected, await cells.Value(code));
    }

    [Fact]
    public async Task Cell_NameWithAQuestionMark_IsExplained()
    {
        using var cells = await Cells.StartAsync();
        await cells.Value("var answer = 42; 0");
        async Task<string> Said(string code)
        {
            cells.Outputs.Clear();
            Assert.True((await cells.Run(code)).Succeeded);
            return cells.Outputs.OfType<DisplayOutput>().Single().Data["text/plain"]!;
        }
        Assert.Contains("answer", await Said("answer?"));
        Assert.Contains("Math.Max(", await Said("?Math.Max"));
        Assert.Contains("nothing of this name", await Said("??nowhere"));
        Assert.Contains("answer", await Said("#!whos"));
        Assert.Contains("#!markdown", await Said("#!lsmagic"));
        Assert.StartsWith("retort-notebook", await Said("#!about"));
    }

    [Fact]
    public async Task Formatter_RegisteredByACell_ShowsItsTypes()
    {
        using var cells = await Cells.StartAsync();
        await cells.Value("record Shape(int Corners);\nrecord Square() : Shape(4);\nFormatter.Register<Shape>(s => $\"<b>{s.Corners}</b>\", \"text/html\");\n0");
        Assert.Equal("<b>4</b>", await cells.Value("new Square()", "text/html"));
        await cells.Value("Formatter.Register<Shape>((s, writer) => writer.Write($\"{s.Corners} corners\"));\nFormatter.SetPreferredMimeTypesFor(typeof(Shape), \"text/plain\");\n0");
        Assert.Equal("4 corners", await cells.Value("new Square()"));
        await cells.Value("Formatter.ResetToDefault(); 0");
        Assert.Contains("Corners", await cells.Value("new Square()"));
    }

    [Fact]
    public async Task Input_WhereTheUserCanBeAsked_IsALine()
    {
        using var cells = await Cells.StartAsync();
        var asked = new List<string>();
        await cells.Session.RunAsync("var name = Console.ReadLine();\nvar more = await GetInputAsync(\"more?\");", _ => { }, input: prompt =>
        {
            asked.Add(prompt);
            return "Ada";
        });
        Assert.Equal("AdaAda", await cells.Value("name + more"));
        Assert.Equal(["", "more?"], asked);
        Assert.Contains("no standard input", (await cells.Run("Console.ReadLine()")).Error!.Message);
    }

    [Fact]
    public async Task CompileErrors_AreInTheOrderOfTheirLines()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("int F() { return \"a\"; }\nint x = \"b\";\nvoid G() { int y = \"c\"; }\nUnknown();");
        var lines = cells.Text("stderr").Split('\n').Where(line => line.StartsWith('(')).Select(line => int.Parse(line[1..line.IndexOf(',', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal([1, 2, 3, 4], lines);
    }

    [SkippableFact]
    public async Task Package_FromAFeed_IsRestoredWithItsNativeLibrary()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the package's native library is for Linux");
        using var cells = await Cells.StartAsync();
        var feed = await Feed(cells);
        Environment.SetEnvironmentVariable("RETORT_CACHE", Path.Combine(cells.Folder, "cache"));
        try
        {
            Assert.Equal("seven 7", await cells.Value($"#i \"nuget: {feed}\"\n#r \"nuget: Retort.Test.Package, 1.2.3\"\nusing Demo;\n$\"{{Numbers.Word}} {{Numbers.Native()}}\""));
            Assert.Contains("Retort.Test.Package 1.2.3", cells.Outputs.OfType<DisplayOutput>().Single().Data["text/plain"]);
            Assert.Equal("seven", await cells.Value("Numbers.Word"));
            var missing = await cells.Run("#r \"nuget: Retort.Test.Missing, 9.9.9\"\n1");
            Assert.False(missing.Succeeded);
            Assert.Contains("Retort.Test.Missing", cells.Text("stderr"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("RETORT_CACHE", null);
        }
    }

    // A package of ours, made here: managed code that calls a native library which lies under runtimes.
    private static async Task<string> Feed(Cells cells)
    {
        var source = Directory.CreateDirectory(Path.Combine(cells.Folder, "package")).FullName;
        File.WriteAllText(Path.Combine(source, "seven.c"), "int seven(void) { return 7; }\n");
        File.WriteAllText(Path.Combine(source, "Numbers.cs"), "using System.Runtime.InteropServices;\nnamespace Demo;\npublic static class Numbers\n{\n    public static string Word => \"seven\";\n    [DllImport(\"sevennative\", EntryPoint = \"seven\")] public static extern int Native();\n}\n");
        var rid = System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier;
        File.WriteAllText(Path.Combine(source, "Retort.Test.Package.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net8.0</TargetFramework><Version>1.2.3</Version></PropertyGroup>
              <ItemGroup><None Include="libsevennative.so" Pack="true" PackagePath="runtimes/{rid}/native" /></ItemGroup>
            </Project>
            """);
        async Task Do(string program, params string[] arguments)
        {
            var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = source, RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var said = process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Skip.If(process.ExitCode != 0, $"{program} {arguments[0]} did not work here: {await said}");
        }
        Skip.IfNot(File.Exists("/usr/bin/gcc"), "gcc is not on this machine");
        await Do("/usr/bin/gcc", "-shared", "-fPIC", "-o", "libsevennative.so", "seven.c");
        await Do("dotnet", "pack", "-c", "Release", "-o", "../feed", "--nologo", "-v", "quiet", "-p:ImportDirectoryBuildProps=false");
        return "feed";
    }
}
