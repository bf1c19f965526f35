using System.IO.MemoryMappedFiles;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>
/// A safetensors file mapped into memory: tensors are copied out one by one, and nothing else is read. The whole header is
/// checked against the file's size when it is opened. Several threads may read at once.
/// </summary>
public sealed unsafe class SafeTensorsFile : IDisposable
{
    private readonly string path;
    private readonly SafeTensorsHeader header;
    private readonly Dictionary<string, SafeTensorsEntry> entries;
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* data;
    private bool disposed;

    private SafeTensorsFile(string path, SafeTensorsHeader header, MemoryMappedFile map, MemoryMappedViewAccessor view)
    {
        (this.path, this.header, this.map, this.view) = (path, header, map, view);
        entries = header.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
        Names = [.. header.Entries.Select(e => e.Name)];
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        data += view.PointerOffset + header.DataOffset;
    }

    /// <summary>The tensors' names, in the order of their data.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The texts of the header's __metadata__; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">a safetensors file</param>
    /// <exception cref="BadInputException">The file is missing, truncated, damaged, or holds a dtype that is not read here.</exception>
    public static SafeTensorsFile Open(string path)
    {
        FileStream? stream = null;
        MemoryMappedFile? map = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            var header = SafeTensorsHeader.Read(stream, path);
            map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new SafeTensorsFile(path, header, map, map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read));
        }
        catch (Exception e)
        {
            map?.Dispose();
            stream?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
            }
            throw;
        }
    }

    /// <summary>Whether the file has a tensor of this name.</summary>
    /// <param name="name">the key</param>
    public bool Contains(string name) => entries.ContainsKey(name);

    /// <summary>A tensor's sizes.</summary>
    /// <param name="name">the key</param>
    /// <exception cref="BadInputException">There is no such tensor.</exception>
    public long[] Shape(string name) => [.. Entry(name).Shape];

    /// <summary>The kind of a tensor's elements.</summary>
    /// <param name="name">the key</param>
    /// <exception cref="BadInputException">There is no such tensor.</exception>
    public ScalarType DType(string name) => Entry(name).DType;

    /// <summary>A copy of a tensor, on the CPU, dense.</summary>
    /// <param name="name">the key</param>
    /// <exception cref="BadInputException">There is no such tensor, or a truth value in it is neither 0 nor 1.</exception>
    public Tensor Read(string name)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var entry = Entry(name);
        return TensorBytes.New(entry.Shape, entry.DType, (piece, place) =>
        {
            new ReadOnlySpan<byte>(data + entry.Begin + place, piece.Length).CopyTo(piece);
            TensorBytes.CheckTruth(piece, entry.DType, path, $"tensor {Retort.Torch.Names.Quote(name)}");
        });
    }

    /// <summary>Unmaps the file; tensors that were read stay.</summary>
    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            map.Dispose();
        }
    }

    private SafeTensorsEntry Entry(string name) => entries.GetValueOrDefault(name)
        ?? throw new BadInputException(path, "", $"there is no tensor {Retort.Torch.Names.Quote(name)} among its {entries.Count}");
}
