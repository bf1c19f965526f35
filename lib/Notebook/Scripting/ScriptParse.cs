using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Retort.Notebook;

/// <summary>How cells are parsed, everywhere.</summary>
internal static class ScriptParse
{
    public static readonly CSharpParseOptions Options = new(LanguageVersion.Latest, DocumentationMode.None, SourceCodeKind.Script);
}
