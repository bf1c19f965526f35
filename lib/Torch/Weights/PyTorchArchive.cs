// The two containers of torch.save. Since PyTorch 1.6: a zip of stored entries NAME/data.pkl, NAME/data/KEY (one a
// storage), NAME/byteorder. Before: five pickles one after another (magic number, protocol, system, object, storage
// keys), then each storage as its count in 8 bytes and its elements.

using System.Numerics;

namespace Retort.Torch;

/// <summary>Where a storage's bytes lie in the file; in a zip with their checksum.</summary>
internal sealed record PlacedStorage(PickledStorage Storage, long Begin, uint? Crc);

/// <summary>A parsed PyTorch file: the object with PickledTensor in place of tensors, and where the storages lie.</summary>
internal sealed class PyTorchArchive
{
    private const long LegacyProtocol = 1001;
    private static readonly BigInteger LegacyMagic = BigInteger.Parse("119547037146038801333356");

    public object? Root { get; private init; }

    public required Dictionary<string, PlacedStorage> Storages { get; init; }

    /// <param name="stream">the file</param>
    /// <param name="source">its name</param>
    /// <param name="saved">whether to take what C++'s torch::save writes, too: a module without code of its own that holds tensors</param>
    /// <param name="skip">whether objects of other classes are marks of their names; else they are refused</param>
    public static PyTorchArchive Parse(Stream stream, string source, bool saved = false, bool skip = false)
    {
        Span<byte> head = stackalloc byte[4];
        stream.Position = 0;
        var read = stream.ReadAtLeast(head, 4, throwOnEndOfStream: false);
        if (read == 4 && head.SequenceEqual("PK\x3\x4"u8))
        {
            return ParseZip(stream, source, saved, skip);
        }
        return read == 4 && head[0] == 0x80 ? ParseLegacy(stream, source, skip)
            : throw new BadInputException(source, "byte 0", "not a PyTorch file: expected a zip (PyTorch 1.6 and later) or a pickle (before)");
    }

    /// <summary>Fills the piece with the storage's next bytes.</summary>
    public delegate void Fill(Span<byte> piece);

    /// <summary>A storage's bytes, taken piece after piece by <paramref name="take"/>, then held against the checksum.</summary>
    public static void Read(Stream stream, string source, PlacedStorage placed, Action<Fill> take)
    {
        var crc = 0u;
        stream.Position = placed.Begin;
        take(piece =>
        {
            if (stream.ReadAtLeast(piece, piece.Length, throwOnEndOfStream: false) < piece.Length)
            {
                throw new BadInputException(source, $"storage {Names.Quote(placed.Storage.Key)}", "the file ends inside it");
            }
            crc = placed.Crc is null ? 0 : Crc32.Add(crc, piece);
        });
        CheckCrc(source, $"storage {Names.Quote(placed.Storage.Key)}", crc, placed.Crc ?? 0);
    }

    private static PyTorchArchive ParseZip(Stream stream, string source, bool saved, bool skip)
    {
        var entries = StoredZip.Read(stream, source);
        const string main = "/data.pkl";
        var names = entries.Keys.Where(n => n.EndsWith(main, StringComparison.Ordinal) && n.IndexOf('/') == n.Length - main.Length).ToArray();
        if (names.Length != 1)
        {
            throw new BadInputException(source, "", $"a zip with {names.Length} entries NAME/data.pkl; a file of torch.save has one");
        }
        var root = names[0][..^main.Length];
        if (entries.ContainsKey($"{root}/constants.pkl") && !saved)
        {
            throw new BadInputException(source, "", "a TorchScript program; expected weights alone, as torch.save(model.state_dict(), path) writes them");
        }
        if (entries.TryGetValue($"{root}/byteorder", out var order))
        {
            var bytes = new ByteSource(stream, order.Begin, order.Begin + order.Length, source, "byteorder");
            if (order.Length != 6 || bytes.Text(bytes.ReadBytes(6)) != "little")
            {
                throw bytes.Bad("the byte order is not little-endian");
            }
        }
        var pickle = entries[names[0]];
        CheckCrc(source, $"zip entry {Names.Quote(pickle.Name)}", Crc32.Of(stream, pickle.Begin, pickle.Length), pickle.Crc);
        var storages = new Dictionary<string, PickledStorage>(StringComparer.Ordinal);
        var value = new PickleMachine(new ByteSource(stream, pickle.Begin, pickle.Begin + pickle.Length, source, "data.pkl"), storages, skip).Run();
        var placed = new Dictionary<string, PlacedStorage>(StringComparer.Ordinal);
        foreach (var (key, storage) in storages)
        {
            var place = $"storage {Names.Quote(key)}";
            if (!entries.TryGetValue($"{root}/data/{key}", out var entry))
            {
                throw new BadInputException(source, place, "it is not in the archive");
            }
            placed[key] = entry.Length == storage.Bytes ? new PlacedStorage(storage, entry.Begin, entry.Crc)
                : throw new BadInputException(source, place, $"{storage.Elements} elements of {storage.DType} need {storage.Bytes} bytes, but its entry has {entry.Length}");
        }
        return new PyTorchArchive { Root = value, Storages = placed };
    }

    private static PyTorchArchive ParseLegacy(Stream stream, string source, bool skip)
    {
        var bytes = new ByteSource(stream, 0, stream.Length, source, "pickle");
        var storages = new Dictionary<string, PickledStorage>(StringComparer.Ordinal);
        object? Next() => new PickleMachine(bytes, storages, skip).Run();
        if (Next() is not BigInteger magic || magic != LegacyMagic)
        {
            throw new BadInputException(source, "byte 0", "a pickle, but not one of torch.save: PyTorch's magic number is missing");
        }
        if (Next() is not LegacyProtocol)
        {
            throw bytes.Bad($"another protocol of PyTorch than {LegacyProtocol}");
        }
        if (Next() is not Dictionary<object, object?> system || !system.TryGetValue("little_endian", out var little) || little is not bool order)
        {
            throw bytes.Bad("the record of the system's byte order is missing");
        }
        if (!order)
        {
            throw bytes.Bad("the byte order is not little-endian");
        }
        var value = Next();
        if (Next() is not List<object?> keys)
        {
            throw bytes.Bad("the list of storages is missing");
        }
        var placed = new Dictionary<string, PlacedStorage>(StringComparer.Ordinal);
        foreach (var item in keys)
        {
            if (item is not string key || !storages.TryGetValue(key, out var storage) || placed.ContainsKey(key))
            {
                throw bytes.Bad("the list of storages names one that no tensor uses, or one twice");
            }
            var count = bytes.ReadUInt64();
            if (count != (ulong)storage.Elements)
            {
                throw bytes.Bad($"storage {Names.Quote(key)} has {count} elements here and {storage.Elements} where it is used");
            }
            placed[key] = new PlacedStorage(storage, bytes.Position, null);
            bytes.Skip((ulong)storage.Bytes);
        }
        if (placed.Count != storages.Count)
        {
            throw bytes.Bad($"{storages.Count} storages are used, but the file holds {placed.Count}");
        }
        return bytes.Left == 0 ? new PyTorchArchive { Root = value, Storages = placed }
            : throw bytes.Bad($"{bytes.Left} bytes follow the last storage");
    }

    private static void CheckCrc(string source, string place, uint found, uint expected)
    {
        if (found != expected)
        {
            throw new BadInputException(source, place, $"its checksum is {found:x8}, the directory says {expected:x8}: damaged");
        }
    }
}
