using System.Globalization;

namespace Retort.Data;

/// <summary>
/// Clips of another data set cut into pieces of one length, each with its clip's labels. What is left at a clip's end is a
/// piece of its own if it is at least half as long as the others, else it is dropped (CED's published rule).
/// </summary>
internal sealed class ChunkedData : TaggingData
{
    private readonly TaggingData whole;
    private readonly int samples;
    private readonly (int Clip, int Piece)[] pieces;

    /// <param name="whole">the clips; each is read once to learn its length</param>
    /// <param name="samples">length of a piece</param>
    public ChunkedData(TaggingData whole, int samples)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        (this.whole, this.samples) = (whole, samples);
        var found = new List<(int, int)>();
        for (var clip = 0; clip < whole.Count; clip++)
        {
            var length = whole.Samples(clip).Length;
            var count = length / samples + (2 * (length % samples) >= samples ? 1 : 0);
            for (var piece = 0; piece < count; piece++)
            {
                found.Add((clip, piece));
            }
        }
        pieces = [.. found];
        Hash = Hashing.Of("chunks", whole.Hash, samples.ToString(CultureInfo.InvariantCulture));
    }

    public override IReadOnlyList<string> Classes => whole.Classes;

    public override int Count => pieces.Length;

    public override string Hash { get; }

    public override TaggingData? WithAllLabels() => whole.WithAllLabels()?.Chunks(samples);

    public override string Id(int i)
    {
        CheckNumber(i);
        return string.Create(CultureInfo.InvariantCulture, $"{whole.Id(pieces[i].Clip)}#{pieces[i].Piece}");
    }

    public override float[] Samples(int i)
    {
        CheckNumber(i);
        var clip = whole.Samples(pieces[i].Clip);
        var start = pieces[i].Piece * samples;
        return clip[start..Math.Min(start + samples, clip.Length)];
    }

    public override IReadOnlyList<int> Labels(int i)
    {
        CheckNumber(i);
        return whole.Labels(pieces[i].Clip);
    }
}
