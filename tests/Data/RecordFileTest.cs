using Retort.Data;
using Retort.Randomness;

namespace Retort.Tests.Data;

public sealed class RecordFileTest : IDisposable
{
    private const int RowBytes = 7, PerBlock = 5;
    private readonly string folder = Directory.CreateTempSubdirectory("retort-records").FullName;

    private string FilePath => Path.Combine(folder, "rows");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static byte[] Row(long number) => [.. Enumerable.Range(0, RowBytes).Select(i => (byte)(number * 31 + i * 7 + 1))];

    private void Write(int rows, int flushEvery = int.MaxValue)
    {
        using var writer = RecordFileWriter.Create(FilePath, RowBytes, "{\"what\":\"test\"}", PerBlock);
        for (var i = 0; i < rows; i++)
        {
            writer.Append(Row(i));
            if ((i + 1) % flushEvery == 0)
            {
                writer.Flush();
            }
        }
    }

    private static void AssertRows(RecordFile file)
    {
        for (var i = 0L; i < file.Count; i++)
        {
            Assert.Equal(Row(i), file.Row(i).ToArray());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(23)]
    public void Open_WhatWasWritten_ReadsTheSame(int rows)
    {
        Write(rows, flushEvery: 2);
        using var file = RecordFile.Open(FilePath);
        Assert.Equal((rows, RowBytes, PerBlock, "{\"what\":\"test\"}"), ((int)file.Count, file.RowBytes, file.RowsPerBlock, file.Card));
        Assert.Null(file.Recovered);
        Assert.Empty(file.Verify());
        AssertRows(file);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Row(rows).Length);
    }

