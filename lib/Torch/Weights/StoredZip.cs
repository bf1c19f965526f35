// The directory of a zip file whose entries are stored as they are (PKWARE's APPNOTE 4.3 and 4.5.3), which is how
// PyTorch writes its files. Compressed entries are refused, so that no entry can be larger than the file.

namespace Retort.Torch;

/// <summary>One entry: where its bytes lie in the file, and their checksum.</summary>
internal sealed record StoredEntry(string Name, long Begin, long Length, uint Crc);

internal static class StoredZip
{
    private const uint EndMark = 0x06054b50, WideEndMark = 0x06064b50, WideLocatorMark = 0x07064b50, EntryMark = 0x02014b50, LocalMark = 0x04034b50;

    public static Dictionary<string, StoredEntry> Read(Stream stream, string source)
    {
        var (begin, end, count) = FindDirectory(stream, source);
        var directory = new ByteSource(stream, begin, end, source, "zip directory");
        if (count > (end - begin) / 46)
        {
            throw directory.Bad($"{count} entries do not fit into a directory of {end - begin} bytes");
        }
        var entries = new Dictionary<string, StoredEntry>(StringComparer.Ordinal);
        var spans = new List<(long Begin, long End, string Name)>();
        for (var i = 0L; i < count; i++)
        {
            var (entry, local) = ReadEntry(directory, stream, begin, source);
            if (!entries.TryAdd(entry.Name, entry))
            {
                throw directory.Bad($"two entries are named {Names.Quote(entry.Name)}");
            }
            spans.Add((local, entry.Begin + entry.Length, entry.Name));
        }
        spans.Sort();
        for (var i = 1; i < spans.Count; i++)
        {
            if (spans[i].Begin < spans[i - 1].End)
            {
                throw new BadInputException(source, $"byte {spans[i].Begin}", $"the entries {Names.Quote(spans[i - 1].Name)} and {Names.Quote(spans[i].Name)} overlap");
            }
        }
        return entries;
    }

    private static (long Begin, long End, long Count) FindDirectory(Stream stream, string source)
    {
        var length = stream.Length;
        var tail = new byte[Math.Min(length, 22 + 65535)];
        stream.Position = length - tail.Length;
        stream.ReadExactly(tail);
        for (var i = tail.Length - 22; i >= 0; i--)
        {
            if (BitConverter.ToUInt32(tail, i) == EndMark && BitConverter.ToUInt16(tail, i + 20) == tail.Length - i - 22)
            {
                return ReadEnd(stream, length - tail.Length + i, source);
            }
        }
        throw new BadInputException(source, $"byte {length}", "the zip directory at the end of the file is missing (truncated?)");
    }

    private static (long Begin, long End, long Count) ReadEnd(Stream stream, long at, string source)
    {
        var end = new ByteSource(stream, at, stream.Length, source, "zip end record");
        end.Skip(4);
        var (disk, first, here) = (end.ReadUInt16(), end.ReadUInt16(), end.ReadUInt16());
        long count = end.ReadUInt16(), size = end.ReadUInt32(), begin = end.ReadUInt32();
        if (disk is not (0 or ushort.MaxValue) || first is not (0 or ushort.MaxValue) || here != count)
        {
            throw end.Bad("an archive in several parts");
        }
        var stop = at;
        if (at >= 20 && new ByteSource(stream, at - 20, at, source, "zip locator") is var locator && locator.ReadUInt32() == WideLocatorMark)
        {
            locator.Skip(4);
            var wide = locator.ReadUInt64();
            stop = wide <= (ulong)Math.Max(0, at - 20 - 56) ? (long)wide : throw locator.Bad($"the wide end record at {wide} lies outside of the file");
            var record = new ByteSource(stream, stop, at - 20, source, "zip wide end record");
            if (record.ReadUInt32() != WideEndMark)
            {
                throw record.Bad("the wide end record is missing");
            }
            record.Skip(28);
            (count, size, begin) = (Whole(record), Whole(record), Whole(record));
        }
        // Sum in 128 bits: both come from the file.
        return (Int128)begin + size == stop ? (begin, stop, count)
            : throw end.Bad($"the directory says {size} bytes at {begin}, but it ends at {stop}");
    }

    private static (StoredEntry Entry, long Local) ReadEntry(ByteSource directory, Stream stream, long dataEnd, string source)
    {
        if (directory.ReadUInt32() != EntryMark)
        {
            throw directory.Bad("the mark of an entry is missing");
        }
        directory.Skip(4);
        var flags = directory.ReadUInt16();
        var method = directory.ReadUInt16();
        directory.Skip(4);
        var crc = directory.ReadUInt32();
        long packed = directory.ReadUInt32(), size = directory.ReadUInt32();
        int nameLength = directory.ReadUInt16(), extraLength = directory.ReadUInt16(), commentLength = directory.ReadUInt16();
        directory.Skip(8);
        long local = directory.ReadUInt32();
        var name = directory.Text(directory.ReadBytes((ulong)nameLength));
        var extra = directory.ReadBytes((ulong)extraLength);
        directory.Skip((ulong)commentLength);
        Widen(new ByteSource(new MemoryStream(extra), 0, extra.Length, source, $"zip entry {Names.Quote(name)}, extra field"), ref size, ref packed, ref local);
        var place = $"zip entry {Names.Quote(name)}";
        if ((flags & 1) != 0)
        {
            throw new BadInputException(source, place, "it is encrypted");
        }
        if (method != 0 || packed != size)
        {
            throw new BadInputException(source, place, $"it is compressed (method {method}, {packed} of {size} bytes); PyTorch stores its entries as they are");
        }
        if (local > dataEnd - 30)
        {
            throw new BadInputException(source, place, $"it begins at byte {local}, outside of the file's data");
        }
        var head = new ByteSource(stream, local, dataEnd, source, place, 256);
        if (head.ReadUInt32() != LocalMark)
        {
            throw head.Bad("its local header is missing");
        }
        head.Skip(4);
        var localMethod = head.ReadUInt16();
        head.Skip(16);
        int localName = head.ReadUInt16(), localExtra = head.ReadUInt16();
        if (localMethod != method || head.Text(head.ReadBytes((ulong)localName)) != name)
        {
            throw head.Bad("its local header has another name or method than the directory");
        }
        head.Skip((ulong)localExtra);
        return size <= head.Left ? (new StoredEntry(name, head.Position, size, crc), local)
            : throw head.Bad($"it says {size} bytes, but {head.Left} are left");
    }

    private static void Widen(ByteSource extra, ref long size, ref long packed, ref long local)
    {
        while (extra.Left >= 4)
        {
            int id = extra.ReadUInt16(), length = extra.ReadUInt16();
            if (id != 1)
            {
                extra.Skip((ulong)length);
                continue;
            }
            size = size == uint.MaxValue ? Whole(extra) : size;
            packed = packed == uint.MaxValue ? Whole(extra) : packed;
            local = local == uint.MaxValue ? Whole(extra) : local;
            return;
        }
    }

    private static long Whole(ByteSource bytes) =>
        bytes.ReadUInt64() is var value && value <= long.MaxValue ? (long)value : throw bytes.Bad($"a length or place of {value}");
}
