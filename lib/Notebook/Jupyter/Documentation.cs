using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace Retort.Notebook;

/// <summary>Documentation comments from the XML files beside libraries, and from the SDK's reference packs for .NET itself.</summary>
internal static partial class Documentation
{
    private static readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, XElement>> Files = new();

    /// <summary>Summary, parameters and result of a symbol as text; empty where nothing is written.</summary>
    public static string Of(ISymbol symbol, Compilation compilation)
    {
        if (symbol.OriginalDefinition.GetDocumentationCommentId() is not { } id || symbol.ContainingAssembly is not { } assembly
            || compilation.GetMetadataReference(assembly) is not PortableExecutableReference { FilePath: { } path })
        {
            return "";
        }
        foreach (var file in Candidates(path))
        {
            if (Files.GetOrAdd(file, Read).TryGetValue(id, out var member))
            {
                return Text(member);
            }
        }
        return "";
    }

    private static IEnumerable<string> Candidates(string assembly)
    {
        yield return Path.ChangeExtension(assembly, ".xml");
        var name = Path.GetFileNameWithoutExtension(assembly);
        // .../dotnet/shared/Microsoft.NETCore.App/10.0.0/X.dll has its comments in .../dotnet/packs/Microsoft.NETCore.App.Ref.
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(assembly)!, "..", "..", ".."));
        var packs = Path.Combine(root, "packs", "Microsoft.NETCore.App.Ref");
        if (!Directory.Exists(packs))
        {
            yield break;
        }
        var names = name == "System.Private.CoreLib" ? ["System.Runtime", "System.Collections", "System.Console", "System.Linq", "System.Threading"] : new[] { name, "System.Runtime" };
        foreach (var folder in Directory.EnumerateDirectories(packs).OrderDescending(StringComparer.Ordinal).Take(1))
        {
            foreach (var reference in Directory.EnumerateDirectories(Path.Combine(folder, "ref")))
            {
                foreach (var file in names)
                {
                    yield return Path.Combine(reference, file + ".xml");
                }
            }
        }
    }

    private static IReadOnlyDictionary<string, XElement> Read(string path)
    {
        if (!File.Exists(path))
        {
            return new Dictionary<string, XElement>();
        }
        try
        {
            return XDocument.Load(path).Descendants("member").Where(member => member.Attribute("name") is not null)
                .GroupBy(member => member.Attribute("name")!.Value).ToDictionary(group => group.Key, group => group.First());
        }
        catch (System.Xml.XmlException)
        {
            return new Dictionary<string, XElement>(); // a damaged comment file is no comment
        }
    }

    private static string Text(XElement member)
    {
        var text = new StringBuilder(Flat(member.Element("summary")));
        foreach (var parameter in member.Elements("param"))
        {
            text.Append('\n').Append(parameter.Attribute("name")?.Value).Append(": ").Append(Flat(parameter));
        }
        if (Flat(member.Element("returns")) is { Length: > 0 } returns)
        {
            text.Append("\nreturns: ").Append(returns);
        }
        return text.ToString();
    }

    private static string Flat(XElement? element)
    {
        if (element is null)
        {
            return "";
        }
        var text = string.Concat(element.DescendantNodes().Select(node => node switch
        {
            XText words => words.Value,
            XElement reference when reference.IsEmpty => (reference.Attribute("cref") ?? reference.Attribute("name") ?? reference.Attribute("langword"))?.Value.Split('(')[0].Split('.')[^1].Split(':')[^1],
            _ => "",
        }));
        return Spaces().Replace(text, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
