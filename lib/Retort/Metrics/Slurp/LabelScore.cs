namespace Retort.Metrics;

/// <summary>Precision, recall and F1 from counts, which are fractional where a distance shares them out.</summary>
/// <param name="Precision">TP / (TP + FP), 0 where both are 0</param>
/// <param name="Recall">TP / (TP + FN), 0 where both are 0</param>
/// <param name="F1">their harmonic mean, 0 where both are 0</param>
/// <param name="TruePositives">TP</param>
/// <param name="FalsePositives">FP</param>
/// <param name="FalseNegatives">FN</param>
public sealed record LabelScore(double Precision, double Recall, double F1, double TruePositives, double FalsePositives, double FalseNegatives)
{
    internal static LabelScore Of(double tp, double fp, double fn)
    {
        var precision = tp == 0 && fp == 0 ? 0 : tp / (tp + fp);
        var recall = tp == 0 && fn == 0 ? 0 : tp / (tp + fn);
        var f1 = precision == 0 && recall == 0 ? 0 : 2 * (precision * recall / (precision + recall));
        return new LabelScore(precision, recall, f1, tp, fp, fn);
    }
}
