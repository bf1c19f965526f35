using System.Globalization;

namespace Retort.Training;

/// <summary>The cells that all views show: one row a run.</summary>
internal static class ProgressTable
{
    public static (string[] Head, List<string[]> Rows) Of(IReadOnlyList<RunState> runs)
    {
        var names = runs.SelectMany(r => r.Values.Keys).Distinct().ToArray();
        var rows = runs.Select(r => (string[])[
            r.Name,
            r.Phase switch { RunPhase.Waiting => "waiting", RunPhase.Running => "running", RunPhase.Done => "done", _ => "failed" },
            r.Total > 0 ? $"{r.Step}/{r.Total}" : r.Step > 0 ? $"{r.Step}" : "",
            .. names.Select(n => r.Values.TryGetValue(n, out var value) ? value.ToString("G4", CultureInfo.InvariantCulture) : ""),
            r.Phase == RunPhase.Waiting ? "" : Time(r.Seconds),
            r.SecondsLeft is { } left ? Time(left) : "",
            r.Note.ReplaceLineEndings(" ")]).ToList();
        return (["run", "", "step", .. names, "time", "left", "note"], rows);
    }

    /// <summary>Done, failed, running, waiting, in a line.</summary>
    public static string Summary(IReadOnlyList<RunState> runs, double seconds)
    {
        int Count(RunPhase phase) => runs.Count(r => r.Phase == phase);
        string Also(RunPhase phase, string word) => Count(phase) is > 0 and var n ? $", {n} {word}" : "";
        return $"{Count(RunPhase.Done)} of {runs.Count} done{Also(RunPhase.Failed, "failed")}{Also(RunPhase.Running, "running")}, {Time(seconds)}";
    }

    public static string Time(double seconds) => seconds < 60
        ? seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s"
        : TimeSpan.FromSeconds(Math.Round(seconds)) is var span && span.TotalHours < 1 ? $"{span.Minutes}:{span.Seconds:00}" : $"{(long)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}";
}
