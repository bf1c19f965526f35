using System.Globalization;

namespace Retort.Training;

/// <summary>A line of text for each run that has moved since it was last shown: for log files.</summary>
/// <param name="writer">where the lines go; left open</param>
public sealed class LinesProgressView(TextWriter writer) : IProgressView
{
    private readonly Dictionary<int, (RunPhase, long)> shown = [];

    /// <inheritdoc/>
    public void Show(IReadOnlyList<RunState> runs, double seconds)
    {
        for (var i = 0; i < runs.Count; i++)
        {
            var run = runs[i];
            if (run.Phase == RunPhase.Waiting || (shown.TryGetValue(i, out var last) && last == (run.Phase, run.Step)))
            {
                continue;
            }
            shown[i] = (run.Phase, run.Step);
            var values = string.Concat(run.Values.Select(v => $"  {v.Key} {v.Value.ToString("G4", CultureInfo.InvariantCulture)}"));
            var left = run.SecondsLeft is { } time ? $"  left {ProgressTable.Time(time)}" : "";
            var note = run.Note.Length > 0 ? "  " + run.Note.ReplaceLineEndings(" ") : "";
            writer.WriteLine($"{run.Name}  {run.Phase.ToString().ToLowerInvariant()}  step {run.Step}/{run.Total}{values}  time {ProgressTable.Time(run.Seconds)}{left}{note}");
        }
        writer.Flush();
    }

    /// <summary>Nothing to close: the lines stay.</summary>
    public void Dispose()
    {
    }
}
