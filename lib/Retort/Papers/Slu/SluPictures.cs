using Retort.Audio;
using Retort.Data;
using Retort.Plots;
using Retort.Training;

namespace Retort.Papers.Slu;

/// <summary>Pictures and tables of spoken commands and of learning them task by task, as the notebook shows them.</summary>
public static class SluPictures
{
    /// <summary>One row a part: utterances, hours, sentences, words, entities and target tokens, and scenarios.</summary>
    public static Table Data(params (string Name, SluPart Part)[] parts)
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
    public static AudioPlayer Listen(SluPart part, int utterance) => new(part.Data.Samples(utterance), 16_000, part.Texts[utterance]);

    /// <summary>An utterance's log-mel spectrogram.</summary>
    public static Figure Spectrogram(SluPart part, int utterance) =>
        SoundFigures.Spectrogram(new MelFrontEnd(new MelSettings { Range = 80 }), part.Data.Samples(utterance)).WithTitle(part.Data.Recordings[utterance].Transcript);

    /// <summary>Training utterances of each scenario, in the order of arrival, a colour a task.</summary>
    public static Figure Split(SluExperiment experiment, SluSplit split)
    {
        var scenarios = experiment.Data.Train.Scenarios;
        var tasks = experiment.Tasks(split);
        return Chart.Combine(tasks.Tasks.Select((classes, task) => Chart.Bar(classes, classes.Select(c => (double)scenarios.Count(s => s == c)), $"task {task + 1}")))
            .WithTitle($"{split.Name}: scenarios in their order of arrival").WithYAxis("training utterances");
    }

    /// <summary>The phoneme error rate on held-out words while the encoder learns to hear.</summary>
    public static Figure Hearing(TrainResult result)
    {
        var curve = result.Curve("PER");
        return Chart.Line(curve.X, curve.Y.Select(y => 100 * y), "PER").WithTitle("Learning to hear: words in no order, held out").WithXAxis("step").WithYAxis("phoneme error rate, %");
    }

    /// <summary>Intent accuracy on the validation utterances of each task, epoch by epoch; a line where a new task begins.</summary>
    /// <param name="epochs">what was known after each epoch; may be empty</param>
    /// <param name="split">the split</param>
    /// <param name="title">the arm</param>
    public static Figure Forgetting(IReadOnlyList<SluEpoch> epochs, SluSplit split, string title)
    {
        // Epochs of all tasks in a row: a task begins where the one before ended.
        var starts = new double[split.Tasks];
        for (var task = 1; task < split.Tasks; task++)
        {
            var before = epochs.Where(e => e.Task == task - 1).Select(e => e.Epoch).DefaultIfEmpty(0).Max();
            starts[task] = starts[task - 1] + before;
        }
        var lines = Enumerable.Range(0, split.Tasks).Select(task =>
        {
            var seen = epochs.Where(e => e.Accuracy.Count > task).OrderBy(e => starts[e.Task] + e.Epoch).ToArray();
            return Chart.Line(seen.Select(e => starts[e.Task] + e.Epoch), seen.Select(e => 100 * e.Accuracy[task]), $"task {task + 1}", markers: true);
        });
        return Chart.Combine(lines).WithTitle($"{title}, {split.Name}").WithXAxis("epochs, over all tasks").WithYAxis("intent accuracy on validation, %", 0, 100);
    }
}
