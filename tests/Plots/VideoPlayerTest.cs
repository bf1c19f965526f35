using System.Text;
using System.Text.RegularExpressions;
using Retort.Plots;

namespace Retort.Tests.Plots;

public sealed class VideoPlayerTest
{
    private static string Svg(string html) => Encoding.UTF8.GetString(Convert.FromBase64String(Regex.Match(html, "data:image/svg\\+xml;base64,([^\"]+)").Groups[1].Value));

    [Fact]
    public void WithSound_WaveAndMarks_AreDrawnAtTheirTimes()
    {
        var player = new VideoPlayer([1, 2, 3], [4, 5], 400, "a <face>");
        Assert.DoesNotContain("svg+xml", player.ToHtml());
        // One second: silence, then a tone from 0.5 on. Marks at a quarter, right after it, at the end, and beyond.
        float[] samples = [.. Enumerable.Range(0, 8000).Select(i => i < 4000 ? 0 : 0.2f * MathF.Sin(i))];
        var html = player.WithSound(samples, 8000, [(0.25, "aa"), (0.26, "bb"), (0.75, "cc"), (1.5, "dd")]).ToHtml();
        Assert.Contains("a &lt;face&gt;", html);
        var svg = Svg(html);
        Assert.Contains("width=\"400\"", svg);
        // A tick each inside the sound, a label where there is room.
        Assert.Equal([100, 104, 300], Regex.Matches(svg, "<line x1=\"([0-9.]+)\"").Select(m => double.Parse(m.Groups[1].Value)));
        Assert.Contains(">aa<", svg);
        Assert.Contains(">cc<", svg);
        Assert.DoesNotContain(">bb<", svg);
        Assert.DoesNotContain(">dd<", svg);
        // Loud where it is loud: the loudest sample reaches the top, whatever its level; silence is a thin line.
        var columns = Regex.Matches(svg, "M([0-9.]+) ([-0-9.]+)V([-0-9.]+)").Select(m => (X: double.Parse(m.Groups[1].Value), Height: double.Parse(m.Groups[3].Value) - double.Parse(m.Groups[2].Value))).ToArray();
        Assert.Equal(400, columns.Length);
        Assert.All(columns[..199], c => Assert.InRange(c.Height, 0, 1));
        Assert.All(columns[201..], c => Assert.InRange(c.Height, 35, 41));
    }

    [Fact]
    public void ToHtml_PicturesOfTheVideo_StaySmall()
    {
        var html = new VideoPlayer([1], [2], 900).ToHtml();
        Assert.Contains("max-height:72px", html);
        Assert.Equal(1, Regex.Count(html, "width:900px"));
    }
}
