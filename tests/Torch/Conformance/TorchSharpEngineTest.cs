using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;
using Retort.Notebook;

namespace Retort.Tests.Torch.Conformance;

/// <summary>
/// With TorchEngine=TorchSharp the library, what is run with it and the tests above the engine are compiled against the TorchSharp
/// package. Where no feed has that package, its place is taken by a stand-in of the same public signatures.
/// </summary>
public sealed class TorchSharpEngineTest(TorchSharpEngineTest.StandIn standIn) : IClassFixture<TorchSharpEngineTest.StandIn>
{
    /// <summary>The library compiled against TorchSharp's signatures, for net10.0.</summary>
    public sealed class StandIn
    {
        // What this process runs on, without what is ours.
        private static readonly string[] ours = ["Retort.dll", "Retort.Torch.dll", "Retort.Tests.dll", "retort-notebook.dll", "ResumeChild.dll"];

        internal List<MetadataReference> Framework { get; } = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !ours.Contains(Path.GetFileName(path))).Select(path => MetadataReference.CreateFromFile(path))];

        internal MetadataReference TorchSharp { get; }

        internal MetadataReference Torch { get; }

        internal MetadataReference Retort { get; }

        public StandIn()
        {
            TorchSharp = Compile(Framework);
            (Torch, Retort) = Library([.. Framework, TorchSharp], Net10);
        }

        internal static MetadataReference Compile(IReadOnlyList<MetadataReference> framework)
        {
            // The list has no names of tuples' elements.
            var api = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Torch", "Conformance", "torchsharp-0.107.txt"))
                .Select(line => line.Contains(" named_") ? line.Replace("(string, Parameter)", "(string name, Parameter parameter)")
                    .Replace("(string, torch.Tensor)", "(string name, torch.Tensor buffer)").Replace("(string, torch.nn.Module)", "(string name, torch.nn.Module module)") : line);
            var (stub, members, leftOut) = TorchSharpStub.Compile(api, framework);
            Assert.True(leftOut < members / 20, $"{leftOut} of {members} members could not be stood in for");
            return stub;
        }
    }

    private static readonly string[] Net10 = ["NET", "NET8_0_OR_GREATER", "NET9_0_OR_GREATER", "NET10_0", "NET10_0_OR_GREATER"];
    private static readonly string[] Net8 = ["NET", "NET8_0", "NET8_0_OR_GREATER"];

    [Fact]
    public void TestsAndBench_AgainstTorchSharpsSignatures_Compile()
    {
        List<MetadataReference> references = [.. standIn.Framework, standIn.TorchSharp, standIn.Torch, standIn.Retort, MetadataReference.CreateFromFile(typeof(Session).Assembly.Location)];
        var tests = Path.Combine(Repository.Root, "tests");
        var child = Build("ResumeChild", Sources(Path.Combine(tests, "Child", "ResumeChild")), references, Net10, OutputKind.ConsoleApplication);
        // What Retort.Tests.csproj leaves out with that engine.
        var engines = new[] { "Torch/Engine", "Torch/Conformance", "Bench", "Child" }.Select(folder => Path.Combine(tests, folder) + "/").ToList();
        Build("Retort.Tests", Sources(tests).Where(file => !engines.Any(file.StartsWith)), [.. references, child], Net10);
        Build("retort-bench", Sources(Path.Combine(tests, "Bench")), [.. references, .. Packages("spectre.console")], Net10, OutputKind.ConsoleApplication);
    }

    [SkippableFact]
    public void Library_ForNet8AgainstTorchSharpsSignatures_Compiles()
    {
        // The SDK's package of net8.0's signatures, which building the library for net8.0 has fetched.
        var net8 = Packages("microsoft.netcore.app.ref");
        Skip.If(net8.Count == 0, "no net8.0 reference assemblies in the package cache");
        List<MetadataReference> references = [.. net8, .. Packages("mathnet.numerics"), .. Packages("csvhelper"), .. Packages("spectre.console")];
        Library([.. references, StandIn.Compile(references)], Net8);
    }

    public static TheoryData<string> Notebooks => [.. Directory.GetFiles(Path.Combine(Repository.Root, "notebooks"), "*.ipynb").Select(path => Path.GetFileName(path)!).Order()];

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Cells_OfANotebookAgainstTorchSharpsSignatures_Compile(string name)
    {
        var options = ScriptOptions.Default.WithReferences([.. standIn.Framework, standIn.TorchSharp, standIn.Torch, standIn.Retort, MetadataReference.CreateFromFile(typeof(Session).Assembly.Location)])
            .WithImports("System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq")
            .WithLanguageVersion(LanguageVersion.Latest).WithAllowUnsafe(true);
        var script = CSharpScript.Create<object>($"using static {typeof(Kernel).FullName};", options);
        var number = 0;
        foreach (var cell in NotebookFile.Read(Path.Combine(Repository.Root, "notebooks", name)).Cells.Where(cell => cell.IsCode))
        {
            number++;
            // What the #r lines bring is referenced above.
            var code = string.Join('\n', cell.Source.Split('\n').Select(line => line.TrimStart().StartsWith("#r ") ? "" : line));
            script = script.ContinueWith<object>(code);
            var errors = script.GetCompilation().GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()).ToList();
            Assert.True(errors.Count == 0, $"code cell {number} of {name} does not compile against TorchSharp's signatures:\n{string.Join('\n', errors.Take(10))}");
        }
        Assert.True(number > 5, $"{name} has {number} code cells");
    }

    private static (MetadataReference Torch, MetadataReference Retort) Library(List<MetadataReference> references, string[] symbols)
    {
        var lib = Path.Combine(Repository.Root, "lib");
        var engine = Path.Combine(lib, "Torch", "Engine") + Path.DirectorySeparatorChar;
        var torch = Build("Retort.Torch", Sources(Path.Combine(lib, "Torch")).Where(file => !file.StartsWith(engine)), references, symbols);
        return (torch, Build("Retort", Sources(Path.Combine(lib, "Retort")), [.. references, torch], symbols));
    }

    // The assemblies of a package that a build has fetched; none where there is no such package.
    private static List<MetadataReference> Packages(string name)
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var folder = Path.Combine(cache, name);
        var version = Directory.Exists(folder) ? Directory.GetDirectories(folder).Order(StringComparer.Ordinal).LastOrDefault() : null;
        string[] places = ["ref/net8.0", "lib/net8.0", "lib/net6.0", "lib/netstandard2.0"];
        var place = version is null ? null : places.Select(p => Path.Combine(version, p)).FirstOrDefault(Directory.Exists);
        return place is null ? [] : [.. Directory.GetFiles(place, "*.dll").Select(path => MetadataReference.CreateFromFile(path))];
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/") && !file.Contains("/bin/"));

    private static MetadataReference Build(string name, IEnumerable<string> files, IEnumerable<MetadataReference> references, string[] symbols, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        const string Usings = """
            global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
            global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks; global using TorchSharp;
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Retort")]
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Retort.Tests")]
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("ResumeChild")]
            """;
        var parse = new CSharpParseOptions(LanguageVersion.Latest, preprocessorSymbols: ["TORCHSHARP", .. symbols]);
        var usings = name == "Retort.Tests" ? "global using Xunit; " + Usings : Usings;
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), parse, file)).Append(CSharpSyntaxTree.ParseText(usings, parse));
        // TorchSharp's own nullability is not in its list of members, so only errors count.
        var options = new CSharpCompilationOptions(kind, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable);
        var compilation = CSharpCompilation.Create(name, trees, references, options);
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        // CS8795: the bodies of imported functions come from a generator of the SDK, which does not run here.
        var errors = result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error && d.Id != "CS8795").Select(d => d.ToString()).ToList();
        Assert.True(errors.Count == 0, $"{name} does not compile against TorchSharp's signatures ({errors.Count} errors):\n{string.Join('\n', errors.Take(40))}");
        return result.Success ? MetadataReference.CreateFromImage(image.ToArray()) : compilation.ToMetadataReference();
    }
}
