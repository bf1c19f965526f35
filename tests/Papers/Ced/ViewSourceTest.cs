using Retort.Audio;
using Retort.Data;
using Retort.Papers.Ced;
using Retort.Papers.Slu;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Ced;

public sealed class ViewSourceTest : IDisposable
{
    private static readonly ViewSettings settings = new() { TimeMask = 10 };
    private readonly SoundWorld clips = SoundWorld.Open(new SoundWorldSettings { Seconds = 0.5, LongestEvent = 0.45, TrainClips = 24, Speech = false });
    private readonly MelFrontEnd frontEnd = new();

    public void Dispose()
    {
        clips.Dispose();
        frontEnd.Dispose();
    }

    [Fact]
    public void Mel_KeptSpectrograms_AreThoseMadeAnew()
    {
        var (fresh, kept) = (new ViewSource(clips, settings, frontEnd), new ViewSource(clips, settings, frontEnd, keep: true));
        int[] batch = [3, 0, 7, 11];
        for (var view = 0; view < 3; view++)
        {
            var seeds = fresh.Seeds(batch, 5, view);
            var expected = Values(fresh.Mel(batch, seeds));
            Assert.Equal(expected, Values(kept.Mel(batch, seeds)));
            Assert.Equal(expected, Values(kept.Mel(batch, seeds)));
        }
        Assert.Equal(Values(fresh.Clean(batch)), Values(kept.Clean(batch)));
        Assert.NotEqual(Values(fresh.Clean(batch)), Values(kept.Mel(batch, kept.Seeds(batch, 5, 0))));
    }

    [Fact]
    public void Clean_KeptClipsOfDifferentLength_AreContinuedWithSilence()
    {
        var mixed = new Mixed(clips);
        using var alone = new ViewSource(mixed, settings, frontEnd, keep: true).Clean([1]);
        using var together = new ViewSource(mixed, settings, frontEnd, keep: true).Clean([0, 1]);
        using var padded = new ViewSource(mixed, settings, frontEnd).Clean([0, 1]);
        Assert.Equal([64, 26], alone.shape[1..]);
        Assert.Equal([64, 51], together.shape[1..]);
        Assert.Equal(padded.shape, together.shape);
        Assert.Equal(Values(alone.clone()), Values(together[1].narrow(1, 0, 26).contiguous()));
        // As the waves continued with zeros, but for the frames at the seam, which see the clip's end mirrored.
        var (mine, theirs) = (Values(together[1].narrow(1, 28, 23).contiguous()), Values(padded[1].narrow(1, 28, 23).contiguous()));
        Assert.All(mine.Zip(theirs), p => Assert.Equal(p.Second, p.First, 1e-3f));
    }

    // Clip 1 is half as long as the others.
    private sealed class Mixed(TaggingData whole) : TaggingData
    {
        public override IReadOnlyList<string> Classes => whole.Classes;
        public override int Count => whole.Count;
        public override string Hash => "mixed" + whole.Hash;
        public override string Id(int i) => whole.Id(i);
        public override float[] Samples(int i) => i == 1 ? whole.Samples(i)[..4000] : whole.Samples(i);
        public override IReadOnlyList<int> Labels(int i) => whole.Labels(i);
    }

    [Fact]
    public void Mel_OfAClip_DoesNotDependOnTheBatch()
    {
        var source = new ViewSource(clips, settings, frontEnd);
        var seeds = source.Seeds([1, 2, 3], 5, 0);
        var together = Values(source.Mel([1, 2, 3], seeds));
        var alone = Values(source.Mel([2], seeds.AsSpan(1, 1)));
        Assert.Equal(alone, together.AsSpan(alone.Length, alone.Length).ToArray());
    }

    [Fact]
    public void Mel_EightThreadsOnOneSource_GiveWhatOneGives()
    {
        int[] batch = [.. Enumerable.Range(0, 24)];
        var one = new ViewSource(clips, settings, frontEnd, keep: true);
        var expected = Enumerable.Range(0, 6).Select(view => Values(one.Mel(batch, one.Seeds(batch, 9, view)))).ToArray();
        var shared = new ViewSource(clips, settings, frontEnd, keep: true);
        var found = new float[8][][];
        var threads = Enumerable.Range(0, 8).Select(t => new Thread(() => found[t] = Enumerable.Range(0, 6)
            .Select(view => Values(shared.Mel(batch, one.Seeds(batch, 9, (view + t) % 6)))).ToArray())).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        for (var t = 0; t < 8; t++)
        {
            for (var view = 0; view < 6; view++)
            {
                Assert.Equal(expected[(view + t) % 6], found[t][view]);
            }
        }
    }

    private static float[] Values(Tensor mel)
    {
        using (mel)
        {
            return mel.data<float>().ToArray();
        }
    }
}
