using System.Globalization;
using System.Runtime.InteropServices;
using Retort.Audio;

namespace Retort.Data;

/// <summary>
/// Another data set whose clips are decoded and resampled once, into one file of the cache, and read from there: what is not
/// WAV would otherwise be decoded anew for every view. Takes 64 kB a second of sound.
/// </summary>
public sealed class DecodedClips : TaggingData
{
    private const string SamplesFile = "samples.f32", EndsFile = "ends.i64";
    private readonly TaggingData whole;
    private readonly string samples;
    private readonly long[] ends;

    private DecodedClips(TaggingData whole, string folder)
    {
        this.whole = whole;
        samples = Path.Combine(folder, SamplesFile);
        ends = MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(Path.Combine(folder, EndsFile))).ToArray();
        if (ends.Length != whole.Count || new FileInfo(samples).Length != 4 * ends[^1])
        {
            throw new BadInputException(folder, "", "the decoded clips are damaged: remove this folder and they are decoded again");
        }
    }

    /// <summary>Decodes the clips, or opens what was decoded before. A file that was changed since is decoded again.</summary>
    /// <exception cref="BadInputException">A clip cannot be read, or the cache cannot be written.</exception>
    public static DecodedClips Of(TaggingData clips)
    {
        var folder = clips as AudioFolder;
        var key = Hashing.Of(["decoded", clips.Hash, .. folder is null ? [] : Enumerable.Range(0, clips.Count)
            .Select(i => File.GetLastWriteTimeUtc(folder.PathOf(i)).Ticks.ToString(CultureInfo.InvariantCulture))]);
        return new DecodedClips(clips, Cache.Entry("decoded", key, into => Decode(clips, folder, into)));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes => whole.Classes;

    /// <inheritdoc/>
    public override int Count => whole.Count;

    /// <summary>The other data set's: decoding changes nothing.</summary>
    public override string Hash => whole.Hash;

    /// <inheritdoc/>
    public override string Id(int i) => whole.Id(i);

    /// <inheritdoc/>
    public override IReadOnlyList<int> Labels(int i) => whole.Labels(i);

    /// <inheritdoc/>
    public override float[] Samples(int i)
    {
        CheckNumber(i);
        var start = i == 0 ? 0 : ends[i - 1];
        var clip = new float[ends[i] - start];
        using var file = File.OpenHandle(samples);
        var bytes = MemoryMarshal.AsBytes(clip.AsSpan());
        return RandomAccess.Read(file, bytes, 4 * start) == bytes.Length ? clip : throw new BadInputException(samples, "", "ends too soon; remove its folder and it is made again");
    }

    private static void Decode(TaggingData clips, AudioFolder? folder, string into)
    {
        const int together = 256;
        using var file = File.Create(Path.Combine(into, SamplesFile));
        var (ends, end) = (new long[clips.Count], 0L);
        for (var first = 0; first < clips.Count; first += together)
        {
            var part = new float[Math.Min(together, clips.Count - first)][];
            if (folder is not null)
            {
                folder.DecodeAhead(first, part);
            }
            AllCores.For(part.Length, i => part[i] ??= clips.Samples(first + i));
            for (var i = 0; i < part.Length; i++)
            {
                file.Write(MemoryMarshal.AsBytes(part[i].AsSpan()));
                ends[first + i] = end += part[i].Length;
            }
        }
        File.WriteAllBytes(Path.Combine(into, EndsFile), MemoryMarshal.AsBytes(ends.AsSpan()).ToArray());
    }
}
