using System.Globalization;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// Another data set with labels missing at random. Which labels are missing depends on (seed, clip id) and on nothing else,
/// so that a subset of the view is the view of the subset.
/// </summary>
internal sealed class MissingLabels : TaggingData
{
    private readonly TaggingData whole;
    private readonly double probability;
    private readonly long seed;

    public MissingLabels(TaggingData whole, double probability, long seed)
    {
        if (!(probability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "a probability lies between 0 and 1");
        }
        this.whole = whole;
        this.probability = probability;
        this.seed = seed;
        Hash = Hashing.Of("missing-labels", whole.Hash, probability.ToString("R", CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture));
    }

    public override IReadOnlyList<string> Classes => whole.Classes;

    public override int Count => whole.Count;

    public override string Hash { get; }

    public override TaggingData? WithAllLabels() => whole.WithAllLabels() ?? whole;

    public override string Id(int i) => whole.Id(i);

    public override float[] Samples(int i) => whole.Samples(i);

    public override IReadOnlyList<int> Labels(int i) => Drop(whole.Labels(i), probability, RandomStream.Of(seed, "missing labels", whole.Id(i)));

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