    [Fact]
    public void Resume_AfterTruncationAtEveryByte_ContinuesWithWholeRows()
    {
        Write(13, flushEvery: 2);
        var whole = File.ReadAllBytes(FilePath);
        // From the end down into the block before the last: every length that a killed writer could have left.
        var least = 64 + 64 + PerBlock * RowBytes;
        for (var length = whole.Length; length >= least; length--)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            long count;
            using (var file = RecordFile.Open(FilePath))
            {
                count = file.Count;
                Assert.True(length == whole.Length ? file.Recovered is null : count < 13, $"{length} bytes: {count} rows");
                Assert.Empty(file.Verify());
                AssertRows(file);
            }
            using (var writer = RecordFileWriter.Resume(FilePath))
            {
                Assert.Equal(count, writer.Count);
                for (var i = count; i < 17; i++)
                {
                    writer.Append(Row(i));
                }
            }
            using (var file = RecordFile.Open(FilePath))
            {
                Assert.Equal(17, file.Count);
                Assert.Null(file.Recovered);
                Assert.Empty(file.Verify());
                AssertRows(file);
            }
        }
    }

    [Fact]
    public void Resume_WriterStoppedAtEveryWrite_KeepsWhatWasCommitted()
    {
        for (var allowed = 0; allowed < 200; allowed++)
        {
            File.Delete(FilePath);
            RecordFileWriter.Create(FilePath, RowBytes, "{}", PerBlock).Dispose();
            var committed = 0L;
            var writer = RecordFileWriter.ResumeThrough(FilePath, inner => new FailingStream(inner, allowed));
            var failed = false;
            try
            {
                for (var i = 0; i < 12; i++)
                {
                    writer.Append(Row(i));
                    if (i % 3 == 1)
                    {
                        writer.Flush();
                    }
                    committed = writer.Committed;
                }
                writer.Flush();
                committed = writer.Committed;
            }
            catch (BadInputException e)
            {
                failed = true;
                Assert.Contains("the disk is full", e.Message);
                Assert.Contains("rows", e.Message);
                Assert.Throws<ObjectDisposedException>(() => writer.Append(Row(0)));
            }
            writer.Dispose();
            using (var file = RecordFile.Open(FilePath))
            {
                Assert.Equal(committed, file.Count);
                AssertRows(file);
            }
            RecordFileWriter.Resume(FilePath).Dispose();
            using (var file = RecordFile.Open(FilePath))
            {
                Assert.Equal(committed, file.Count);
                Assert.Empty(file.Verify());
            }
            if (!failed)
            {
                Assert.Equal(12, committed);
                Assert.True(allowed > 10);
                return;
            }
        }
        Assert.Fail("the writer never got through");
    }

    [Fact]
    public void Verify_AnyByteChanged_IsFoundAndNamed()
    {
        Write(13, flushEvery: 2);
        var whole = File.ReadAllBytes(FilePath);
        for (var at = 0; at < whole.Length; at++)
        {
            var changed = (byte[])whole.Clone();
            changed[at] ^= 0x41;
            File.WriteAllBytes(FilePath, changed);
            string found;
            try
            {
                using var file = RecordFile.Open(FilePath);
                found = file.Verify().FirstOrDefault()?.Message ?? file.Recovered ?? "";
                for (var i = 0L; i < file.Count; i++)
                {
                    try
                    {
                        Assert.Equal(Row(i), file.Row(i).ToArray());
                    }
                    catch (BadInputException e)
                    {
                        Assert.Contains("block", e.Place);
                    }
                }
            }
            catch (BadInputException e)
            {
                found = e.Message;
            }
            Assert.True(found.Length > 0, $"a change of byte {at} was not found");
        }
    }

    [Fact]
    public void Open_RandomDamage_ThrowsOnlyBadInput()
    {
        Write(13, flushEvery: 2);
        var whole = File.ReadAllBytes(FilePath);
        var draw = RandomStream.Of(1, "record file fuzz");
        for (var n = 0; n < 3000; n++)
        {
            var changed = whole[..(draw.Chance(0.3) ? draw.Next(whole.Length + 1) : whole.Length)];
            for (var i = draw.Next(6); i > 0 && changed.Length > 0; i--)
            {
                changed[draw.Chance(0.5) ? draw.Next(Math.Min(changed.Length, 64)) : draw.Next(changed.Length)] = (byte)draw.Pick([0, 255, 127, draw.Next(256)]);
            }
            File.WriteAllBytes(FilePath, changed);
            try
            {
                using var file = RecordFile.Open(FilePath);
                for (var i = 0L; i < file.Count; i++)
                {
                    Assert.Equal(Row(i), file.Row(i).ToArray());
                }
            }
            catch (BadInputException)
            {
            }
        }
    }

    [Fact]
    public void Resume_SecondWriter_IsRefused()
    {
        using var writer = RecordFileWriter.Create(FilePath, RowBytes, "{}", PerBlock);
        Assert.Contains("another writer", Assert.Throws<BadInputException>(() => RecordFileWriter.Resume(FilePath)).Message);
    }

    [Fact]
    public void Open_WhileItIsWritten_ReadsTheCommittedRows()
    {
        using var writer = RecordFileWriter.Create(FilePath, RowBytes, "{}", PerBlock);
        for (var i = 0; i < 8; i++)
        {
            writer.Append(Row(i));
        }
        using var early = RecordFile.Open(FilePath);
        Assert.Equal(5, early.Count);
        writer.Flush();
        writer.Append(Row(8));
        writer.Append(Row(9));
        using var late = RecordFile.Open(FilePath);
        Assert.Equal(10, late.Count);
        AssertRows(early);
        AssertRows(late);
    }

    [Fact]
    public void Create_OverAFile_IsRefusedAndLeavesIt()
    {
        File.WriteAllText(FilePath, "mine");
        Assert.Contains("exists already", Assert.Throws<BadInputException>(() => RecordFileWriter.Create(FilePath, 4, "{}")).Message);
        Assert.Equal("mine", File.ReadAllText(FilePath));
        Assert.Single(Directory.GetFiles(folder));
    }

    /// <summary>A disk that is full after some writes; the write that fails leaves half of its bytes.</summary>
    private sealed class FailingStream(Stream inner, int allowed) : Stream
    {
        private int left = allowed;

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
            if (left-- <= 0)
            {
                inner.Write(buffer[..(buffer.Length / 2)]);
                throw new IOException("No space left on device", 28);
            }
            inner.Write(buffer);
        }
    }
}
