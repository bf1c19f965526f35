using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>The formatter convention, rule by rule, and what values without formatters look like.</summary>
public class FormatterTest
{
    [Fact]
    public void Convention_AttributeSourceAndFormatterByName_AreFound()
    {
        var bundle = Formatter.Bundle(new Own());
        Assert.Equal([("text/html", "<own>"), ("text/plain", "own")], bundle.Items);
    }

    [Fact]
    public void Convention_WithoutPreferredTypes_GivesHtmlOnly()
    {
        Assert.Equal([("text/html", "<own>")], Formatter.Bundle(new NoPreference()).Items);
    }

    [Fact]
    public void Convention_Attribute_IsInheritedFromBaseClassesNotInterfaces()
    {
        Assert.Equal("<own>", Formatter.Bundle(new Derived())["text/html"]);
        Assert.DoesNotContain("<own>", Formatter.Bundle(new OnlyInterface())["text/html"]!);
    }

    [Fact]
    public void Convention_FormatReturningFalse_LetsTheNextTry()
    {
        Assert.Equal("second", Formatter.Bundle(new Declining(), "text/plain")["text/plain"]);
    }

    [Fact]
    public void Convention_ObjectWithoutMimeType_IsIgnored()
    {
        Assert.Equal("second", Formatter.Bundle(new Declining())["text/plain"]);
    }

    [Fact]
    public void Convention_FormatterWithAType_ServesThatTypeToo()
    {
        _ = Formatter.Bundle(new Sponsor());
        Assert.Equal("<guest>", Formatter.Bundle(new Guest())["text/html"]);
    }

