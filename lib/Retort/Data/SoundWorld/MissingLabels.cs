using Retort.Randomness;

namespace Retort.Data;

/// <summary>Labels that nobody gave, as many of AudioSet's.</summary>
internal static class MissingLabels
{
    /// <summary>Drops each label with the probability and keeps at least one of them.</summary>
    public static IReadOnlyList<int> Drop(IReadOnlyList<int> labels, double probability, RandomStream draw)
    {
        if (labels.Count == 0)
        {
            return labels;
        }
        var kept = labels.Where(_ => !draw.Chance(probability)).ToArray();
        return kept.Length > 0 ? kept : [draw.Pick(labels)];
    }
}
