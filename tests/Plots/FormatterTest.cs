using System.Reflection;
using Retort.Plots;

namespace Retort.Tests.Plots;

/// <summary>Finds formatters as a notebook host does: by names alone.</summary>
public sealed class FormatterTest
{
    public static TheoryData<object> Shown => new(
        Gallery.All[0].Figure, Sheets.Table, Sheets.Held, new Note("a"), new Html("<b>a</b>", "a"), new ProgressLine("w", 3), new AudioPlayer(new float[16], 16000));

    [Theory]
    [MemberData(nameof(Shown))]
    public void Formatters_OfEachDisplayable_AreFoundByTheConvention(object shown)
    {
        var attribute = shown.GetType().GetCustomAttributes(inherit: true).Single(a => a.GetType().Name == "TypeFormatterSourceAttribute");
        var type = (Type)attribute.GetType().GetProperty("FormatterSourceType")!.GetValue(attribute)!;
        Assert.Equal(["text/html", "text/plain"], (string[])attribute.GetType().GetProperty("PreferredMimeTypes")!.GetValue(attribute)!);
        var source = type.GetConstructor(Type.EmptyTypes)!.Invoke(null);
        var formatters = ((System.Collections.IEnumerable)type.GetMethod("CreateTypeFormatters", Type.EmptyTypes)!.Invoke(source, null)!).Cast<object>().ToArray();
        Assert.Equal(2, formatters.Length);
        foreach (var formatter in formatters)
        {
            var mime = (string)formatter.GetType().GetProperty("MimeType")!.GetValue(formatter)!;
            var format = formatter.GetType().GetMethods(BindingFlags.Public | BindingFlags.Instance).Single(m => m.Name == "Format");
            Assert.Equal([typeof(object), typeof(TextWriter)], format.GetParameters().Select(p => p.ParameterType));
            var writer = new StringWriter();
            Assert.True((bool)format.Invoke(formatter, [shown, writer])!);
            var displayable = (IDisplayable)shown;
            Assert.Equal(mime == "text/html" ? displayable.ToHtml() : displayable.ToText(), writer.ToString());
            Assert.False((bool)format.Invoke(formatter, ["a string", new StringWriter()])!);
        }
    }
}
