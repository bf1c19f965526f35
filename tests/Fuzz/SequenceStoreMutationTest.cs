using Retort.Data;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

/// <summary>A sequence store of which one file is damaged.</summary>
public abstract class SequenceStoreMutationTest : Mutations, IDisposable
{
    private static readonly string[] ids = ["a", "b", "c"];
    private readonly string folder = Directory.CreateTempSubdirectory("retort-fuzz-").FullName;
    private readonly string path;

    private protected SequenceStoreMutationTest(ITestOutputHelper output, string name)
        : base(output)
    {
        path = Path.Combine(Store, name);
        Fill();
        Seeds = [File.ReadAllBytes(path)];
    }

    protected override IReadOnlyList<byte[]> Seeds { get; }

    // Each mutant is a file that is written, and five files that are mapped and unmapped.
    protected override int Count => 1_500;

    private protected string Store => Path.Combine(folder, "store");

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected override void Parse(byte[] file)
    {
        File.WriteAllBytes(path, file);
        ReadAll();
    }

    private protected void ReadAll()
    {
        using var store = SequenceStore.Open(Store);
        foreach (var id in ids)
        {
            store.Read(id);
        }
    }

    private void Fill()
    {
        var card = new SequenceStoreCard { Teacher = "t", Data = "d", Width = 3, Vocabulary = 9, TopK = 2, Best = 2, Count = ids.Length };
        using var writer = SequenceStoreWriter.Open(Store, card, ids);
        foreach (var id in ids)
        {
            writer.Add(new SequenceRow(id, [new([1, 2, 3], -1, -2), new([4], -2, -3)], [1, 2, 3, 4, 5, 6], 2, [-1, -2, -3, -4], [1, 2, 7, 8]));
        }
        writer.Finish();
    }
}

public sealed class SequenceStoreIndexMutationTest(ITestOutputHelper output) : SequenceStoreMutationTest(output, SequenceStore.IndexFile);

public sealed class SequenceStoreWordsMutationTest(ITestOutputHelper output) : SequenceStoreMutationTest(output, SequenceStore.WordsFile);

/// <summary>
/// What no checksum catches: index rows and words of any content in files whose checksums hold. A mutant is the index's
/// rows, then the words.
/// </summary>
public sealed class SequenceStoreContentMutationTest(ITestOutputHelper output) : SequenceStoreMutationTest(output, SequenceStore.IndexFile)
{
    private IReadOnlyList<byte[]>? rows;

    protected override IReadOnlyList<byte[]> Seeds => rows ??= [[.. RowsOf(SequenceStore.IndexFile), .. RowsOf(SequenceStore.WordsFile)]];

    // Both files are written through to the disk for each mutant.
    protected override int Count => 200;

    protected override void Parse(byte[] file)
    {
        var index = Math.Min(file.Length, 3 * SequenceIndex.Bytes);
        Rewrite(SequenceStore.IndexFile, file.AsSpan(0, index));
        Rewrite(SequenceStore.WordsFile, file.AsSpan(index));
        ReadAll();
    }

    private byte[] RowsOf(string name)
    {
        using var file = RecordFile.Open(Path.Combine(Store, name));
        return [.. Enumerable.Range(0, (int)file.Count).SelectMany(i => file.Row(i).ToArray())];
    }

    private void Rewrite(string name, ReadOnlySpan<byte> rows)
    {
        var path = Path.Combine(Store, name);
        string card;
        int bytes, perBlock;
        using (var file = RecordFile.Open(path))
        {
            (card, bytes, perBlock) = (file.Card, file.RowBytes, file.RowsPerBlock);
        }
        File.Delete(path);
        using var writer = RecordFileWriter.Create(path, bytes, card, Math.Min(perBlock, 64));
        writer.Append(rows[..(rows.Length / bytes * bytes)]);
    }
}
