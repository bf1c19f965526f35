using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Retort.Data;

/// <summary>
/// Finds a clip's number by its id in a record file of (first 64 bits of the id's SHA-256, number), sorted by the bits.
/// Equal bits of two ids are refused when the file is made, so that a hit is the clip asked for if the id is in the set.
/// </summary>
internal static class IdIndex
{
    private const int RowBytes = 12;

    /// <summary>Writes the file and returns the hash of all ids in their order.</summary>
    public static string Write(string path, string of, IReadOnlyList<string> ids)
    {
        var keys = new ulong[ids.Count];
        var numbers = new int[ids.Count];
        using var hashing = new Hashing();
        for (var i = 0; i < ids.Count; i++)
        {
            keys[i] = Key(ids[i]);
            numbers[i] = i;
            hashing.Add(ids[i]);
        }
        Array.Sort(keys, numbers);
        using var writer = RecordFileWriter.Create(path, RowBytes, "{}");
        var row = new byte[RowBytes];
        for (var i = 0; i < keys.Length; i++)
        {
            if (i > 0 && keys[i] == keys[i - 1])
            {
                var (a, b) = (Math.Min(numbers[i], numbers[i - 1]), Math.Max(numbers[i], numbers[i - 1]));
                throw new BadInputException(of, $"clips {a} and {b}", ids[a] == ids[b] ? $"both have the id \"{ids[a]}\"" : $"the ids \"{ids[a]}\" and \"{ids[b]}\" have the same 64 bits of hash: rename one");
            }
            BinaryPrimitives.WriteUInt64LittleEndian(row, keys[i]);
            BinaryPrimitives.WriteInt32LittleEndian(row.AsSpan(8), numbers[i]);
            writer.Append(row);
        }
        return hashing.End();
    }

    public static string HashOf(IReadOnlyList<string> ids) => Hashing.Of(ids);

    /// <summary>The clip's number; -1 where no clip has the id.</summary>
    public static int Find(RecordFile file, string id)
    {
        var key = Key(id);
        long low = 0, high = file.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var row = file.Row(middle);
            var found = BinaryPrimitives.ReadUInt64LittleEndian(row);
            if (found == key)
            {
                return BinaryPrimitives.ReadInt32LittleEndian(row[8..]);
            }
            (low, high) = found < key ? (middle + 1, high) : (low, middle - 1);
        }
        return -1;
    }

    private static ulong Key(string id)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(id), hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
