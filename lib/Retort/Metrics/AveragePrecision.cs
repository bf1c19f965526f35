// AP = sum_n (R_n - R_{n-1}) P_n over the distinct scores, highest first: scikit-learn's average_precision_score. Not
// interpolated; items with the same score share one threshold. CED's mAP is its mean over classes with positives.

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Retort.Metrics;

/// <summary>Average precision of multi-label scores, equal to scikit-learn's average_precision_score.</summary>
public static class AveragePrecision
{
    /// <summary>Each class's average precision and their mean (mAP). Classes without a positive item are left out and counted.</summary>
    public static ClassMean Macro(ScoredItems items)
    {
        var perClass = new double[items.Classes];
        for (var c = 0; c < perClass.Length; c++)
        {
            perClass[c] = OfClass(items, c);
        }
        return ClassMean.Of(perClass);
    }

    /// <summary>mAP, 0 to 1, under each of several weightings of the items: a bootstrap's draws, say. Eight weightings in one pass over the scores.</summary>
    /// <param name="items">scores and labels</param>
    /// <param name="weights">weightings of one weight an item</param>
    /// <exception cref="ArgumentException">A weighting has not one weight an item.</exception>
    public static double[] MacroOfMany(ScoredItems items, IReadOnlyList<double[]> weights)
    {
        if (weights.FirstOrDefault(w => w.Length != items.Items) is { } wrong)
        {
            throw new ArgumentException($"{wrong.Length} weights for {items.Items} items", nameof(weights));
        }
        var means = new double[weights.Count];
        var lanes = Vector512<double>.Count;
        var packed = new Vector512<double>[items.Items];  // of an item: its weight in each weighting
        var perClass = new Vector512<double>[items.Classes];
        for (var first = 0; first < means.Length; first += lanes)
        {
            var values = MemoryMarshal.Cast<Vector512<double>, double>(packed.AsSpan());
            values.Clear();
            var count = Math.Min(lanes, means.Length - first);
            for (var lane = 0; lane < count; lane++)
            {
                var one = weights[first + lane];
                for (var i = 0; i < one.Length; i++)
                {
                    values[i * lanes + lane] = one[i];
                }
            }
            for (var c = 0; c < perClass.Length; c++)
            {
                perClass[c] = OfClass(items.Ranked(c), packed);
            }
            for (var lane = 0; lane < count; lane++)
            {
                means[first + lane] = ClassMean.Of([.. perClass.Select(c => c[lane])]).Mean;
            }
        }
        return means;
    }

    private static Vector512<double> OfClass(ulong[] ranked, Vector512<double>[] weights)
    {
        Vector512<double> positives = default, seen = default, sum = default, before = default;
        var least = Vector512.Create(1e-300);
        for (var start = 0; start < ranked.Length;)
        {
            var score = ScoredItems.Score(ranked[start]);
            var (end, right) = (start, false);
            for (; end < ranked.Length && ScoredItems.Score(ranked[end]) == score; end++)
            {
                var weight = weights[ScoredItems.Item(ranked[end])];
                seen += weight;
                if (ScoredItems.HasLabel(ranked[end]))
                {
                    positives += weight;
                    right = true;
                }
            }
            if (right)
            {
                // Where nothing was seen yet nothing is right: 0 / 0 is made 0.
                sum += (positives - before) * (positives / Vector512.Max(seen, least));
                before = positives;
            }
            start = end;
        }
        return sum / positives;  // not a number without a positive item
    }

    /// <summary>Average precision over all item and class pairs at once.</summary>
    public static double Micro(ScoredItems items) => OfClass(items.Flat(), 0);

    /// <summary>The average precision of one class; NaN where no item has the label.</summary>
    /// <param name="scores">one score an item</param>
    /// <param name="targets">whether the item has the label</param>
    public static double Of(float[] scores, bool[] targets) => OfClass(new ScoredItems(scores, targets, 1), 0);

    private static double OfClass(ScoredItems items, int label)
    {
        var ranked = items.Ranked(label);
        double positives = 0, seen = 0, sum = 0, before = 0;
        for (var start = 0; start < ranked.Length;)
        {
            var score = ScoredItems.Score(ranked[start]);
            var end = start;
            for (; end < ranked.Length && ScoredItems.Score(ranked[end]) == score; end++)
            {
                seen++;
                positives += ScoredItems.HasLabel(ranked[end]) ? 1 : 0;
            }
            if (positives > before)
            {
                sum += (positives - before) * (positives / seen);
                before = positives;
            }
            start = end;
        }
        return positives == 0 ? double.NaN : sum / positives;
    }
}
