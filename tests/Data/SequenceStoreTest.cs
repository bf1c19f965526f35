using Retort.Data;
using Retort.Randomness;

namespace Retort.Tests.Data;

public sealed class SequenceStoreTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-sequences").FullName;

    private static readonly SequenceStoreCard Card = new()
    {
        Teacher = "weights-aa",
        Data = "data-bb",
        FrontEnd = "{\"mels\":64}",
        Decoding = "{\"beams\":3}",
        Width = 6,
        Vocabulary = 40,
        TopK = 4,
        Best = 3,
        Count = 30,
    };

    private string Store => Path.Combine(folder, "store");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => $"audio-{i}.flac")];

    private static SequenceRow Row(int i, SequenceStoreCard card)
    {
        var draw = RandomStream.Of(5, "sequences", $"{i}");
        var best = Enumerable.Range(0, card.Best == 0 ? 0 : 1 + draw.Next(card.Best))
            .Select(_ => new StoredSequence([.. Enumerable.Range(0, draw.Next(9)).Select(_ => draw.Next(card.Vocabulary))], -draw.NextSingle(), -9 * draw.NextSingle()));
        var (frames, places) = (draw.Next(12), 1 + draw.Next(7));
        var tokens = new List<int>();
        for (var p = 0; card.TopK > 0 && p < places; p++)
        {
            var first = draw.Next(card.Vocabulary);
            tokens.AddRange(Enumerable.Range(0, card.TopK).Select(j => (first + j * (card.Vocabulary / card.TopK)) % card.Vocabulary));
        }
        return new SequenceRow(
            $"audio-{i}.flac", [.. best],
            card.Width == 0 ? null : [.. Enumerable.Range(0, frames * card.Width).Select(_ => 20 * draw.NextSingle() - 10)], card.Width == 0 ? 0 : frames,
            card.TopK == 0 ? null : [.. tokens.Select(_ => -MathF.Log(card.TopK) - 5 * draw.NextSingle())], card.TopK == 0 ? null : [.. tokens]);
    }

    private void Fill(SequenceStoreCard card, int upTo)
    {
        using var writer = SequenceStoreWriter.Open(Store, card, Ids(card.Count));
        while (writer.Written < upTo)
        {
            writer.Add(Row(writer.Written, card));
        }
    }

    private void FillAll(SequenceStoreCard? card = null)
    {
        using var writer = SequenceStoreWriter.Open(Store, card ?? Card, Ids((card ?? Card).Count));
        while (writer.Written < writer.Card.Count)
        {
            writer.Add(Row(writer.Written, writer.Card));
        }
        writer.Finish();
    }

    private static void AssertRow(int i, SequenceStore store)
    {
        var (expected, got) = (Row(i, store.Card), store.Read($"audio-{i}.flac"));
        Assert.Equal(expected.Best.Select(s => (string.Join(' ', s.Tokens), s.Score, s.LogProbability)), got.Best.Select(s => (string.Join(' ', s.Tokens), s.Score, s.LogProbability)));
        Assert.Equal(expected.Frames, got.Frames);
        Assert.Equal(expected.Encoder?.Select(v => (float)(Half)v), got.Encoder);
        Assert.Equal(expected.LogProbabilities?.Select(v => (float)(Half)v), got.LogProbabilities);
        Assert.Equal(expected.Tokens, got.Tokens);
    }

    [Theory]
    [InlineData(3, 6, 4, 40)]
    [InlineData(3, 0, 0, 40)]
    [InlineData(0, 6, 0, 40)]
    [InlineData(0, 0, 4, 65536)]
    [InlineData(0, 0, 4, 65537)]
    [InlineData(1, 0, 40, 40)]
    public void Read_WhateverPartsAreStored_IsWhatWasWrittenInFloat16(int best, int width, int topK, int vocabulary)
    {
        var card = Card with { Best = best, Width = width, TopK = topK, Vocabulary = vocabulary };
        FillAll(card);
        using var store = SequenceStore.Open(Store, card);
        Assert.Equal((30, Store), (store.Count, store.Folder));
        for (var i = 0; i < store.Count; i++)
        {
            Assert.Equal(i, store.Find($"audio-{i}.flac"));
            AssertRow(i, store);
        }
        Assert.Empty(store.VerifyChecksums());
        Assert.Equal(Directory.GetFiles(Store).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)).Sum(f => new FileInfo(f).Length), store.BytesOnDisk);
        foreach (var (there, read) in new (bool, Action)[] { (best > 0, () => store.Best(0)), (width > 0, () => store.Frames(0)), (topK > 0, () => store.Positions(0)) })
        {
            if (!there)
            {
                Assert.Contains("made without", Assert.Throws<BadInputException>(read).Message);
            }
        }
        Assert.Contains("no utterance", Assert.Throws<BadInputException>(() => store.Find("unknown")).Message);
    }

    [Fact]
    public void Open_AnotherRunsCard_RefusesAndNamesEveryDifference()
    {
        FillAll();
        var other = Card with { Teacher = "weights-cc", Decoding = "{\"beams\":5}", Best = 5 };
        var e = Assert.Throws<BadInputException>(() => SequenceStore.Open(Store, other));
        Assert.Contains("teacher is \"weights-aa\", this run's is \"weights-cc\"", e.Message);
        Assert.Contains("decoding is \"{\"beams\":3}\"", e.Message);
        Assert.Contains("number of sequences is \"3\", this run's is \"5\"", e.Message);
        Assert.DoesNotContain("data", e.Problem);
        Assert.Contains("made by something else", Assert.Throws<BadInputException>(() => SequenceStoreWriter.Open(Store, other, Ids(30))).Message);
        Assert.Contains("list of ids", Assert.Throws<BadInputException>(() => SequenceStoreWriter.Open(Store, Card, [.. Ids(30).Reverse()])).Message);
        Assert.Contains("clips 2 and 9", Assert.Throws<BadInputException>(() => SequenceStoreWriter.Open(Store + "2", Card, [.. Ids(30).Select((id, i) => i == 9 ? "audio-2.flac" : id)])).Message);
        Directory.CreateDirectory(Store + "3");
        Assert.Contains("holds no sequence store", Assert.Throws<BadInputException>(() => SequenceStoreWriter.Open(Store + "3", Card, Ids(30))).Message);
    }

    [Fact]
    public void Writer_StoppedAndResumed_ContinuesAtTheNextUtterance()
    {
        foreach (var stop in new[] { 0, 1, 17, 29 })
        {
            Fill(Card, stop);
            var e = Assert.Throws<BadInputException>(() => SequenceStore.Open(Store));
            Assert.Contains($"{stop} of 30 utterances", e.Message);
            using var writer = SequenceStoreWriter.Open(Store, Card, Ids(30));
            Assert.Equal((stop, stop), (writer.Written, writer.Committed));
            Assert.Contains("another writer", Assert.Throws<BadInputException>(() => SequenceStoreWriter.Open(Store, Card, Ids(30))).Message);
            Assert.Contains($"audio-{stop}.flac", Assert.Throws<InvalidOperationException>(writer.Finish).Message);
            Assert.Contains($"audio-{stop}.flac", Assert.Throws<ArgumentException>(() => writer.Add(Row(stop + 1, Card))).Message);
        }
        FillAll();
        using var store = SequenceStore.Open(Store, Card);
        Assert.All(Enumerable.Range(0, 30), i => AssertRow(i, store));
        using (var writer = SequenceStoreWriter.Open(Store, Card, Ids(30)))
        {
            Assert.Contains("full", Assert.Throws<ArgumentException>(() => writer.Add(Row(0, Card))).Message);
            writer.Finish();
        }
    }

    // What is on the disk just before any write is what a kill at that moment leaves; a write that fails stands for a full disk.
    [Fact]
    public void Writer_KilledOrOutOfDiskAtEveryWrite_ResumesToTheSameStore()
    {
        var card = Card with { Count = 7 };
        int? failed = null;
        for (var at = 0; failed is null or > 0; at++)
        {
            failed = 0;
            var (killed, left) = (Path.Combine(folder, $"killed-{at}"), at);
            var full = Path.Combine(folder, $"full-{at}");
            SequenceStoreWriter.Open(full, card, Ids(7)).Dispose();
            var writer = SequenceStoreWriter.OpenThrough(full, card, Ids(7), commitEvery: 3, (_, stream) => new HookedStream(stream, () =>
            {
                if (left-- == 0)
                {
                    Copy(full, killed);
                    failed++;
                }
                if (left < 0)
                {
                    throw new IOException("No space left on device", 28);
                }
            }));
            var committed = 0;
            try
            {
                for (var i = 0; i < 7; i++)
                {
                    writer.Add(Row(i, card));
                    committed = writer.Committed;
                }
                writer.Finish();
                committed = writer.Committed;
            }
            catch (BadInputException e)
            {
                Assert.Contains("the disk is full", e.Message);
                Assert.Contains($"{writer.Committed} whole utterances", e.Message);
                Assert.Throws<ObjectDisposedException>(() => writer.Add(Row(0, card)));
            }
            writer.Dispose();
            foreach (var store in failed > 0 ? [full, killed] : new[] { full })
            {
                using (var resumed = SequenceStoreWriter.OpenThrough(store, card, Ids(7), commitEvery: 3))
                {
                    Assert.InRange(resumed.Written, committed, 7);
                    while (resumed.Written < 7)
                    {
                        resumed.Add(Row(resumed.Written, card));
                    }
                    resumed.Finish();
                }
                using var whole = SequenceStore.Open(store, card);
                Assert.All(Enumerable.Range(0, 7), i => AssertRow(i, whole));
                Assert.Empty(whole.VerifyChecksums());
            }
        }
        Assert.True(Directory.GetDirectories(folder, "killed-*").Length > 20);
    }

    [Fact]
    public void Add_WhatDoesNotFitTheCard_IsRefusedAndNothingIsWritten()
    {
        var good = Row(0, Card) with { Best = [new([1, 2], -1, -2)], Encoder = new float[12], Frames = 2, LogProbabilities = [-2, -2, -2, -2], Tokens = [1, 2, 3, 4] };
        var (bad, huge) = (new float[12], new float[12]);
        (bad[7], huge[7]) = (float.NaN, 65520);
        var cases = new (SequenceRow Row, string Problem)[]
        {
            (good with { Encoder = bad }, "frame 1, value 1: NaN"),
            (good with { Encoder = huge }, "frame 1, value 1: 65520"),
            (good with { Encoder = null }, "0 values of encoder output for 2 frames of width 6"),
            (good with { Frames = 3 }, "12 values of encoder output for 3 frames"),
            (good with { Best = [] }, "0 sequences; the store keeps 1 to 3"),
            (good with { Best = [good.Best[0], good.Best[0], good.Best[0], good.Best[0]] }, "4 sequences"),
            (good with { Best = [good.Best[0], new([1], float.NaN, -1)] }, "sequence 1: score NaN"),
            (good with { Best = [new([1], -1, float.NegativeInfinity)] }, "sequence 0: score -1, log-probability -"),
            (good with { Best = [new([1, 40], -1, -1)] }, "sequence 0, token 1: 40; tokens are 0 to 39"),
            (good with { Tokens = [1, 2, 3, -1] }, "place 0: token -1 is none of 0 to 39"),
            (good with { Tokens = [1, 2, 3, 2] }, "place 0: token 2 stands there twice"),
            (good with { Tokens = [1, 2, 3] }, "4 log-probabilities and 3 tokens"),
            (good with { Tokens = null, LogProbabilities = null }, "0 log-probabilities and 0 tokens"),
            (good with { LogProbabilities = [-2, float.NaN, -2, -2] }, "the log-probability of token 2 is NaN"),
            (good with { LogProbabilities = [-2, -2, -2, float.NegativeInfinity] }, "the log-probability of token 4 is -"),
            (good with { LogProbabilities = [3, 2, 1, 1] }, "the log-probability of token 1 is 3"),
            (good with { LogProbabilities = [-1, -1, -1, -1] }, "add up to 1.472"),
        };
        using (var writer = SequenceStoreWriter.Open(Store, Card, Ids(30)))
        {
            foreach (var (row, problem) in cases)
            {
                var e = Assert.Throws<BadInputException>(() => writer.Add(row));
                Assert.Contains(problem, e.Message);
                Assert.Contains("utterance \"audio-0.flac\"", e.Place);
                Assert.Equal(0, writer.Written);
            }
        }
        FillAll();
        using var store = SequenceStore.Open(Store, Card);
        AssertRow(0, store);
        Assert.Throws<ArgumentException>(() => SequenceStoreWriter.Open(Store + "2", Card with { Best = 0, Width = 0, TopK = 0 }, Ids(30)));
        Assert.Throws<ArgumentException>(() => SequenceStoreWriter.Open(Store + "2", Card with { TopK = 41 }, Ids(30)));
        Assert.Throws<ArgumentException>(() => SequenceStoreWriter.Open(Store + "2", Card, Ids(29)));
    }

    [Theory]
    [InlineData("frames.records")]
    [InlineData("words.records")]
    [InlineData("places.records")]
    [InlineData("index.records")]
    [InlineData("ids.records")]
    public void Open_DamagedOrCutFile_IsRefusedByName(string name)
    {
        FillAll();
        var path = Path.Combine(Store, name);
        var bytes = File.ReadAllBytes(path);
        var changed = (byte[])bytes.Clone();
        changed[^7] ^= 1;
        File.WriteAllBytes(path, changed);
        var e = Assert.Throws<BadInputException>(() => SequenceStore.Open(Store));
        Assert.Contains(name, e.Message);
        Assert.Contains("block 0", e.Message);
        File.WriteAllBytes(path, bytes[..^7]);
        e = Assert.Throws<BadInputException>(() =>
        {
            using var store = SequenceStore.Open(Store);
            for (var i = 0; i < 30; i++)
            {
                store.Read($"audio-{i}.flac");
            }
        });
        if (name is "frames.records" or "words.records" or "places.records")
        {
            Assert.Contains("utterance", e.Place);
            e = Assert.Throws<BadInputException>(() => SequenceStoreWriter.Open(Store, Card, Ids(30)));
            Assert.Contains("cut or replaced", e.Message);
            Assert.Contains(name, e.Message);
        }
        File.Delete(path);
        Assert.Contains(name, Assert.Throws<BadInputException>(() => SequenceStore.Open(Store)).Message);
    }

    [Fact]
    public void Open_FileOfAnotherStore_IsRefused()
    {
        FillAll();
        File.Move(Path.Combine(Store, "places.records"), Path.Combine(folder, "places"));
        Directory.Delete(Store, recursive: true);
        var card = Card with { TopK = 2 };
        FillAll(card);
        File.Move(Path.Combine(folder, "places"), Path.Combine(Store, "places.records"), overwrite: true);
        Assert.Contains("do not fit the card", Assert.Throws<BadInputException>(() => SequenceStore.Open(Store)).Message);
        Assert.Contains("rows of 16 bytes, the card's have 8", Assert.Throws<BadInputException>(() => SequenceStoreWriter.Open(Store, card, Ids(30))).Message);
    }

    // Opening compares the checksums of the files' last blocks through 64 KiB each; reading allocates nothing.
    [Fact]
    public void Open_AndRead_LargeStore_NeedsLittleMemory()
    {
        var card = Card with { Count = 10_000, Width = 64 };
        FillAll(card);
        SequenceStore.Open(Store, card).Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var store = SequenceStore.Open(Store);
        var opened = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(opened - before < 400_000 && store.BytesOnDisk > 7_000_000, $"{opened - before} bytes for a store of {store.BytesOnDisk}");
        void Reads()
        {
            for (var row = 0; row < store.Count; row += 9)
            {
                AssertFrames(store, row);
            }
        }
        Reads(); // compares each block's checksum
        var compared = GC.GetAllocatedBytesForCurrentThread();
        Reads();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - compared);
    }

    private static void AssertFrames(SequenceStore store, int row)
    {
        Span<float> values = stackalloc float[store.Frames(row) * store.Card.Width];
        store.Encoder(row, values);
        var places = store.Positions(row) * store.Card.TopK;
        Span<float> logs = stackalloc float[places];
        Span<int> tokens = stackalloc int[places];
        store.Distribution(row, logs, tokens);
        Assert.True(places > 0 && tokens[0] < store.Card.Vocabulary && logs[0] < 0);
    }

    [Fact]
    public void Read_FromSeveralThreads_IsTheSame()
    {
        FillAll();
        using var store = SequenceStore.Open(Store);
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 4 }, n => AssertRow(n * 7 % 30, store));
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private sealed class HookedStream(Stream inner, Action before) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => true;
        public override bool CanWrite => true;
        public override long Length => inner.Length;
        public override long Position { get => inner.Position; set => inner.Position = value; }
        public override void Flush() => inner.Flush();
        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);
        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);
        public override void SetLength(long value) => inner.SetLength(value);
        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            before();
            inner.Write(buffer);
        }
    }
}
