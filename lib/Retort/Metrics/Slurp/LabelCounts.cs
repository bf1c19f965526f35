using System.Runtime.InteropServices;

namespace Retort.Metrics;

/// <summary>Counts of each label while a measure is taken.</summary>
internal sealed class LabelCounts
{
    private readonly Dictionary<string, (double Tp, double Fp, double Fn)> counts = [];

    public void Add(string label, double tp = 0, double fp = 0, double fn = 0)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, label, out _);
        count = (count.Tp + tp, count.Fp + fp, count.Fn + fn);
    }

    /// <summary>A classification's result: a wrong label counts against the predicted one and against the true one.</summary>
    public void Class(string gold, string predicted)
    {
        if (gold == predicted)
        {
            Add(gold, tp: 1);
        }
        else
        {
            Add(predicted, fp: 1);
            Add(gold, fn: 1);
        }
    }

    public void AddAll(LabelCounts other)
    {
        foreach (var (label, (tp, fp, fn)) in other.counts)
        {
            Add(label, tp, fp, fn);
        }
    }

    public LabelScores Scores()
    {
        var perLabel = new SortedDictionary<string, LabelScore>(StringComparer.Ordinal);
        double tp = 0, fp = 0, fn = 0, precision = 0, recall = 0, f1 = 0;
        foreach (var (label, count) in counts.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            var score = LabelScore.Of(count.Tp, count.Fp, count.Fn);
            perLabel[label] = score;
            (tp, fp, fn) = (tp + count.Tp, fp + count.Fp, fn + count.Fn);
            (precision, recall, f1) = (precision + score.Precision, recall + score.Recall, f1 + score.F1);
        }
        var labels = Math.Max(1, perLabel.Count);
        return new LabelScores(perLabel, LabelScore.Of(tp, fp, fn), new LabelScore(precision / labels, recall / labels, f1 / labels, tp, fp, fn));
    }
}
