namespace Retort.Data;

/// <summary>
/// Writes a <see cref="RecordFile"/>: appends rows, and may be killed at any instant. Rows count as written when their block
/// is full or <see cref="Flush"/> was called; <see cref="Resume"/> continues behind the last such row. One writer at a time.
/// </summary>
public sealed class RecordFileWriter : IDisposable
{
    private readonly RecordLayout.Header header;
    private readonly FileStream alone;
    private readonly FileStream file;
    private readonly Stream stream;
    private readonly byte[] pending;
    private int pendingRows;
    private long block;
    private uint blockRows, blockCommit, blockCrc;
    private int freeSlot;
    private bool broken;

    private RecordFileWriter(string path, FileStream alone, FileStream file, Func<Stream, Stream>? wrap)
    {
        FilePath = path;
        this.alone = alone;
        this.file = file;
        header = RecordLayout.Decode(path, file);
        var end = RecordTail.Find(path, header, file);
        Recovered = end.Recovered;
        Committed = end.Rows;
        block = end.Rows / header.RowsPerBlock;
        if (end.Slot is { } slot && slot.Rows < header.RowsPerBlock)
        {
            (blockRows, blockCommit, blockCrc, freeSlot) = (slot.Rows, slot.Commit, slot.RowsCrc, 1 - end.SlotIndex);
        }
        pending = new byte[header.RowBytes * header.RowsPerBlock];
        stream = wrap?.Invoke(file) ?? file;
        // Whatever was never committed goes, and a damaged commit record with it.
        file.SetLength(CommittedEnd);
        if (blockRows > 0)
        {
            Write(SlotAt(freeSlot), new byte[16]);
        }
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>Rows appended so far, committed or not.</summary>
    public long Count => Committed + pendingRows;

    /// <summary>Rows that would survive if the process were killed now.</summary>
    public long Committed { get; private set; }

    /// <summary>What was left out of a truncated end when the file was opened; null where it was whole.</summary>
    public string? Recovered { get; }

    /// <summary>Makes a new, empty file. It appears under its name only when its header is complete.</summary>
    /// <param name="path">the file; its folder must exist and the file must not</param>
    /// <param name="rowBytes">bytes of a row, at most 1 MiB</param>
    /// <param name="card">JSON that says what the rows are and what made them</param>
    /// <param name="rowsPerBlock">rows under one checksum; rows times bytes at most 1 GiB</param>
    /// <exception cref="BadInputException">The file exists, or cannot be written.</exception>
    public static RecordFileWriter Create(string path, int rowBytes, string card, int rowsPerBlock = 4096)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowBytes, RecordLayout.MaxRow);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerBlock, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowsPerBlock, Math.Min(RecordLayout.MaxRowsPerBlock, RecordLayout.MaxBlock / rowBytes));
        var bytes = RecordLayout.Encode(rowBytes, rowsPerBlock, card);
        var part = $"{path}.part-{Guid.NewGuid():n}";
        try
        {
            using (var made = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
            {
                made.Write(bytes);
                made.Flush(flushToDisk: true);
            }
            File.Move(part, path, overwrite: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(part);
            throw new BadInputException(path, "", File.Exists(path) ? "the file exists already" : $"cannot be made: {e.Message}", e);
        }
        return Resume(path);
    }

    /// <summary>Opens the file and continues behind its last whole row.</summary>
    /// <exception cref="BadInputException">Not a record file, damaged, or being written by another process.</exception>
    public static RecordFileWriter Resume(string path) => ResumeThrough(path, null);

    internal static RecordFileWriter ResumeThrough(string path, Func<Stream, Stream>? wrap)
    {
        FileStream? alone = null, file = null;
        try
        {
            if (!File.Exists(path))
            {
                throw new BadInputException(path, "", "there is no such file");
            }
            alone = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return new RecordFileWriter(path, alone, file, wrap);
        }
        catch (Exception e)
        {
            file?.Dispose();
            alone?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new BadInputException(path, "", $"cannot be opened for writing, or another writer is at it: {e.Message}", e);
            }
            throw;
        }
    }

    /// <summary>Appends whole rows.</summary>
    /// <exception cref="ArgumentException">The length is no multiple of the row's.</exception>
    /// <exception cref="BadInputException">The disk is full or fails. Committed rows are safe.</exception>
    public void Append(ReadOnlySpan<byte> rows)
    {
        if (rows.Length % header.RowBytes != 0)
        {
            throw new ArgumentException($"{rows.Length} bytes are no whole number of rows of {header.RowBytes} bytes", nameof(rows));
        }
        while (rows.Length > 0)
        {
            ThrowIfBroken();
            var room = (header.RowsPerBlock - (int)blockRows - pendingRows) * header.RowBytes;
            var part = rows[..Math.Min(room, rows.Length)];
            part.CopyTo(pending.AsSpan(pendingRows * header.RowBytes));
            pendingRows += part.Length / header.RowBytes;
            rows = rows[part.Length..];
            if (blockRows + pendingRows == header.RowsPerBlock)
            {
                Flush();
            }
        }
    }

    /// <summary>Commits what was appended: it is on the disk when this returns.</summary>
    /// <exception cref="BadInputException">The disk is full or fails. What was committed before is safe.</exception>
    public void Flush()
    {
        ThrowIfBroken();
        if (pendingRows == 0)
        {
            return;
        }
        var rows = pending.AsSpan(0, pendingRows * header.RowBytes);
        try
        {
            if (blockRows == 0)
            {
                var head = new byte[RecordLayout.BlockHeader];
                RecordLayout.BlockMagic.CopyTo(head);
                BitConverter.TryWriteBytes(head.AsSpan(4), (uint)block);
                Write(header.BlockAt(block), head);
            }
            Write(CommittedRowsEnd, rows);
            file.Flush(flushToDisk: true);
            var crc = RecordLayout.Crc(rows, blockCrc);
            var slot = new byte[16];
            RecordLayout.EncodeSlot(slot, block, new RecordLayout.Slot(blockRows + (uint)pendingRows, blockCommit + 1, crc));
            Write(SlotAt(freeSlot), slot);
            file.Flush(flushToDisk: true);
            blockCrc = crc;
        }
        catch (IOException e)
        {
            broken = true;
            TryCutBack();
            throw new BadInputException(FilePath, $"row {Committed}", DescribeFailure(e), e);
        }
        Committed += pendingRows;
        blockRows += (uint)pendingRows;
        blockCommit++;
        freeSlot = 1 - freeSlot;
        pendingRows = 0;
        if (blockRows == header.RowsPerBlock)
        {
            block++;
            (blockRows, blockCommit, blockCrc, freeSlot) = (0, 0, 0, 0);
        }
    }

    /// <summary>Commits what was appended and closes the file.</summary>
    public void Dispose()
    {
        try
        {
            if (!broken && file.CanWrite)
            {
                Flush();
            }
        }
        finally
        {
            broken = true;
            file.Dispose();
            alone.Dispose();
        }
    }

    private long CommittedRowsEnd => header.BlockAt(block) + RecordLayout.BlockHeader + blockRows * (long)header.RowBytes;

    private long CommittedEnd => blockRows == 0 ? header.BlockAt(block) : CommittedRowsEnd;

    private long SlotAt(int slot) => header.BlockAt(block) + 16 + 16 * slot;

    private void Write(long at, ReadOnlySpan<byte> bytes)
    {
        stream.Position = at;
        stream.Write(bytes);
    }

    private void ThrowIfBroken()
    {
        if (broken)
        {
            throw new ObjectDisposedException(FilePath, "the writer was closed, or stopped at an error of the disk");
        }
    }

    // Best effort: what cannot be cut now is cut when the file is resumed, and readers leave it out.
    private void TryCutBack()
    {
        try
        {
            file.SetLength(CommittedEnd);
        }
        catch (IOException)
        {
        }
    }

    // ENOSPC and EDQUOT; ERROR_DISK_FULL on Windows.
    private string DescribeFailure(IOException e) => e.HResult is 28 or 122 or unchecked((int)0x80070070)
        ? $"the disk is full; {Committed} rows are safe, free some space and resume"
        : $"writing failed ({e.Message}); {Committed} rows are safe, resume continues behind them";
}
