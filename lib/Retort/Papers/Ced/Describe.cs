using Retort.Audio;
using Retort.Data;
using Retort.Plots;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>Pictures and tables of data, views and runs, as notebooks show them.</summary>
public static class Describe
{
    /// <summary>One row a part of the data: clips, hours, labels a clip, how often its rarest and commonest class occurs.</summary>
    public static Table Data(params (string Name, TaggingData Data)[] parts)
    {
        var table = new Table("part", "clips", "hours", "labels a clip", "rarest class", "commonest class")
            .WithFormat("clips", "N0").WithFormat("hours", "F2").WithFormat("labels a clip", "F2");
        foreach (var (name, data) in parts)
        {
            var counts = new int[data.Classes.Count];
            double seconds = 0;
            for (var i = 0; i < data.Count; i++)
            {
                seconds += data.Samples(i).Length / 16_000.0;
                foreach (var label in data.Labels(i))
                {
                    counts[label]++;
                }
            }
            string Class(int count) => $"{data.Classes[Array.IndexOf(counts, count)]} ({count})";
            table = table.WithRow(name, data.Count, seconds / 3600, (double)counts.Sum() / data.Count, Class(counts.Min()), Class(counts.Max()));
        }
        return table;
    }

    /// <summary>A clip's labels in words.</summary>
    public static string Labels(TaggingData data, int clip) => string.Join(", ", data.Labels(clip).Select(l => data.Classes[l]));

    /// <summary>A clip as it is and some of its views, side by side.</summary>
    /// <param name="data">the clip's data</param>
    /// <param name="settings">what a view may undergo</param>
    /// <param name="clip">the clip's number</param>
    /// <param name="views">how many views</param>
    /// <param name="seed">decides the views</param>
    public static Figure Views(CedData data, ViewSettings settings, int clip, int views, long seed)
    {
        using var scope = NewDisposeScope();
        var source = new ViewSource(data.Train, settings, data.FrontEnd);
        var figures = new List<Figure> { SoundFigures.Spectrogram(source.Clean([clip]), data.FrontEnd.Settings).WithTitle("the clip") };
        for (var view = 0; view < views; view++)
        {
            figures.Add(SoundFigures.Spectrogram(source.Mel([clip], CedStudent.Seeds(data.Train, [clip], seed, view)), data.FrontEnd.Settings).WithTitle($"view {view}"));
        }
        return Chart.Grid(figures, columns: 2, title: $"{data.Train.Id(clip)}: {Labels(data.Train, clip)}");
    }

    /// <summary>Named mAPs, given as fractions, in percent.</summary>
    public static Table Maps(string title, IReadOnlyList<(string Name, double Map)> maps)
    {
        var table = new Table("model", "mAP, %").WithTitle(title).WithFormat("mAP, %", "F1");
        foreach (var (name, map) in maps)
        {
            table = table.WithRow(name, 100 * map);
        }
        return table;
    }

    /// <summary>Names for classes of which only the number is known.</summary>
    public static IReadOnlyList<string> Numbered(int classes) => [.. Enumerable.Range(0, classes).Select(c => $"class {c}")];

    /// <summary>A progress that stops the run it is given to once so many steps are done.</summary>
    public static RunProgress StopAfter(CancellationTokenSource stop, long steps) => new Progress(new Stopping(stop, steps), perSecond: 1000).Run("to be stopped");

    private sealed class Stopping(CancellationTokenSource stop, long steps) : IProgressView
    {
        public void Show(IReadOnlyList<RunState> runs, double seconds)
        {
            if (runs.Any(r => r.Step >= steps))
            {
                stop.Cancel();
            }
        }

        public void Dispose()
        {
        }
    }
}
