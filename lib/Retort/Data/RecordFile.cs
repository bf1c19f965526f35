using System.IO.MemoryMappedFiles;

namespace Retort.Data;

/// <summary>
/// A memory-mapped file of rows of one size, in checksummed blocks, with a card (JSON) that says what it holds. Written by
/// <see cref="RecordFileWriter"/>; the layout stands at the top of RecordLayout.cs. Memory use does not grow with the file.
/// A block's checksum is compared when the block is first read. Reading is safe from several threads at once; nobody may
/// read while it is disposed.
/// </summary>
public sealed unsafe class RecordFile : IDisposable
{
    private readonly RecordLayout.Header header;
    private readonly MemoryMappedFile? map;
    private readonly MemoryMappedViewAccessor? view;
    private readonly byte[] seen;
    private byte* start;

    private RecordFile(string path, RecordLayout.Header header, long count, string? recovered, FileStream file)
    {
        FilePath = path;
        this.header = header;
        Count = count;
        Recovered = recovered;
        seen = new byte[(count + header.RowsPerBlock - 1) / header.RowsPerBlock];
        if (count % header.RowsPerBlock != 0)
        {
            seen[^1] = 1; // finding the end has compared the checksum of an unfinished block
        }
        if (count > 0)
        {
            map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            start = pointer + view.PointerOffset;
        }
        else
        {
            file.Dispose();
        }
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>The card: JSON that the writer gave.</summary>
    public string Card => header.Card;

    /// <summary>Bytes of a row.</summary>
    public int RowBytes => header.RowBytes;

    /// <summary>Rows of a full block; the unit of checksums.</summary>
    public int RowsPerBlock => header.RowsPerBlock;

    /// <summary>Number of rows that are whole.</summary>
    public long Count { get; }

    /// <summary>What was left out of a truncated end, in words; null where the file is whole.</summary>
    public string? Recovered { get; }

    /// <summary>Opens the file. A truncated end is left out and told in <see cref="Recovered"/>.</summary>
    /// <exception cref="BadInputException">Not a record file, or damaged in what opening reads: header and end.</exception>
    public static RecordFile Open(string path)
    {
        var file = OpenForReading(path);
        try
        {
            var header = RecordLayout.Decode(path, file);
            var end = RecordTail.Find(path, header, file);
            return new RecordFile(path, header, end.Rows, end.Recovered, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The row's bytes, in the mapped file itself: valid until the file is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such row.</exception>
    /// <exception cref="BadInputException">The block that holds the row is damaged.</exception>
    public ReadOnlySpan<byte> Row(long row)
    {
        if ((ulong)row >= (ulong)Count)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, $"{FilePath} has rows 0 to {Count - 1}");
        }
        ObjectDisposedException.ThrowIf(start == null, this);
        var block = row / header.RowsPerBlock;
        if (Volatile.Read(ref seen[block]) == 0)
        {
            if (Damage(block) is { } damage)
            {
                throw damage;
            }
            Volatile.Write(ref seen[block], 1);
        }
        return new ReadOnlySpan<byte>(RowAt(block, row % header.RowsPerBlock), header.RowBytes);
    }

    /// <summary>Compares every checksum of the file and returns what is damaged; empty for a sound file.</summary>
    public IReadOnlyList<BadInputException> Verify()
    {
        ObjectDisposedException.ThrowIf(start == null && Count > 0, this);
        return [.. Enumerable.Range(0, seen.Length).Select(b => Damage(b)).OfType<BadInputException>()];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (start != null)
        {
            start = null;
            view!.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            map!.Dispose();
        }
    }

    internal static FileStream OpenForReading(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be opened: {e.Message}", e);
        }
    }

    private byte* RowAt(long block, long row) => start + header.BlockAt(block) + RecordLayout.BlockHeader + row * header.RowBytes;

    private BadInputException? Damage(long block)
    {
        var first = block * header.RowsPerBlock;
        var rows = Math.Min(header.RowsPerBlock, Count - first);
        var head = new ReadOnlySpan<byte>(start + header.BlockAt(block), RecordLayout.BlockHeader);
        var place = $"block {block} at byte {header.BlockAt(block)} (rows {first} to {first + rows - 1})";
        if (!RecordLayout.IsBlockHeader(head, block))
        {
            return new BadInputException(FilePath, place, "the block's header is damaged");
        }
        var a = RecordLayout.DecodeSlot(head[16..], block);
        var b = RecordLayout.DecodeSlot(head[32..], block);
        if (a.Damaged || b.Damaged)
        {
            return new BadInputException(FilePath, place, "a commit record of the block is damaged");
        }
        // A writer may have committed more rows since the file was opened; the rows that were there must still be.
        var slot = RecordTail.Latest(a.Value, b.Value);
        if (slot is not { } latest || latest.Rows < rows || latest.Rows > header.RowsPerBlock)
        {
            return new BadInputException(FilePath, place, $"the block holds {slot?.Rows ?? 0} rows where {rows} are expected");
        }
        var payload = latest.Rows * (long)header.RowBytes;
        if (header.BlockAt(block) + RecordLayout.BlockHeader + payload > (long)view!.SafeMemoryMappedViewHandle.ByteLength)
        {
            return null; // grown past the mapping since: opening the file again reads it
        }
        var crc = RecordLayout.Crc(new ReadOnlySpan<byte>(RowAt(block, 0), (int)payload));
        return crc == latest.RowsCrc ? null : new BadInputException(FilePath, place, "the rows are damaged: their checksum does not match");
    }
}
