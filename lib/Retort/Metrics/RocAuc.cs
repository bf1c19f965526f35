// Area under the ROC curve by the trapezoidal rule over distinct scores: the chance that a positive item scores above a
// negative one, ties counted half. Equal to scikit-learn's roc_auc_score.

using MathNet.Numerics.Distributions;

namespace Retort.Metrics;

/// <summary>Area under the ROC curve, and d-prime made of it.</summary>
public static class RocAuc
{
    /// <summary>Each class's area and their mean. Classes without a positive or without a negative item are left out and counted.</summary>
    /// <param name="items">scores and labels</param>
    /// <param name="weights">one weight an item, or null for 1 each</param>
    public static ClassMean Macro(ScoredItems items, float[]? weights = null)
    {
        AveragePrecision.RequireWeights(items, weights);
        var perClass = new double[items.Classes];
        for (var c = 0; c < perClass.Length; c++)
        {
            perClass[c] = OfClass(items, c, weights);
        }
        return ClassMean.Of(perClass);
    }

    /// <summary>The area of one class; NaN where all items are of one kind.</summary>
    /// <param name="scores">one score an item</param>
    /// <param name="targets">whether the item has the label</param>
    public static double Of(float[] scores, bool[] targets) => OfClass(new ScoredItems(scores, targets, 1), 0, null);

    /// <summary>
    /// d-prime = sqrt(2) times the standard normal quantile of the macro mean AUC (AudioSet's definition); infinite where
    /// every class is separated without error.
    /// </summary>
    /// <param name="items">scores and labels</param>
    /// <param name="weights">one weight an item, or null for 1 each</param>
    public static double DPrime(ScoredItems items, float[]? weights = null) => DPrime(Macro(items, weights).Mean);

    /// <summary>d-prime of an area between 0 and 1.</summary>
    public static double DPrime(double area) => Math.Sqrt(2) * Normal.InvCDF(0, 1, area);

    private static double OfClass(ScoredItems items, int label, float[]? weights)
    {
        var ranked = items.Ranked(label);
        double positives = 0, negatives = 0, area = 0;
        for (var start = 0; start < ranked.Length;)
        {
            var score = ScoredItems.Score(ranked[start]);
            double groupPositives = 0, groupNegatives = 0;
            var end = start;
            for (; end < ranked.Length && ScoredItems.Score(ranked[end]) == score; end++)
            {
                double weight = weights is null ? 1 : weights[ScoredItems.Item(ranked[end])];
                if (ScoredItems.HasLabel(ranked[end]))
                {
                    groupPositives += weight;
                }
                else
                {
                    groupNegatives += weight;
                }
            }
            area += groupNegatives * (positives + groupPositives / 2);
            positives += groupPositives;
            negatives += groupNegatives;
            start = end;
        }
        return positives == 0 || negatives == 0 ? double.NaN : area / (positives * negatives);
    }
}