    [Fact]
    public void Convention_OverloadedFormat_IsAClearError()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Formatter.Bundle(new Ambiguous()));
        Assert.Contains("exactly one public method Format", error.Message);
    }

    [Fact]
    public void Convention_MadeOncePerType()
    {
        for (int i = 0; i < 5; i++)
        {
            Formatter.Bundle(new Counted());
        }
        Assert.Equal(1, CountedSource.Made);
    }

    [Fact]
    public void Convention_InsideAList_IsUsedForTheItems()
    {
        Assert.Contains("<td><own></td>", Formatter.Bundle(new[] { new Own() })["text/html"]);
        Assert.Equal("[ own ]", Formatter.Bundle(new[] { new Own() })["text/plain"]);
    }

    [Theory]
    [InlineData(1, "1")]
    [InlineData(0.1, "0.1")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(true, "true")]
    [InlineData(DayOfWeek.Friday, "Friday")]
    public void Scalar_IsPreformattedHtmlAndText(object value, string text)
    {
        Assert.Equal([("text/html", $"<div class=\"dni-plaintext\"><pre>{text}</pre></div>"), ("text/plain", text)], Formatter.Bundle(value).Items);
    }

    [Fact]
    public void Text_PrefersPlainAndIsEncodedAsHtml()
    {
        Assert.Equal([("text/plain", "a<b")], Formatter.Bundle("a<b").Items);
        Assert.Equal("<div class=\"dni-plaintext\"><pre>a&lt;b</pre></div>", Formatter.Bundle("a<b", "text/html")["text/html"]);
    }

    [Fact]
    public void Object_ShowsItsMembersWithoutScript()
    {
        var bundle = Formatter.Bundle(new { Name = "x<y", Inner = new { Z = 1 } });
        Assert.Equal("(anonymous)\n    Name: x<y\n    Inner: (anonymous)\n        Z: 1", bundle["text/plain"]);
        Assert.Contains("<th scope=\"row\">Name</th><td>x&lt;y</td>", bundle["text/html"]);
        Assert.DoesNotContain("<script", bundle["text/html"]);
    }

    [Fact]
    public void Object_WhoseGetterThrows_ShowsTheException()
    {
        Assert.Contains("Bad: (InvalidOperationException: no)", Formatter.Bundle(new Throwing())["text/plain"]);
    }

    [Fact]
    public void Object_ThatHoldsItself_EndsAtALevel()
    {
        Assert.InRange(Formatter.Bundle(new Circular())["text/html"]!.Length, 1, 2000);
    }

    [Fact]
    public void List_OfNumbers_IsCutWithTheNumberLeftOut()
    {
        var bundle = Formatter.Bundle(Enumerable.Range(0, 30).ToList());
        Assert.StartsWith("[ 0, 1, 2", bundle["text/plain"]);
        Assert.EndsWith("19, ... (10 more) ]", bundle["text/plain"]);
        Assert.Contains("... (10 more)", bundle["text/html"]);
    }

    [Fact]
    public void List_WithoutEnd_IsNotRunThrough()
    {
        static IEnumerable<int> Forever()
        {
            for (int i = 0; ; i++)
            {
                yield return i;
            }
        }
        Assert.Contains("(more)", Formatter.Bundle(Forever())["text/html"]);
    }

    [Fact]
    public void List_OfLikeObjects_IsATextTable()
    {
        Assert.Equal("A   Name\n1   x\n22  long", Formatter.Bundle(new[] { new { A = 1, Name = "x" }, new { A = 22, Name = "long" } })["text/plain"]);
    }

    [Fact]
    public void Dictionary_ShowsKeysAndValues()
    {
        Assert.Contains("<td>a</td><td>1</td>", Formatter.Bundle(new Dictionary<string, int> { ["a"] = 1 })["text/html"]);
    }

    [Fact]
    public void Exception_ShowsTypeAndMessage()
    {
        Assert.Equal("System.ArgumentException: bad", Formatter.Bundle(new ArgumentException("bad"))["text/plain"]);
    }

    [AttributeUsage(AttributeTargets.All)]
    private sealed class TypeFormatterSourceAttribute(Type type) : Attribute
    {
        public Type FormatterSourceType { get; } = type;

        public string[]? PreferredMimeTypes { get; set; }
    }

    private sealed class OneFormatter(string mimeType, string? text)
    {
        public string MimeType { get; } = mimeType;

        public bool Format(object value, TextWriter writer)
        {
            writer.Write(text);
            return text is not null;
        }
    }

    private sealed class TypedFormatter(Type type, string text)
    {
        public string MimeType => "text/html";

        public Type Type { get; } = type;

        public bool Format(object value, TextWriter writer)
        {
            writer.Write(text);
            return true;
        }
    }

    private sealed class OwnSource
    {
        public IEnumerable<object> CreateTypeFormatters() => [new OneFormatter("text/html", "<own>"), new OneFormatter("text/plain", "own")];
    }

    private sealed class DecliningSource
    {
        public IEnumerable<object> CreateTypeFormatters() => [new object(), new OneFormatter("text/plain", null), new OneFormatter("text/plain", "second")];
    }

    private sealed class SponsorSource
    {
        public IEnumerable<object> CreateTypeFormatters() => [new TypedFormatter(typeof(Guest), "<guest>")];
    }

    private sealed class AmbiguousSource
    {
        public IEnumerable<object> CreateTypeFormatters() => [new AmbiguousFormatter()];
    }

    private sealed class AmbiguousFormatter
    {
        public string MimeType => "text/html";

        public bool Format(object value, TextWriter writer) => false;

        public bool Format(object value) => false;
    }

    private sealed class CountedSource
    {
        public CountedSource() => Made++;

        public static int Made { get; private set; }

        public IEnumerable<object> CreateTypeFormatters() => [];
    }

    [TypeFormatterSource(typeof(OwnSource), PreferredMimeTypes = ["text/html", "text/plain"])]
    private class Own;

    private sealed class Derived : Own;

    [TypeFormatterSource(typeof(OwnSource))]
    private sealed class NoPreference;

    [TypeFormatterSource(typeof(OwnSource))]
    private interface IMarked;

    private sealed class OnlyInterface : IMarked;

    [TypeFormatterSource(typeof(DecliningSource), PreferredMimeTypes = ["text/plain"])]
    private sealed class Declining;

    [TypeFormatterSource(typeof(SponsorSource))]
    private sealed class Sponsor;

    private sealed class Guest;

    [TypeFormatterSource(typeof(AmbiguousSource))]
    private sealed class Ambiguous;

    [TypeFormatterSource(typeof(CountedSource))]
    private sealed class Counted;

    private sealed class Throwing
    {
        public int Bad => throw new InvalidOperationException("no");
    }

    private sealed class Circular
    {
        public Circular Self => this;

        public Circular Again => this;
    }
}
