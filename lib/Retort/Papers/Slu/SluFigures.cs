using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Plots;
using Retort.Text;
using Retort.Training;

namespace Retort.Papers.Slu;

/// <summary>Figures and tables of spoken commands and of learning them task by task.</summary>
public static class SluFigures
{
    /// <summary>One row a part: utterances, hours, sentences, words, entities and target tokens, and scenarios.</summary>
    public static Table Data(params (string Name, SpeechDataset Part)[] parts)
    {
        var table = new Table("part", "utterances", "hours", "sentences", "words each", "entities each", "tokens each", "intents", "largest scenario", "smallest scenario")
            .WithFormat("utterances", "N0").WithFormat("hours", "F2").WithFormat("sentences", "N0").WithFormat("words each", "F1").WithFormat("entities each", "F1").WithFormat("tokens each", "F1");
        foreach (var (name, part) in parts)
        {
            var recordings = part.Data.Recordings;
            var sizes = part.Scenarios.GroupBy(s => s).Select(g => (g.Key, Value: g.Count())).OrderByDescending(p => p.Value).ToArray();
            table = table.WithRow(name, part.Count, part.Lengths.Sum() / 16_000.0 / 3600, recordings.Select(r => r.Sentence).Distinct().Count(),
                recordings.Average(r => r.Sentence.Split(' ').Length), recordings.Average(r => r.Meaning.Entities.Count), part.Tokens.Average(t => t.Length),
                recordings.Select(r => r.Meaning.Intent).Distinct().Count(), $"{sizes[0].Key} ({sizes[0].Value})", $"{sizes[^1].Key} ({sizes[^1].Value})");
        }
        return table;
    }

    /// <summary>An utterance to hear, with its target string.</summary>
    public static AudioPlayer Listen(SpeechDataset part, int utterance) => new(part.Data.Samples(utterance), 16_000, part.Texts[utterance]);

    /// <summary>An utterance's log-mel spectrogram.</summary>
    public static Figure Spectrogram(SpeechDataset part, int utterance) =>
        SoundFigures.Spectrogram(new MelFrontEnd(new MelSettings { Range = 80 }), part.Data.Samples(utterance)).WithTitle(part.Data.Recordings[utterance].Transcript);

    /// <summary>Training utterances of each scenario, in the order of arrival, a colour a task.</summary>
    public static Figure Split(SluSetup setup, SluSplit split)
    {
        var scenarios = setup.Train.Scenarios;
        return Chart.Combine(setup.Tasks(split).Tasks.Select((classes, task) => Chart.Bar(classes, classes.Select(c => (double)scenarios.Count(s => s == c)), $"task {task + 1}")))
            .WithTitle($"{split.Name}: scenarios in their order of arrival").WithYAxis("training utterances");
    }

    /// <summary>Intent accuracy on all tasks so far after each task, mean over seeds; a dash a line, so that none hides another.</summary>
    /// <param name="title">the figure's</param>
    /// <param name="report">the runs</param>
    /// <param name="tasks">how many tasks the arms have</param>
    /// <param name="arms">their names</param>
    public static Figure AfterEachTask(string title, AblationReport report, int tasks, params IEnumerable<string> arms)
    {
        string[] dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
        string[] symbols = ["circle", "square", "diamond", "cross", "triangle-up", "star"];
        var x = Enumerable.Range(1, tasks).ToArray();
        var figures = arms.Where(report.Has).Select((arm, i) => Chart.Line(x.Select(t => (double)t), x.Select(t => report.Of(arm, $"accuracy after task {t}").Average()), arm, markers: true)
            .WithTraceJson($$$"""{"line": {"dash": "{{{dashes[i % 6]}}}"}, "marker": {"symbol": "{{{symbols[i % 6]}}}", "size": 9}}"""));
        return WholeTasks(Chart.Combine(figures), tasks).WithTitle(title).WithYAxis("intent accuracy on all tasks so far, %", 0, 100);
    }

