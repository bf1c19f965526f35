using System.Diagnostics;
using System.Globalization;

namespace Retort.Plots;

/// <summary>
/// One line that says how far something is. Show it once, then report and update what was shown:
/// <c>var shown = display(line); line.Report(done, "..."); shown.Update(line);</c>
/// </summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed class ProgressLine : IDisplayable
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly object gate = new();
    private double done;
    private string text = "";
    private TimeSpan elapsed;

    /// <param name="what">what is being done</param>
    /// <param name="total">how many steps there are</param>
    public ProgressLine(string what, double total)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(total);
        What = what;
        Total = total;
    }

    /// <summary>What is being done.</summary>
    public string What { get; }

    /// <summary>How many steps there are.</summary>
    public double Total { get; }

    /// <summary>Sets how many steps are done and what else to say. Any thread may call it.</summary>
    public ProgressLine Report(double stepsDone, string message = "")
    {
        lock (gate)
        {
            done = Math.Clamp(stepsDone, 0, Total);
            text = message;
            elapsed = watch.Elapsed;
        }
        return this;
    }

    /// <inheritdoc/>
    public string ToHtml()
    {
        var (share, line) = State();
        var percent = (100 * share).ToString("0.#", CultureInfo.InvariantCulture);
        return $"<div style=\"{Markup.Card};padding:6px 12px;font-size:13px;width:760px\"><div style=\"background:#e4e8ec;border-radius:4px;height:8px;"
            + $"margin:2px 0 5px 0\"><div style=\"background:{Palette.Colours[0]};border-radius:4px;height:8px;width:{percent}%\"></div></div>"
            + $"{Markup.Text(line)}</div>";
    }

    /// <inheritdoc/>
    public string ToText()
    {
        var (share, line) = State();
        var filled = (int)Math.Round(20 * share);
        return $"[{new string('#', filled)}{new string('.', 20 - filled)}] {line}";
    }

    private (double Share, string Line) State()
    {
        lock (gate)
        {
            var share = done / Total;
            var time = Clock(elapsed);
            if (share is > 0 and < 1)
            {
                time += ", about " + Clock(elapsed / share - elapsed) + " left";
            }
            var count = string.Create(CultureInfo.InvariantCulture, $"{What}: {done:0.##} of {Total:0.##} ({time})");
            return (share, text.Length > 0 ? $"{count}  {text}" : count);
        }
    }

    private static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture) : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);
}
