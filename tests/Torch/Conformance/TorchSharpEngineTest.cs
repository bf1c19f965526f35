using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Retort.Tests.Torch.Conformance;

/// <summary>
/// With TorchEngine=TorchSharp the library, and the tests above the engine, are compiled against the TorchSharp package. Where no
/// feed has that package, its place is taken by a stand-in of the same public signatures.
/// </summary>
public sealed class TorchSharpEngineTest
{
    [Fact]
    public void LibRetortAndTheTestsAboveTheEngine_AgainstTorchSharpsSignatures_Compile()
    {
        var trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var own = new[] { "Retort.dll", "Retort.Torch.dll", "Retort.Tests.dll", "retort-notebook.dll", "ResumeChild.dll" };
        var references = trusted.Where(path => !own.Contains(Path.GetFileName(path))).Select(path => (MetadataReference)MetadataReference.CreateFromFile(path)).ToList();

        // The list has no names of tuples' elements.
        var api = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Torch", "Conformance", "torchsharp-0.107.txt"))
            .Select(line => line.Contains(" named_") ? line.Replace("(string, Parameter)", "(string name, Parameter parameter)")
                .Replace("(string, torch.Tensor)", "(string name, torch.Tensor buffer)").Replace("(string, torch.nn.Module)", "(string name, torch.nn.Module module)") : line);
        var (stub, members, leftOut) = TorchSharpStub.Compile(api, references);
        Assert.True(leftOut < members / 20, $"{leftOut} of {members} members could not be stood in for");
        references.Add(stub);

        var root = Repository.Root;
        var torch = Sources(Path.Combine(root, "lib", "Torch")).Where(file => !file.Contains(Path.Combine("Torch", "Engine") + Path.DirectorySeparatorChar));
        references.Add(Build("Retort.Torch", torch, references));
        references.Add(Build("Retort", Sources(Path.Combine(root, "lib", "Retort")), references));
        references.Add(MetadataReference.CreateFromFile(Path.Combine(AppContext.BaseDirectory, "retort-notebook.dll")));
        references.Add(Build("ResumeChild", Sources(Path.Combine(root, "tests", "Child", "ResumeChild")), references, OutputKind.ConsoleApplication));
        // What Retort.Tests.csproj leaves out with that engine.
        var engines = new[] { "Torch/Engine", "Torch/Conformance", "Bench", "Child" }.Select(folder => Path.Combine(root, "tests", folder) + "/").ToList();
        Build("Retort.Tests", Sources(Path.Combine(root, "tests")).Where(file => !engines.Any(file.StartsWith)), references);
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/") && !file.Contains("/bin/"));

    private static MetadataReference Build(string name, IEnumerable<string> files, IEnumerable<MetadataReference> references, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        const string Usings = """
            global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
            global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks; global using TorchSharp;
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Retort")]
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Retort.Tests")]
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("ResumeChild")]
            """;
        var parse = new CSharpParseOptions(LanguageVersion.Latest, preprocessorSymbols: ["TORCHSHARP", "NET", "NET8_0_OR_GREATER", "NET10_0", "NET10_0_OR_GREATER"]);
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
