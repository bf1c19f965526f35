using System.Globalization;
using System.Text;
using Retort.Plots.Svg;

namespace Retort.Plots;

/// <summary>
/// A video to be seen and heard in a notebook: an MP4 file inside the page, below it the sound's wave with marks at its times, and a small row of the
/// video's pictures for pages that show no video.
/// </summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed class VideoPlayer : IDisplayable
{
    private readonly byte[] mp4;
    private readonly byte[] strip;
    private readonly int width;
    private readonly string title;
    private string wave = "";

    /// <param name="mp4">an MP4 file's bytes</param>
    /// <param name="strip">a PNG file's bytes: some of the video's pictures beside one another</param>
    /// <param name="width">how wide it is shown, in pixels</param>
    /// <param name="title">stands above it</param>
    public VideoPlayer(byte[] mp4, byte[] strip, int width, string title = "") => (this.mp4, this.strip, this.width, this.title) = (mp4, strip, width, title);

    /// <inheritdoc/>
    public string ToHtml()
    {
        var head = title.Length == 0 ? "" : $"<div style=\"margin:0 0 4px 2px\">{Markup.Text(title)}</div>";
        var shown = string.Create(CultureInfo.InvariantCulture, $"style=\"width:{width}px;max-width:100%;display:block\"");
        return $"<div style=\"{Markup.Card};display:inline-block;padding:8px 12px;font-size:13px\">{head}"
            + $"<video controls loop preload=\"metadata\" {shown} src=\"{Markup.DataUri("video/mp4", mp4)}\"></video>"
            + (wave.Length == 0 ? "" : $"<img alt=\"the sound over time\" {shown} src=\"{Markup.SvgUri(wave)}\">")
            + $"<img alt=\"{Markup.Text(title)}: pictures of the video\" style=\"max-width:100%;max-height:72px;display:block;margin-top:6px\" src=\"{Markup.DataUri("image/png", strip)}\"></div>";
    }

    /// <summary>The same player with its sound drawn below the video, as wide as it, from the first moment to the last.</summary>
    /// <param name="samples">amplitudes in -1..1</param>
    /// <param name="sampleRate">of them</param>
    /// <param name="marks">seconds and what is heard there, such as phonemes; a label that would cover the one before is left out, its tick is not</param>
    public VideoPlayer WithSound(ReadOnlySpan<float> samples, int sampleRate, IEnumerable<(double Seconds, string Text)> marks)
    {
        const int Height = 40, Labels = 16;
        var canvas = new Canvas(width, Height + Labels);
        var (data, loudest) = (new StringBuilder(), 1e-6f);
        foreach (var s in samples)
        {
            loudest = Math.Max(loudest, Math.Abs(s));
        }
        for (var x = 0; x < width && samples.Length > 0; x++)
        {
            var from = (int)((long)x * samples.Length / width);
            var part = samples[from..Math.Max(from + 1, (int)((long)(x + 1) * samples.Length / width))];
            var (low, high) = (part[0], part[0]);
            foreach (var s in part)
            {
                (low, high) = (Math.Min(low, s), Math.Max(high, s));
            }
            data.Append(CultureInfo.InvariantCulture, $"M{x + 0.5} {Canvas.N(Height / 2.0 * (1 - high / loudest) - 0.3)}V{Canvas.N(Height / 2.0 * (1 - low / loudest) + 0.3)}");
        }
        canvas.Path(data.ToString(), Palette.Colours[0], 1);
        var free = 0.0;
        foreach (var (seconds, text) in marks.OrderBy(m => m.Seconds))
        {
            var x = seconds * sampleRate / Math.Max(1, samples.Length) * width;
            if (x < 0 || x >= width)
            {
                continue;
            }
            canvas.Line(x, Height, x, Height + 4, Palette.Muted);
            if (x >= free && x + Canvas.Width(text, 11) < width)
            {
                canvas.Text(x, Height + 14, text, size: 11, colour: Palette.Muted);
                free = x + Canvas.Width(text, 11) + 2;
            }
        }
        return new VideoPlayer(mp4, strip, width, title) { wave = canvas.ToString() };
    }

    /// <inheritdoc/>
    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"{(title.Length > 0 ? title + ": " : "")}a video of {mp4.Length / 1024} KB");
}
