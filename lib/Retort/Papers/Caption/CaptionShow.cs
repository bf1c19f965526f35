using Retort.Audio;
using Retort.Data;
using Retort.Metrics;
using Retort.Plots;
using Retort.Training;

namespace Retort.Papers.Caption;

/// <summary>Tables and pictures of the notebook.</summary>
public static class CaptionShow
{
    /// <summary>How many clips and words each part has, and which share of its captions is, word for word, a training caption, too: sentences of a small grammar come again.</summary>
    public static Table Parts(CaptionWorld world)
    {
        (string, CaptionSounds)[] parts = [("training", world.Train), ("without captions", world.AudioOnly), ("validation", world.Validation), ("test", world.Test)];
        var trained = world.Train.Captions.SelectMany(c => c).ToHashSet();
        const string Again = "also said in training";
        return parts.Aggregate(new Table("part", "clips", "captions a clip", "words a caption", Again).WithFormat("words a caption", "F1").WithFormat(Again, "P0"), (table, part) =>
        {
            var (name, sounds) = part;
            var captions = sounds.Captions.SelectMany(c => c).ToArray();
            double? words = captions.Length == 0 ? null : captions.Average(c => c.Split(' ').Length);
            double? again = captions.Length == 0 || sounds == world.Train ? null : captions.Average(c => trained.Contains(c) ? 1.0 : 0);
            return table.WithRow(name, sounds.Data.Count, sounds.Captions[0].Count, words, again);
        }).WithTitle($"{world.Vocabulary.Count} words in all");
    }

    /// <summary>The spectrogram of a clip, with a bar over the time of each event; the title is its first caption.</summary>
    /// <param name="scenes">the clips</param>
    /// <param name="clip">which</param>
    /// <param name="mel">the front-end</param>
    public static Figure Scene(CaptionScenes scenes, int clip, MelSettings mel)
    {
        using var front = new MelFrontEnd(mel);
        var (samples, events) = scenes.Scene(clip);
        var bars = events.Select((e, i) =>
        {
            // From the top down, so that events of one time do not hide one another.
            double at = mel.Mels - 1.5 - 2.5 * i, end = Math.Min(e.Start + e.Seconds, (double)samples.Length / mel.SampleRate);
            return Chart.Line([e.Start, end], [at, at], CaptionGrammar.Classes[e.Class], colour: i == 0 ? "#19c8e6" : "#8ad62a", width: 6);
        });
        return Chart.Combine([SoundFigures.Spectrogram(front, samples), .. bars]).WithTitle(scenes.Captions(clip)[0]).WithLegend(LegendPlace.Bottom);
    }

    /// <summary>Scores in points of captions of clips. Above them stands what each clip's first reference gets against the other four.</summary>
    /// <param name="title">above the table</param>
    /// <param name="test">synthetic scenes with five captions each</param>
    /// <param name="rows">who says what of each clip</param>
    public static Table Scores(string title, CaptionSounds test, params (string Who, IReadOnlyList<string> Captions)[] rows)
    {
        string[] names = ["CIDEr-D", "BLEU-4", "ROUGE-L", "GraphF1"];
        var table = names.Aggregate(new Table(["captions", .. names]).WithTitle(title), (t, name) => t.WithFormat(name, "F1"));
        string[] first = [.. test.Captions.Select(c => c[0])];
        var others = CaptionScores.Of(first, [.. test.Captions.Select(c => (IReadOnlyList<string>)[.. c.Skip(1)])]);
        var truths = (CaptionScenes)test.Data;
        var graph = first.Select((c, i) => CaptionScores.GraphF1(CaptionGrammar.Tuples(c), CaptionGrammar.Tuples(truths.Truth(i)))).Average();
        table = table.WithRow("a reference against the other four", 100 * others.CiderD, 100 * others.Bleu[3], 100 * others.RougeL, 100 * graph);
        return rows.Aggregate(table, (t, row) =>
        {
            var scores = CaptionRun.Score(row.Captions, test).Values;
            return t.WithRow([row.Who, .. names.Select(name => (object)(100 * scores[name]))]);
        });
    }

    /// <summary>What several say of one clip, the GraphF1 of each, and which of its tuples are not true.</summary>
    /// <param name="scenes">the clips</param>
    /// <param name="clip">which</param>
    /// <param name="said">who says what</param>
    public static Table Said(CaptionScenes scenes, int clip, IEnumerable<(string Who, string Caption)> said)
    {
        var truth = CaptionGrammar.Tuples(scenes.Truth(clip));
        return said.Aggregate(new Table("who", "says", "GraphF1", "not true").WithFormat("GraphF1", "F2"), (table, row) =>
        {
            var stated = CaptionGrammar.Tuples(row.Caption);
            return table.WithRow(row.Who, row.Caption, CaptionScores.GraphF1(stated, truth), string.Join("; ", stated.Where(t => !truth.Contains(t)).Order()));
        });
    }
}
