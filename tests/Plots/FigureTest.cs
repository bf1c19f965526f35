using System.Globalization;
using System.Text.Json.Nodes;
using Retort.Plots;

namespace Retort.Tests.Plots;

public sealed class FigureTest
{
    [Fact]
    public void Json_OfNotANumber_IsNullWhateverTheCulture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
            var figure = Chart.Line(new[] { 1.5, 2.5, 3.5 }, new[] { 0.1f, float.NaN, float.PositiveInfinity }, "a");
            var trace = JsonNode.Parse(figure.ToJson())!["data"]![0]!;
            Assert.Equal("[0.1,null,null]", trace["y"]!.ToJsonString());
            Assert.Equal("[1.5,2.5,3.5]", trace["x"]!.ToJsonString());
            Assert.Contains("0.1", figure.ToSvg());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void With_ReturnsAnotherFigureAndLeavesTheFirst()
    {
        var plain = Chart.Line(new[] { 1, 2 }, new[] { 1, 2 });
        var titled = plain.WithTitle("t").WithXAxis("x", 1, 100, log: true).WithSize(300, 200);
        Assert.Equal("", plain.Title);
        Assert.Equal("t", titled.Title);
        var axis = JsonNode.Parse(titled.ToJson())!["layout"]!["xaxis"]!;
        Assert.Equal("log", axis["type"]!.GetValue<string>());
        Assert.Equal("[0,2]", axis["range"]!.ToJsonString());
        Assert.Equal((300, 200), (titled.Width, titled.Height));
        Assert.Throws<ArgumentException>(() => plain.WithXAxis(min: 1));
    }

    [Fact]
    public void Combine_SameName_SharesAColourAndOneLegendEntry()
    {
        var x = new[] { 0.0, 1 };
        var figure = Chart.Combine(Chart.Line(x, x, "a"), Chart.Line(x, x, "b"), Chart.Band(x, x, x, x, "a"));
        var data = JsonNode.Parse(figure.ToJson())!["data"]!.AsArray();
        Assert.Equal(Palette.Colours[0], data[0]!["line"]!["color"]!.GetValue<string>());
        Assert.Equal(Palette.Colours[1], data[1]!["line"]!["color"]!.GetValue<string>());
        Assert.Equal("rgba(0,114,178,0.2)", data[2]!["fillcolor"]!.GetValue<string>());
        Assert.Equal(Palette.Colours[0], data[3]!["line"]!["color"]!.GetValue<string>());
    }

    [Fact]
    public void Grid_GivesEachPlotItsAxesAndRefusesAGridOfGrids()
    {
        var x = new[] { 0.0, 1 };
        var grid = Chart.Grid([Chart.Line(x, x, "a").WithTitle("one"), Chart.Line(x, x, "a").WithHorizontalLine(0.5)], 2);
        var whole = JsonNode.Parse(grid.ToJson())!;
        Assert.Equal("x2", whole["data"]![1]!["xaxis"]!.GetValue<string>());
        Assert.False(whole["data"]![1]!["showlegend"]!.GetValue<bool>());
        Assert.Equal("x2 domain", whole["layout"]!["shapes"]![0]!["xref"]!.GetValue<string>());
        Assert.True(whole["layout"]!["xaxis"]!["domain"]![1]!.GetValue<double>() < whole["layout"]!["xaxis2"]!["domain"]![0]!.GetValue<double>());
        Assert.Throws<ArgumentException>(() => Chart.Grid([grid]));
    }

