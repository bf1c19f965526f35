using System.Globalization;

namespace Retort.Notebook;

/// <summary>A line per cell, for logs and pipes.</summary>
internal sealed class PlainProgress(TextWriter writer) : IRunProgress
{
    private int _count;
    private string _title = "";

    public void CellStarts(int number, int count, string source)
    {
        _count = count;
        _title = Title(source);
    }

    public void CellSays(string line)
    {
    }

    public void CellEnds(int number, double seconds, ErrorOutput? error)
    {
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{number}/{_count}] {seconds,7:0.0} s  {(error is null ? "" : "FAILED  ")}{_title}"));
        writer.Flush();
    }

    /// <summary>What a cell is called: its first line that is code or says something.</summary>
    public static string Title(string source)
    {
        var lines = source.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        var title = lines.FirstOrDefault(line => !line.StartsWith("#r", StringComparison.Ordinal) && !line.StartsWith("using ", StringComparison.Ordinal)) ?? lines.FirstOrDefault() ?? "";
        return title.Length <= 80 ? title : title[..79] + "…";
    }
}
