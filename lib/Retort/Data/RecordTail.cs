namespace Retort.Data;

/// <summary>Finds where the whole rows of a record file end, whatever moment its writer was killed at.</summary>
internal static class RecordTail
{
    /// <param name="Rows">number of whole rows in the file</param>
    /// <param name="Block">number of the last block; -1 where there is none</param>
    /// <param name="Slot">the last block's commit that holds; null where it has none</param>
    /// <param name="SlotIndex">0 or 1: where that commit stands</param>
    /// <param name="Recovered">what was left out, in words; null where nothing was</param>
    public sealed record End(long Rows, long Block, RecordLayout.Slot? Slot, int SlotIndex, string? Recovered);

    public static RecordLayout.Slot? Latest(RecordLayout.Slot? a, RecordLayout.Slot? b) =>
        a is not { } first ? b : b is not { } second ? a : first.Commit > second.Commit ? first : second;

    public static End Find(string path, RecordLayout.Header header, Stream file)
    {
        var bytes = file.Length - header.FirstBlock;
        var block = (bytes + header.BlockBytes - 1) / header.BlockBytes - 1;
        if (block < 0)
        {
            return new End(0, -1, null, 0, null);
        }
        var at = header.BlockAt(block);
        var before = block * header.RowsPerBlock;
        var available = file.Length - at - RecordLayout.BlockHeader;
        var head = new byte[RecordLayout.BlockHeader];
        if (available < 0 || RecordLayout.ReadAt(file, at, head) < head.Length || !head.AsSpan().ContainsAnyExcept((byte)0))
        {
            return new End(before, block, null, 0, $"an unfinished block at byte {at} was left out; {before} rows are whole");
        }
        if (!RecordLayout.IsBlockHeader(head, block))
        {
            throw new BadInputException(path, $"block {block} at byte {at} (rows from {before})", "the block's header is damaged");
        }
        var a = RecordLayout.DecodeSlot(head.AsSpan(16), block);
        var b = RecordLayout.DecodeSlot(head.AsSpan(32), block);
        if ((a.Damaged || b.Damaged) && a.Value is null && b.Value is null)
        {
            throw new BadInputException(path, $"block {block} at byte {at} (rows from {before})", "the commit records of the block are damaged");
        }
        string? note = a.Damaged || b.Damaged ? $"a damaged commit record of block {block} was left out" : null;
        var candidates = new[] { (Slot: a.Value, Index: 0), (Slot: b.Value, Index: 1) }
            .Where(c => c.Slot is not null).OrderByDescending(c => c.Slot!.Value.Commit);
        foreach (var (slot, index) in candidates)
        {
            var commit = slot!.Value;
            if (commit.Rows > header.RowsPerBlock)
            {
                throw new BadInputException(path, $"block {block} at byte {at}", $"the block claims {commit.Rows} rows, at most {header.RowsPerBlock} fit");
            }
            var payload = commit.Rows * (long)header.RowBytes;
            if (payload > available)
            {
                note = $"the file ends inside block {block}, at byte {file.Length}: rows that were there are lost";
                continue;
            }
            if (CrcOf(file, at + RecordLayout.BlockHeader, payload) != commit.RowsCrc)
            {
                throw new BadInputException(path, $"block {block} at byte {at} (rows {before} to {before + commit.Rows - 1})", "the rows are damaged: their checksum does not match");
            }
            var rows = before + commit.Rows;
            return new End(rows, block, commit, index, note is null ? null : $"{note}; {rows} rows are whole");
        }
        note ??= available > 0 ? $"rows of block {block} that were never committed were left out" : null;
        return new End(before, block, null, 0, note is null ? null : $"{note}; {before} rows are whole");
    }

    private static uint CrcOf(Stream file, long at, long count)
    {
        var buffer = new byte[Math.Min(count, 1 << 16)];
        var crc = 0u;
        file.Position = at;
        while (count > 0)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(count, buffer.Length));
            file.ReadExactly(part);
            crc = RecordLayout.Crc(part, crc);
            count -= part.Length;
        }
        return crc;
    }
}
