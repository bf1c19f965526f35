using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Retort.Plots;

namespace Retort.Tests.Plots;

public sealed class GalleryTest
{
    public static TheoryData<string> Names => [.. Gallery.All.Select(g => g.Name)];

    private static Figure Figure(string name) => Gallery.All.Single(g => g.Name == name).Figure;

    [Theory]
    [MemberData(nameof(Names))]
    public void Svg_OfEachKind_IsXmlOfTheSizeWithTitleAndNoBadNumber(string name)
    {
        var figure = Figure(name);
        var svg = figure.ToSvg();
        var root = XDocument.Parse(svg).Root!;
        Assert.Equal(figure.Width.ToString(), root.Attribute("width")!.Value);
        Assert.Equal(figure.Height.ToString(), root.Attribute("height")!.Value);
        Assert.DoesNotContain("NaN", svg);
        Assert.DoesNotContain("Infinity", svg);
        var texts = root.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value).ToArray();
        Assert.Contains(figure.Title, texts);
        Assert.True(texts.Length > 5, "tick labels are there");
        // Every text begins inside the picture.
        foreach (var text in root.Descendants().Where(e => e.Name.LocalName == "text"))
        {
            Assert.InRange(double.Parse(text.Attribute("x")!.Value), 0, figure.Width);
            Assert.InRange(double.Parse(text.Attribute("y")!.Value), 0, figure.Height);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Html_OfEachKind_HasThePictureAndTheJsonOfTheFigure(string name)
    {
        var figure = Figure(name);
        var html = figure.ToHtml();
        var image = Regex.Match(html, "<img [^>]*src=\"data:image/svg\\+xml;base64,([^\"]+)\"");
        Assert.True(image.Success);
        Assert.Equal(figure.ToSvg(), Encoding.UTF8.GetString(Convert.FromBase64String(image.Groups[1].Value)));
        var json = Regex.Match(html, "<script type=\"application/json\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value;
        Assert.DoesNotContain('<', json);
        var whole = JsonNode.Parse(json)!;
        Assert.Equal(figure.Names.Count, whole["data"]!.AsArray().Count);
        Assert.Equal(figure.Title, whole["layout"]!["title"]!["text"]!.GetValue<string>());
    }

    [Fact]
    public void Page_OfAllKinds_IsWritten()
    {
        var page = new StringBuilder("<!doctype html><meta charset=\"utf-8\"><title>gallery</title><body style=\"margin:16px;background:#22272e\">");
        foreach (var (_, figure) in Gallery.All)
        {
            page.Append(figure.ToHtml());
        }
        page.Append(Sheets.Table.ToHtml()).Append("<br>").Append(Sheets.Open.ToHtml()).Append(Sheets.Failed.ToHtml()).Append(Sheets.Held.ToHtml())
            .Append(new Note("A note.\nWith two lines.", NoteKind.Warning).ToHtml())
            .Append(new ProgressLine("training", 400).Report(130, "loss 0.31").ToHtml())
            .Append(new AudioPlayer(new float[8000], 16000, "half a second of silence").ToHtml());
        var path = Path.Combine(AppContext.BaseDirectory, "gallery.html");
        File.WriteAllText(path, page.ToString());
        // Every picture is there, in order; the cards stand below with their words.
        var html = File.ReadAllText(path);
        var pictures = Regex.Matches(html, "<img [^>]*src=\"data:image/svg\\+xml;base64,([^\"]+)\"").Select(m => Encoding.UTF8.GetString(Convert.FromBase64String(m.Groups[1].Value))).ToArray();
        Assert.Equal(Gallery.All.Select(g => g.Figure.ToSvg()), pictures.Take(Gallery.All.Count));
        foreach (var words in new[] { Sheets.Open.Says, Sheets.Failed.Notes, "With two lines.", "loss 0.31", "half a second of silence", "<audio" })
        {
            Assert.Contains(words, html);
        }
    }

    [Fact]
    public void Json_OfAllKinds_IsSmall()
    {
        foreach (var (name, figure) in Gallery.All)
        {
            Assert.True(figure.ToHtml().Length < 700_000, $"{name}: {figure.ToHtml().Length} characters");
        }
    }
}
