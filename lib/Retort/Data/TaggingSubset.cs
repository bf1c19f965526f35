using System.Globalization;

namespace Retort.Data;

/// <summary>Some clips of another data set, under their own ids.</summary>
internal sealed class TaggingSubset : TaggingData
{
    private readonly TaggingData whole;
    private readonly int[] clips;

    public TaggingSubset(TaggingData whole, IReadOnlyList<int> clips)
    {
        this.whole = whole;
        this.clips = [.. clips];
        foreach (var clip in clips)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(clip, nameof(clips));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(clip, whole.Count, nameof(clips));
        }
        Hash = Hashing.Of(["subset", whole.Hash, .. this.clips.Select(c => c.ToString(CultureInfo.InvariantCulture))]);
    }

    public override IReadOnlyList<string> Classes => whole.Classes;

    public override int Count => clips.Length;

    public override string Hash { get; }

    public override TaggingData? WithAllLabels() => whole.WithAllLabels()?.Subset(clips);

    public override string Id(int i) => whole.Id(Of(i));

    public override float[] Samples(int i) => whole.Samples(Of(i));

    public override IReadOnlyList<int> Labels(int i) => whole.Labels(Of(i));

    private int Of(int i)
    {
        CheckNumber(i);
        return clips[i];
    }
}
