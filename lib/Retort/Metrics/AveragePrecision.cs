// AP = sum_n (R_n - R_{n-1}) P_n over the distinct scores, highest first: scikit-learn's average_precision_score. Not
// interpolated; items with the same score share one threshold. CED's mAP is its mean over classes with positives.

namespace Retort.Metrics;

/// <summary>Average precision of multi-label scores, equal to scikit-learn's average_precision_score.</summary>
public static class AveragePrecision
{
    /// <summary>Each class's average precision and their mean (mAP). Classes without a positive item are left out and counted.</summary>
    /// <param name="items">scores and labels</param>
    /// <param name="weights">one weight an item (how often a bootstrap drew it), or null for 1 each</param>
    public static ClassMean Macro(ScoredItems items, float[]? weights = null)
    {
        RequireWeights(items, weights);
        var perClass = new double[items.Classes];
        for (var c = 0; c < perClass.Length; c++)
        {
            perClass[c] = OfClass(items, c, weights);
        }
        return ClassMean.Of(perClass);
    }

    /// <summary>Average precision over all item and class pairs at once.</summary>
    public static double Micro(ScoredItems items) => OfClass(items.Flat(), 0, null);

    /// <summary>The average precision of one class; NaN where no item of positive weight has the label.</summary>
    /// <param name="scores">one score an item</param>
    /// <param name="targets">whether the item has the label</param>
    public static double Of(float[] scores, bool[] targets) => OfClass(new ScoredItems(scores, targets, 1), 0, null);

    internal static void RequireWeights(ScoredItems items, float[]? weights)
    {
        if (weights is not null && weights.Length != items.Items)
        {
            throw new ArgumentException($"{weights.Length} weights for {items.Items} items", nameof(weights));
        }
    }

    private static double OfClass(ScoredItems items, int label, float[]? weights)
    {
        var ranked = items.Ranked(label);
        double positives = 0, seen = 0, sum = 0, before = 0;
        for (var start = 0; start < ranked.Length;)
        {
            var score = ScoredItems.Score(ranked[start]);
            var end = start;
            for (; end < ranked.Length && ScoredItems.Score(ranked[end]) == score; end++)
            {
                double weight = weights is null ? 1 : weights[ScoredItems.Item(ranked[end])];
                seen += weight;
                positives += ScoredItems.HasLabel(ranked[end]) ? weight : 0;
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
