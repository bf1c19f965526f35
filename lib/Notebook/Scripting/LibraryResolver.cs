using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Scripting;

namespace Retort.Notebook;

/// <summary>Resolves #r. Each file is one reference for the life of the process.</summary>
internal sealed class LibraryResolver : MetadataReferenceResolver
{
    private static readonly ConcurrentDictionary<(string Path, DateTime Written), PortableExecutableReference> Known = new();
    private readonly ScriptMetadataResolver _inner;

    /// <param name="folder">What paths are relative to.</param>
    public LibraryResolver(string folder) => _inner = ScriptMetadataResolver.Default.WithBaseDirectory(folder);

    public override bool ResolveMissingAssemblies => true;

    public override PortableExecutableReference? ResolveMissingAssembly(MetadataReference definition, AssemblyIdentity referenceIdentity) =>
        One(_inner.ResolveMissingAssembly(definition, referenceIdentity));

    public override ImmutableArray<PortableExecutableReference> ResolveReference(string reference, string? baseFilePath, MetadataReferenceProperties properties) =>
        [.. _inner.ResolveReference(reference, baseFilePath, properties).Select(One).OfType<PortableExecutableReference>()];

    /// <summary>
    /// The libraries that those of a cell's #r need and that lie beside them. Left to the compiler, these would be found
    /// anew when a later cell names one of them by #r, as a second assembly of the same name, and every call into it would
    /// be ambiguous from then on.
    /// </summary>
    public IEnumerable<PortableExecutableReference> BroughtAlong(string code)
    {
        var named = CSharpSyntaxTree.ParseText(code, ScriptParse.Options).GetRoot().DescendantNodes(descendIntoTrivia: true).OfType<ReferenceDirectiveTriviaSyntax>()
            .SelectMany(directive => ResolveReference(directive.File.ValueText, null, MetadataReferenceProperties.Assembly)).Select(found => found.FilePath).OfType<string>().Where(File.Exists).ToList();
        var paths = new List<string>(named);
        for (int index = 0; index < paths.Count; index++)
        {
            paths.AddRange(Beside(paths[index]).Where(other => !paths.Contains(other)));
        }
        return paths.Skip(named.Count).Select(Get);
    }

    public override bool Equals(object? other) => other is LibraryResolver resolver && resolver._inner.Equals(_inner);

    public override int GetHashCode() => _inner.GetHashCode();

    private static PortableExecutableReference? One(PortableExecutableReference? found) => found is { FilePath: { } path } ? Get(path) : found;

    private static PortableExecutableReference Get(string path) => Known.GetOrAdd((path, File.GetLastWriteTimeUtc(path)), key => MetadataReference.CreateFromFile(key.Path));

    private static IReadOnlyList<string> Beside(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        try
        {
            using var file = new PEReader(File.OpenRead(path));
            if (!file.HasMetadata)
            {
                return [];
            }
            var metadata = file.GetMetadataReader();
            return [.. metadata.AssemblyReferences.Select(handle => Path.Combine(folder, metadata.GetString(metadata.GetAssemblyReference(handle).Name) + ".dll")).Where(File.Exists)];
        }
        catch (BadImageFormatException)
        {
            return []; // the compiler says it better
        }
    }
}
