using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Retort.Plots;

/// <summary>A sound to be heard in a notebook: 16-bit WAV inside the page, with the browser's own controls.</summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed class AudioPlayer : IDisplayable
{
    private readonly byte[] wav;
    private readonly int sampleRate;
    private readonly double seconds;
    private readonly string title;

    /// <param name="samples">one channel; beyond ±1 it is clipped</param>
    /// <param name="sampleRate">samples a second</param>
    /// <param name="title">stands above the controls</param>
    public AudioPlayer(ReadOnlySpan<float> samples, int sampleRate, string title = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        this.sampleRate = sampleRate;
        this.title = title;
        seconds = (double)samples.Length / sampleRate;
        wav = Wav(samples, sampleRate);
    }

    /// <summary>From an array; see the other constructor.</summary>
    public AudioPlayer(float[] samples, int sampleRate, string title = "")
        : this(samples.AsSpan(), sampleRate, title)
    {
    }

    /// <inheritdoc/>
    public string ToHtml()
    {
        var head = title.Length == 0 ? "" : $"<div style=\"margin:0 0 4px 2px\">{Markup.Text(title)}</div>";
        return $"<div style=\"{Markup.Card};display:inline-block;padding:8px 12px;font-size:13px\">{head}"
            + $"<audio controls preload=\"metadata\" src=\"{Markup.DataUri("audio/wav", wav)}\"></audio></div>";
    }

    /// <inheritdoc/>
    public string ToText() =>
        string.Create(CultureInfo.InvariantCulture, $"{(title.Length > 0 ? title + ": " : "")}{seconds:0.00} s of sound at {sampleRate} Hz");

    private static byte[] Wav(ReadOnlySpan<float> samples, int rate)
    {
        var bytes = new byte[44 + 2 * samples.Length];
        Encoding.ASCII.GetBytes("RIFF", bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), bytes.Length - 8);
        Encoding.ASCII.GetBytes("WAVEfmt ", bytes.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24), rate);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(28), 2 * rate);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(34), 16);
        Encoding.ASCII.GetBytes("data", bytes.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(40), 2 * samples.Length);
        for (var i = 0; i < samples.Length; i++)
        {
            var sample = float.IsNaN(samples[i]) ? 0 : Math.Clamp(samples[i], -1f, 1f);
            BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(44 + 2 * i), (short)Math.Round(32767 * sample));
        }
        return bytes;
    }
}
