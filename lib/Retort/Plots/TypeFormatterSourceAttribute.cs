// Notebook hosts look for an attribute of exactly this class name, in any namespace, and call its source by reflection.
// So nothing here refers to a host, and no host has to refer to us.

namespace Retort.Plots;

/// <summary>Tells a notebook host which type makes the formatters of the class that carries it.</summary>
/// <param name="formatterSourceType">a type with a constructor and a method CreateTypeFormatters, both without parameters</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType { get; } = formatterSourceType;

    public string[] PreferredMimeTypes { get; set; } = [FormatterSource.Html, FormatterSource.Plain];
}
