using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Retort.Tests.Torch.Conformance;

/// <summary>
/// With TorchEngine=TorchSharp the library is compiled against the TorchSharp package. Where no feed has that package,
/// its place is taken by a stand-in of the same public signatures.
/// </summary>
public sealed class TorchSharpEngineTest
{
    [Fact]
    public void LibRetort_AgainstTorchSharpsSignatures_Compiles()
    {
        var trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var own = new[] { "Retort.dll", "Retort.Torch.dll", "Retort.Tests.dll", "retort-notebook.dll" };
        var references = trusted.Where(path => !own.Contains(Path.GetFileName(path))).Select(path => (MetadataReference)MetadataReference.CreateFromFile(path)).ToList();

        var api = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Torch", "Conformance", "torchsharp-0.107.txt"));
        var (stub, members, leftOut) = TorchSharpStub.Compile(api, references);
        Assert.True(leftOut < members / 20, $"{leftOut} of {members} members could not be stood in for");
        references.Add(stub);

        var root = Repository.Root;
        var torch = Sources(Path.Combine(root, "lib", "Torch")).Where(file => !file.Contains(Path.Combine("Torch", "Engine") + Path.DirectorySeparatorChar));
        references.Add(Build("Retort.Torch", torch, references));
        Build("Retort", Sources(Path.Combine(root, "lib", "Retort")), references);
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/") && !file.Contains("/bin/"));

    private static MetadataReference Build(string name, IEnumerable<string> files, IEnumerable<MetadataReference> references)
    {
        const string Usings = """
            global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
            global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks; global using TorchSharp;
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Retort")]
            """;
        var parse = new CSharpParseOptions(LanguageVersion.Latest, preprocessorSymbols: ["TORCHSHARP", "NET", "NET8_0_OR_GREATER", "NET10_0", "NET10_0_OR_GREATER"]);
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), parse, file)).Append(CSharpSyntaxTree.ParseText(Usings, parse));
        // TorchSharp's own nullability is not in its list of members, so only errors count.
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable);
        var compilation = CSharpCompilation.Create(name, trees, references, options);
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        // CS8795: the bodies of imported functions come from a generator of the SDK, which does not run here.
        var errors = result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error && d.Id != "CS8795").Select(d => d.ToString()).ToList();
        Assert.True(errors.Count == 0, $"{name} does not compile against TorchSharp's signatures ({errors.Count} errors):\n{string.Join('\n', errors.Take(40))}");
        return result.Success ? MetadataReference.CreateFromImage(image.ToArray()) : compilation.ToMetadataReference();
    }
}