    [Fact]
    public void Grid_TitlesWiderThanTheirPlots_AreBrokenBetweenWordsWithRoomForTheLines()
    {
        var x = new[] { 0.0, 1 };
        Figure[] With(string title) => [Chart.Line(x, x).WithTitle(title), Chart.Line(x, x).WithTitle("short"), Chart.Line(x, x).WithTitle("short")];
        var (one, three) = (Chart.Grid(With("short"), 3), Chart.Grid(With("Correlation of the lips' opening with the true one, all clips and seeds"), 3));
        var lines = three.Layout["annotations"]![0]!["text"]!.GetValue<string>().Split("<br>");
        Assert.InRange(lines.Length, 2, 3);
        Assert.All(lines, l => Assert.InRange(l.Length, 5, 45));
        Assert.True(three.Layout["margin"]!["t"]!.GetValue<int>() >= one.Layout["margin"]!["t"]!.GetValue<int>() + 16);
        Assert.True(three.Layout["height"]!.GetValue<int>() > one.Layout["height"]!.GetValue<int>());
    }

    [Fact]
    public void FromJson_BadText_IsOneClearError()
    {
        Assert.Contains("not JSON", Assert.Throws<BadInputException>(() => Figure.FromJson("{")).Message);
        Assert.Contains("list of traces", Assert.Throws<BadInputException>(() => Figure.FromJson("{\"data\": 3}")).Message);
        Assert.Equal(["n"], Figure.FromJson("""{ "data": [{ "type": "bar", "x": ["a"], "y": [1], "name": "n" }] }""").Names);
    }

    [Fact]
    public void Text_NamesTracesSizesAndLastValues()
    {
        var text = Chart.Line(new[] { 10, 20 }, new[] { 0.25, 0.5 }, "student").WithTitle("Curves").ToText();
        Assert.Equal("Curves\n  line 'student': 2 values, last 0.5 at 20", text);
    }

    [Fact]
    public void Chart_LengthsThatDoNotFit_AreRefused()
    {
        Assert.Contains("2 places and 1 values", Assert.Throws<ArgumentException>(() => Chart.Bar(new[] { "a", "b" }, new[] { 1.0 })).Message);
        Assert.Throws<ArgumentException>(() => Chart.Heatmap(new[] { new[] { 1.0 }, [1.0, 2.0] }));
        Assert.Throws<ArgumentException>(() => Chart.Histogram(new[] { double.NaN }));
        Assert.Throws<ArgumentException>(() => Chart.Animation([("a", Chart.Line(new[] { 1 }, new[] { 1 }))]));
    }

    [Fact]
    public void ProgressLine_Reported_SaysHowFar()
    {
        var line = new ProgressLine("training", 200).Report(50, "loss 0.3");
        Assert.StartsWith("[#####...............] training: 50 of 200 (", line.ToText());
        Assert.EndsWith("loss 0.3", line.ToText());
        Assert.Contains("width:25%", line.ToHtml());
    }

    [Fact]
    public void AudioPlayer_IsAWavInsideThePage()
    {
        var player = new AudioPlayer([0f, 1f, -2f, float.NaN], 8000, "click");
        var wav = Convert.FromBase64String(player.ToHtml().Split("base64,")[1].Split('"')[0]);
        Assert.Equal(52, wav.Length);
        Assert.Equal([0, 32767, -32767, 0], Enumerable.Range(0, 4).Select(i => (int)BitConverter.ToInt16(wav, 44 + 2 * i)));
        Assert.Equal(8000, BitConverter.ToInt32(wav, 24));
        Assert.Equal("click: 0.00 s of sound at 8000 Hz", player.ToText());
    }

    [Fact]
    public void Svg_NamesWiderThanTheirPlace_AreBrokenIntoLinesAndSlantedOnlyWhereThatIsNotEnough()
    {
        string Svg(int bars) => Chart.Bar(Enumerable.Range(1, bars).Select(i => $"student {i}, 3,000 clips without labels"), Enumerable.Range(1, bars)).ToSvg();

        var few = Svg(4);
        Assert.DoesNotContain("rotate(-35", few);
        Assert.DoesNotContain("…", few);
        Assert.All("student 4, 3,000 clips without labels".Split(' '), word => Assert.Contains(word, few));
        Assert.DoesNotContain("student 4, 3,000 clips without labels", few);
        Assert.Contains("rotate(-35", Svg(20));
    }
}