    /// <summary>For each arm the accuracy on each task (across) after training through each task (down), mean over seeds, with its numbers.</summary>
    /// <param name="title">the figure's</param>
    /// <param name="report">the runs</param>
    /// <param name="tasks">how many tasks the arms have</param>
    /// <param name="arms">their names</param>
    public static Figure Matrices(string title, AblationReport report, int tasks, params IEnumerable<string> arms)
    {
        var names = Enumerable.Range(1, tasks).Select(t => $"task {t}").ToArray<object>();
        var shown = arms.Where(report.Has).ToArray();
        return Chart.Grid([.. shown.Select(arm =>
        {
            var cells = Enumerable.Range(1, tasks).Select(after => Enumerable.Range(1, tasks)
                .Select(task => task > after ? double.NaN : report.Of(arm, $"task {task} after task {after}").Average()).ToArray()).ToArray();
            return Chart.Heatmap(cells, names, names, min: 0, max: 100, firstRowOnTop: true, text: "0").WithTitle(arm).WithXAxis("tested on").WithYAxis("after");
        })], columns: Math.Min(shown.Length, 3), title: title);
    }

    /// <summary>
    /// Test utterances of the first task whose intent one arm has forgotten in the end and another still knows, with what both
    /// write: one of each intent, in the order of the test.
    /// </summary>
    /// <param name="setup">the test utterances</param>
    /// <param name="forgets">name and folder of the run that forgets</param>
    /// <param name="remembers">of the one that remembers</param>
    /// <param name="split">their split</param>
    /// <param name="count">the most rows</param>
    public static Table Examples(SluSetup setup, (string Name, string Folder) forgets, (string Name, string Folder) remembers, SluSplit split, int count = 6)
    {
        var table = new Table("said", "gold", forgets.Name, remembers.Name).WithTitle($"What '{forgets.Name}' forgets and '{remembers.Name}' remembers");
        var tasks = setup.Tasks(split);
        Dictionary<string, SlurpPrediction> Last(string folder) => SlurpPrediction.Load(Path.Combine(folder, $"task-{tasks.Tasks.Count}", ClassIncremental.PredictionsFile)).ToDictionary(p => p.File);
        var (lost, kept) = (Last(forgets.Folder), Last(remembers.Folder));
        var shown = setup.Test.Data.Recordings
            .Where(r => tasks.TaskOf(r.Meaning.Scenario) == 0 && lost[r.File].Meaning.Intent != r.Meaning.Intent && kept[r.File].Meaning.Intent == r.Meaning.Intent)
            .DistinctBy(r => r.Meaning.Intent).Take(count);
        foreach (var r in shown)
        {
            table = table.WithRow(r.Transcript, Short(r.Target()), Short(lost[r.File].Text), Short(kept[r.File].Text));
        }
        return table;

        static string Short(string text) => text.Replace(" _SEP ", " | ").Replace(" _FILL ", ": ");
    }

    private static Figure WholeTasks(Figure figure, int tasks) => figure.WithXAxis("tasks learned")
        .WithLayoutJson($$$"""{"xaxis": {"tickmode": "array", "tickvals": [{{{string.Join(", ", Enumerable.Range(1, tasks))}}}], "range": [0.9, {{{tasks}}}.1]}}""");

    /// <summary>What was understood of a recording: one row a hypothesis, the best first.</summary>
    public static Table Table(this SpokenCommand command)
    {
        var table = new Table("score", "intent", "entities", "transcript").WithFormat("score", "F2")
            .WithTitle(FormattableString.Invariant($"{(command.Source.Length == 0 ? "recording" : Path.GetFileName(command.Source))}, {command.Seconds:F1} s"));
        return command.Hypotheses.Aggregate(table, (t, h) =>
            t.WithRow(h.Score, h.Meaning.Intent, string.Join(", ", h.Meaning.Entities.Select(e => $"{e.Type} = {e.Filler}")), h.Transcript));
    }

    /// <summary>Attention weights as a heatmap: tokens from top to bottom, seconds to the right.</summary>
    /// <param name="attention">the weights</param>
    /// <param name="layer">a layer; null for the mean over them</param>
    /// <param name="head">a head; null for the mean over them</param>
    public static Figure Figure(this SpokenAttention attention, int? layer = null, int? head = null)
    {
        // Numbered, since a token may occur twice and places of an axis may not.
        var names = attention.Tokens.Select((token, i) => (object)$"{i + 1} {token}");
        var seconds = Enumerable.Range(0, attention.Frames).Select(frame => (object)Math.Round((frame + 0.5) * attention.SecondsPerFrame, 4));
        return Chart.Heatmap(attention.Weights(layer, head), seconds, names, unit: "weight", firstRowOnTop: true)
            .WithTitle($"Cross-attention, {(layer is { } l ? $"layer {l + 1}" : "mean over layers")}, {(head is { } h ? $"head {h + 1}" : "mean over heads")}")
            .WithXAxis("seconds").WithSize(760, 140 + 18 * attention.Tokens.Count);
    }
}
