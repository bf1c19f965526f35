using System.Globalization;

namespace Retort.Plots;

/// <summary>A video to be seen and heard in a notebook: an MP4 file inside the page, above a strip of its pictures for pages that show none.</summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed class VideoPlayer : IDisplayable
{
    private readonly byte[] mp4;
    private readonly byte[] strip;
    private readonly int width;
    private readonly string title;

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
            + $"<img alt=\"{Markup.Text(title)}: pictures of the video\" {shown} src=\"{Markup.DataUri("image/png", strip)}\"></div>";
    }

    /// <inheritdoc/>
    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"{(title.Length > 0 ? title + ": " : "")}a video of {mp4.Length / 1024} KB");
}
