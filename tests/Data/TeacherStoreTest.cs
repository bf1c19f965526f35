using Retort.Data;
using Retort.Randomness;

namespace Retort.Tests.Data;

public sealed class TeacherStoreTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-store").FullName;

    private string Store => Path.Combine(folder, "store");

    private static readonly TeacherStoreCard Card = new(
        ["small/aa11", "large/bb22"], "{\"mels\":64}", "{\"shift\":0.5}", "views-1", "data-hash",
        [.. Enumerable.Range(0, 30).Select(c => $"class {c}")], Clips: 50, Views: 4)
    { TopK = 5 };

    private static readonly string[] Ids = [.. Enumerable.Range(0, 50).Select(i => $"-clip_{i}")];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static float[] Scores(int clip, int view)
    {
        var draw = RandomStream.Of(1, "scores", $"{clip}", view);
        return [.. Enumerable.Range(0, 30).Select(_ => draw.NextSingle())];
    }

    private static uint SeedOf(int clip, int view) => (uint)(clip * 1000 + view) + 3_000_000_000u;

    private void Fill(long rows = 200, TeacherStoreCard? card = null)
    {
        using var writer = TeacherStoreWriter.Open(Store, card ?? Card, Ids);
        while (writer.NextRow < rows)
        {
            var (clip, view) = (writer.NextClip, writer.NextView);
            writer.Append(Scores(clip, view), SeedOf(clip, view));
        }
    }

    [Fact]
    public void Read_EveryRow_IsTheTopKInFloat16()
    {
        Fill();
        using var store = TeacherStore.Open(Store, Card);
        Assert.Equal((200, 4, 24), (store.Rows, store.Views, store.Card.BytesPerView));
        Assert.Equal(84, new TeacherStoreCard([], "", "", "", "", [], 1, 1).BytesPerView);
        var (values, classes) = (new Half[5], new ushort[5]);
        for (var clip = 0; clip < 50; clip++)
        {
            for (var view = 0; view < 4; view++)
            {
                store.Read(store.Row(Ids[clip], view), values, classes, out var seed);
                var best = Scores(clip, view).Select((s, c) => (s, c)).OrderByDescending(x => x.s).Take(5).ToArray();
                Assert.Equal(best.Select(x => (Half)x.s), values);
                Assert.Equal(best.Select(x => (ushort)x.c), classes);
                Assert.Equal(SeedOf(clip, view), seed);
                Assert.Equal(seed, store.Seed(store.Row(clip, view)));
            }
        }
        Assert.Empty(store.VerifyChecksums());
        Assert.Contains("no clip", Assert.Throws<BadInputException>(() => store.Row("unknown", 0)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Row(50, 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Scatter_RowsInAnyOrder_PutsTheBestAtTheirClasses(int topK)
    {
        Fill();
        using var store = TeacherStore.Open(Store);
        var rows = new long[] { 7, 199, 7 };
        var k = topK == 0 ? 5 : topK;
        var (zero, half, seeds) = (new float[90], new float[90], new uint[3]);
        store.Scatter(rows, zero, seeds, topK: topK);
        store.Scatter(rows, half, default, (row, target, values, classes) =>
        {
            Assert.Contains(row, rows);
            Assert.Equal((k, k), (values.Length, classes.Length));
            target.Fill(values[^1] / 2);
        }, topK);
        for (var i = 0; i < 3; i++)
        {
            var scores = Scores((int)(rows[i] % 50), (int)(rows[i] / 50));
            var best = scores.Select((s, c) => (s, c)).OrderByDescending(x => x.s).Take(k).ToArray();
            for (var c = 0; c < 30; c++)
            {
                Assert.Equal(best.Any(b => b.c == c) ? (float)(Half)scores[c] : 0, zero[i * 30 + c]);
            }
            Assert.All(half[(i * 30)..(i * 30 + 30)], v => Assert.Equal((float)(Half)best[^1].s / 2, v));
            Assert.Equal(SeedOf((int)(rows[i] % 50), (int)(rows[i] / 50)), seeds[i]);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Scatter(rows, zero, topK: 6));
        Assert.Throws<ArgumentException>(() => store.Scatter(rows, zero.AsSpan(1)));
    }

    [Fact]
    public void Open_AnotherRunsCard_RefusesAndNamesEveryDifference()
    {
        Fill();
        var other = Card with { FrontEnd = "{\"mels\":128}", Teachers = ["small/aa11", "large/cc33"] };
        var e = Assert.Throws<BadInputException>(() => TeacherStore.Open(Store, other));
        Assert.Contains("front-end is \"{\"mels\":64}\", this run's is \"{\"mels\":128}\"", e.Message);
        Assert.Contains("large/cc33", e.Message);
        Assert.DoesNotContain("augmentation", e.Message);
        Assert.Contains("made by something else", Assert.Throws<BadInputException>(() => TeacherStoreWriter.Open(Store, other, Ids)).Message);
        var renamed = (string[])Ids.Clone();
        renamed[3] = "renamed";
        Assert.Contains("clip ids", Assert.Throws<BadInputException>(() => TeacherStoreWriter.Open(Store, Card, renamed)).Message);
    }

    [Fact]
    public void Writer_StoppedAndResumed_GivesTheSameBytes()
    {
        Fill();
        var whole = File.ReadAllBytes(Path.Combine(Store, "scores.records"));
        Directory.Delete(Store, recursive: true);
        foreach (var stop in new[] { 1, 60, 61, 199 })
        {
            Fill(stop);
            var e = Assert.Throws<BadInputException>(() => TeacherStore.Open(Store));
            Assert.Contains($"{stop} of 200 rows", e.Message);
            using var partial = TeacherStore.Open(Store, Card, allowPartial: true);
            Assert.Equal((stop, stop / 50), (partial.Rows, partial.Views));
        }
        Fill();
        var resumed = File.ReadAllBytes(Path.Combine(Store, "scores.records"));
        // The commit records count the commits; everything else is equal.
        Assert.Equal(whole.Length, resumed.Length);
        Assert.True(whole.Zip(resumed).Count(p => p.First != p.Second) <= 32, "rows differ");
    }

    [Fact]
    public void Compare_SameTeacher_WithinFloat16_OtherViews_Not()
    {
        Fill();
        using var store = TeacherStore.Open(Store);
        var same = store.Compare(100, (clip, view, seed, scores) =>
        {
            Assert.Equal(SeedOf(clip, view), seed);
            Scores(clip, view).CopyTo(scores);
        });
        Assert.InRange(same.MaxDifference, 1e-6f, 2.5e-4f);
        Assert.Equal(0, same.OtherClasses);
        var other = store.Compare(100, (clip, view, _, scores) => Scores(clip, (view + 1) % 4).CopyTo(scores));
        Assert.True(other.MaxDifference > 0.5f && other.OtherClasses > 90, other.ToString());
    }

    [Fact]
    public void Open_DamagedStore_NamesFileAndBlock()
    {
        Fill();
        var path = Path.Combine(Store, "scores.records");
        var bytes = File.ReadAllBytes(path);
        bytes[^30] ^= 1;
        File.WriteAllBytes(path, bytes);
        var e = Assert.Throws<BadInputException>(() => TeacherStore.Open(Store));
        Assert.Contains("scores.records", e.Message);
        Assert.Contains("block 0", e.Message);
        Assert.Contains("rows 0 to 199", e.Message);
        File.WriteAllBytes(path, [.. bytes[..^30]]);
        Assert.Contains("not finished", Assert.Throws<BadInputException>(() => TeacherStore.Open(Store)).Message);
    }

    [Fact]
    public void Writer_UnusableScores_AreRefusedAndNothingIsWritten()
    {
        using var writer = TeacherStoreWriter.Open(Store, Card, Ids);
        var scores = Scores(0, 0);
        scores[4] = float.NaN;
        Assert.Contains("class 4 is NaN", Assert.Throws<ArgumentException>(() => writer.Append(scores, 1u)).Message);
        Assert.Throws<ArgumentException>(() => writer.Append(Scores(0, 0).AsSpan(1), 1u));
        Assert.Equal(0, writer.NextRow);
        var twice = (string[])Ids.Clone();
        twice[9] = twice[2];
        var second = Path.Combine(folder, "twice");
        Assert.Contains("clips 2 and 9", Assert.Throws<BadInputException>(() => TeacherStoreWriter.Open(second, Card, twice)).Message);
        Assert.Equal([Store], Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void Read_Repeatedly_AllocatesNothing()
    {
        Fill();
        using var store = TeacherStore.Open(Store);
        var (values, classes, rows, targets) = (new Half[5], new ushort[5], new long[] { 1, 2, 3 }, new float[90]);
        void Reads()
        {
            for (var row = 0; row < 200; row++)
            {
                store.Read(row, values, classes, out _);
                store.Scatter(rows, targets);
            }
        }
        Reads();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Reads();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
