using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Retort.Tests;

/// <summary>What the README shows compiles, and what it points to exists.</summary>
public sealed partial class ReadmeTest
{
    private static string Text => File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();

    [GeneratedRegex(@"\]\(([^)#:]+)\)")]
    private static partial Regex Link();

    [Fact]
    public void Snippets_OfCSharp_Compile()
    {
        // What a program of .NET has without saying so.
        const string Usings = """
            global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading.Tasks;
            """;
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var snippets = CSharp().Matches(Text).Select(m => m.Groups[1].Value).ToArray();
        Assert.NotEmpty(snippets);
        foreach (var snippet in snippets)
        {
            var compilation = CSharpCompilation.Create("readme", [CSharpSyntaxTree.ParseText(Usings), CSharpSyntaxTree.ParseText(snippet)], references);
            var errors = compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString());
            Assert.True(!errors.Any(), $"{snippet}\n{string.Join('\n', errors)}");
        }
    }

    [Fact]
    public void Links_ToFiles_Exist() =>
        Assert.All(Link().Matches(Text).Select(m => m.Groups[1].Value), link => Assert.True(Path.Exists(Path.Combine(Repository.Root, link)), link));
}
