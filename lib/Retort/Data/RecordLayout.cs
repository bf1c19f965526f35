// The record file's layout; all numbers little-endian.
//
//   file    = header, zeros up to a multiple of 64 bytes, block 0, block 1, ...
//   header  = "RTRECORD" | version u32 = 1 | row bytes u32 | rows per block u32 | card bytes u32 | card (UTF-8 JSON) | crc u32
//             (crc of everything before it)
//   block   = "RTBK" | block number u32 | eight zero bytes | slot A | slot B | 16 zero bytes | rows    (64 bytes, then rows)
//   slot    = rows u32 | commit number u32 | crc of the rows u32 | crc of (block number, the 12 bytes before) u32
//
// A crc is CRC-32C. Every block but the last is full, so that row r is found by division. A commit writes rows behind the
// rows that are there, then the slot that does not hold the latest commit: whatever moment the writer dies at, the other
// slot still describes rows that are whole. (Fixed-size rows only; rows of variable size will need an offset table.)

using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Retort.Data;

/// <summary>Sizes, checksums and slots of a record file.</summary>
internal static class RecordLayout
{
    public const int BlockHeader = 64;
    public const int MaxCard = 64 << 20;
    public const int MaxRow = 1 << 20;
    public const int MaxRowsPerBlock = 1 << 20;
    public const int MaxBlock = 1 << 30;
    public static ReadOnlySpan<byte> FileMagic => "RTRECORD"u8;
    public static ReadOnlySpan<byte> BlockMagic => "RTBK"u8;

    public readonly record struct Slot(uint Rows, uint Commit, uint RowsCrc);

    /// <summary>What the file's header says, and where the first block begins.</summary>
    public sealed record Header(int RowBytes, int RowsPerBlock, string Card, int FirstBlock)
    {
        public long BlockBytes => BlockHeader + (long)RowBytes * RowsPerBlock;

        public long BlockAt(long block) => FirstBlock + block * BlockBytes;
    }

    public static byte[] Encode(int rowBytes, int rowsPerBlock, string card)
    {
        var text = Encoding.UTF8.GetBytes(card);
        var bytes = new byte[Aligned(24 + text.Length + 4)];
        FileMagic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), 1);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), rowBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), rowsPerBlock);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), text.Length);
        text.CopyTo(bytes, 24);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24 + text.Length), Crc(bytes.AsSpan(0, 24 + text.Length)));
        return bytes;
    }

    /// <summary>Reads and checks the header at the beginning of the file.</summary>
    public static Header Decode(string path, Stream file)
    {
        var length = file.Length;
        var start = new byte[24];
        if (length < 64 || ReadAt(file, 0, start) < 24 || !start.AsSpan(0, 8).SequenceEqual(FileMagic))
        {
            throw new BadInputException(path, "byte 0", "not a record file: it does not begin with RTRECORD and a header");
        }
        var version = BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(8));
        var rowBytes = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(12));
        var rowsPerBlock = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(16));
        var cardBytes = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(20));
        if (version != 1)
        {
            throw new BadInputException(path, "byte 8", $"record file of version {version}, expected 1");
        }
        if (rowBytes is < 1 or > MaxRow || rowsPerBlock is < 1 or > MaxRowsPerBlock || cardBytes is < 0 or > MaxCard || (long)rowBytes * rowsPerBlock > MaxBlock || Aligned(28 + cardBytes) > length)
        {
            throw new BadInputException(path, "byte 12", "the header is damaged: its sizes are not possible");
        }
        var all = new byte[Aligned(28 + cardBytes)];
        var read = ReadAt(file, 0, all);
        if (read < all.Length || Crc(all.AsSpan(0, 24 + cardBytes)) != BinaryPrimitives.ReadUInt32LittleEndian(all.AsSpan(24 + cardBytes))
            || all.AsSpan(28 + cardBytes).ContainsAnyExcept((byte)0))
        {
            throw new BadInputException(path, "header", "the header is damaged: its checksum does not match");
        }
        return new Header(rowBytes, rowsPerBlock, Encoding.UTF8.GetString(all, 24, cardBytes), all.Length);
    }

    public static void EncodeSlot(Span<byte> slot, long block, Slot value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(slot, value.Rows);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[4..], value.Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[8..], value.RowsCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[12..], SlotCrc(slot, block));
    }

    /// <summary>The slot; null where nothing was ever written. Damage is reported apart from absence.</summary>
    public static (Slot? Value, bool Damaged) DecodeSlot(ReadOnlySpan<byte> slot, long block)
    {
        if (!slot[..16].ContainsAnyExcept((byte)0))
        {
            return (null, false);
        }
        return SlotCrc(slot, block) == BinaryPrimitives.ReadUInt32LittleEndian(slot[12..])
            ? (new Slot(BinaryPrimitives.ReadUInt32LittleEndian(slot), BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]), BinaryPrimitives.ReadUInt32LittleEndian(slot[8..])), false)
            : (null, true);
    }

    /// <summary>True where the block's first 64 bytes are not damaged in what is constant.</summary>
    public static bool IsBlockHeader(ReadOnlySpan<byte> header, long block) =>
        header[..4].SequenceEqual(BlockMagic) && BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == (uint)block
        && !header[8..16].ContainsAnyExcept((byte)0) && !header[48..64].ContainsAnyExcept((byte)0);

    /// <summary>CRC-32C, continued from <paramref name="crc"/>.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes, uint crc = 0)
    {
        crc = ~crc;
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }
        return ~crc;
    }

    public static int ReadAt(Stream file, long at, Span<byte> into)
    {
        file.Position = at;
        return file.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
    }

    private static uint SlotCrc(ReadOnlySpan<byte> slot, long block)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(number, (uint)block);
        return Crc(slot[..12], Crc(number));
    }

    private static int Aligned(int bytes) => (bytes + 63) / 64 * 64;
}
