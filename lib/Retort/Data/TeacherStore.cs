// Teacher scores stored once, read at every epoch: CED (Dinkel et al., 2023), "Consistent ensemble distillation".
// A store is a folder:
//   scores.records  rows of (k float16 values, descending | k 16-bit classes | 32-bit seed of the view), all little-endian;
//                   row = view * clips + clip; the file's card is the TeacherStoreCard
//   ids.records     where each clip id stands (IdIndex.cs)
// Both are record files (layout: RecordLayout.cs). Upstream keeps the same 84 bytes a view (k = 20) in HDF5 beside a
// parquet table of file names; there the seed is replayed by whatever library version is installed, here the card names it.

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// Reads the k best teacher scores of every view of every clip, and the view's seed, from a memory-mapped store. Memory
/// does not grow with the store; reading allocates nothing and is safe from several threads at once.
/// </summary>
public sealed class TeacherStore : IDisposable
{
    internal const string ScoresFile = "scores.records";
    internal const string IdsFile = "ids.records";
    private readonly RecordFile scores;
    private readonly RecordFile ids;

    private TeacherStore(string folder, RecordFile scores, RecordFile ids, TeacherStoreCard card)
    {
        Folder = folder;
        this.scores = scores;
        this.ids = ids;
        Card = card;
    }

    /// <summary>The store's folder.</summary>
    public string Folder { get; }

    /// <summary>What made the store.</summary>
    public TeacherStoreCard Card { get; }

    /// <summary>Number of rows: views of clips.</summary>
    public long Rows => scores.Count;

    /// <summary>Number of views that are there for every clip.</summary>
    public int Views => (int)(Rows / Card.Clips);

    /// <summary>Bytes of the files on disk, checksums and index included.</summary>
    public long BytesOnDisk => new FileInfo(scores.FilePath).Length + new FileInfo(ids.FilePath).Length;

    /// <summary>Opens a store.</summary>
    /// <param name="folder">the store's folder</param>
    /// <param name="expected">what this run would have made; null accepts any store</param>
    /// <param name="allowPartial">accept a store whose writer has not finished</param>
    /// <exception cref="BadInputException">No store, a damaged or unfinished one, or one made by something else.</exception>
    public static TeacherStore Open(string folder, TeacherStoreCard? expected = null, bool allowPartial = false)
    {
        RecordFile? scores = null, ids = null;
        try
        {
            scores = RecordFile.Open(Path.Combine(folder, ScoresFile));
            ids = RecordFile.Open(Path.Combine(folder, IdsFile));
            var card = TeacherStoreCard.FromJson(scores.FilePath, scores.Card);
            Require(folder, card, expected);
            var all = (long)card.Clips * card.Views;
            if (scores.RowBytes != card.BytesPerView || ids.Count != card.Clips || scores.Count > all)
            {
                throw new BadInputException(folder, "", $"the files do not fit the card: {scores.Count} rows of {scores.RowBytes} bytes and {ids.Count} ids, the card says {all} rows of {card.BytesPerView} bytes and {card.Clips} clips");
            }
            if (!allowPartial && scores.Count < all)
            {
                var why = scores.Recovered is null ? "" : $" ({scores.Recovered})";
                throw new BadInputException(folder, "", $"the store is not finished: {scores.Count} of {all} rows are there{why}; let its writer resume");
            }
            return new TeacherStore(folder, scores, ids, card);
        }
        catch
        {
            scores?.Dispose();
            ids?.Dispose();
            throw;
        }
    }

    /// <summary>The row of a clip's view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such clip or view.</exception>
    public long Row(int clip, int view)
    {
        if ((uint)clip >= (uint)Card.Clips || (uint)view >= (uint)Card.Views)
        {
            throw new ArgumentOutOfRangeException(nameof(clip), $"clip {clip}, view {view}: the store has {Card.Clips} clips of {Card.Views} views");
        }
        return (long)view * Card.Clips + clip;
    }

    /// <summary>The row of the view of the clip with this id.</summary>
    /// <exception cref="BadInputException">No clip has the id.</exception>
    public long Row(string id, int view)
    {
        var clip = IdIndex.Find(ids, id);
        return clip >= 0 ? Row(clip, view) : throw new BadInputException(Folder, $"clip \"{id}\"", "no clip of the store has this id");
    }

    /// <summary>Reads a row.</summary>
    /// <param name="row">its number, of <see cref="Row(int, int)"/></param>
    /// <param name="values">receives the scores, descending; as long as <see cref="TeacherStoreCard.TopK"/></param>
    /// <param name="classes">receives their classes; as long as <see cref="TeacherStoreCard.TopK"/></param>
    /// <param name="seed">the seed that the view is made of</param>
    /// <exception cref="BadInputException">The block of the row is damaged.</exception>
    public void Read(long row, Span<Half> values, Span<ushort> classes, out uint seed)
    {
        var k = Card.TopK;
        if (values.Length != k || classes.Length != k)
        {
            throw new ArgumentException($"room for {values.Length} values and {classes.Length} classes, the store keeps {k} of each");
        }
        var bytes = scores.Row(row);
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.Cast<byte, Half>(bytes[..(2 * k)]).CopyTo(values);
            MemoryMarshal.Cast<byte, ushort>(bytes.Slice(2 * k, 2 * k)).CopyTo(classes);
        }
        else
        {
            for (var i = 0; i < k; i++)
            {
                values[i] = BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]);
                classes[i] = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * (k + i))..]);
            }
        }
        seed = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 * k)..]);
    }

    /// <summary>Reads only the seed of a row's view.</summary>
    public uint Seed(long row) => BinaryPrimitives.ReadUInt32LittleEndian(scores.Row(row)[(4 * Card.TopK)..]);

    /// <summary>Writes the rows' scores as dense targets.</summary>
    /// <param name="rows">row numbers; B of them</param>
    /// <param name="targets">receives the targets, shape (B, Classes), row by row</param>
    /// <param name="seeds">receives the views' seeds; B places, or empty where they are not wanted</param>
    /// <param name="write">makes a target of a row's scores; null writes zero for all other classes, as CED's released configurations do</param>
    /// <param name="topK">use only this many of the stored scores; 0 for all that are stored</param>
    public void Scatter(ReadOnlySpan<long> rows, Span<float> targets, Span<uint> seeds = default, TargetWriter? write = null, int topK = 0)
    {
        var (stored, count) = (Card.TopK, Card.Classes.Count);
        ArgumentOutOfRangeException.ThrowIfNegative(topK);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topK, stored);
        var k = topK == 0 ? stored : topK;
        if (targets.Length != rows.Length * (long)count || (seeds.Length != 0 && seeds.Length != rows.Length))
        {
            throw new ArgumentException($"{rows.Length} rows of {count} classes need as many targets and seeds, there is room for {targets.Length} and {seeds.Length}");
        }
        Span<Half> halves = stored <= 1024 ? stackalloc Half[stored] : new Half[stored];
        Span<float> values = stored <= 1024 ? stackalloc float[stored] : new float[stored];
        Span<ushort> classes = stored <= 1024 ? stackalloc ushort[stored] : new ushort[stored];
        for (var i = 0; i < rows.Length; i++)
        {
            Read(rows[i], halves, classes, out var seed);
            if (seeds.Length > 0)
            {
                seeds[i] = seed;
            }
            for (var j = 0; j < k; j++)
            {
                if (classes[j] >= count)
                {
                    throw new BadInputException(scores.FilePath, $"row {rows[i]}", $"class {classes[j]} is stored, there are {count}");
                }
                values[j] = (float)halves[j];
            }
            var target = targets.Slice(i * count, count);
            if (write is not null)
            {
                write(rows[i], target, values[..k], classes[..k]);
                continue;
            }
            target.Clear();
            for (var j = 0; j < k; j++)
            {
                target[classes[j]] = values[j];
            }
        }
    }

    /// <summary>Compares every checksum of the store; returns what is damaged, empty for a sound store.</summary>
    public IReadOnlyList<BadInputException> VerifyChecksums() => [.. scores.Verify(), .. ids.Verify()];

    /// <summary>
    /// Runs the teacher again on rows chosen at random and compares. Float16 rounds a probability by at most 2.5e-4, so a
    /// difference of 5e-4 or more means other teachers, other views or other audio.
    /// </summary>
    /// <param name="count">how many rows</param>
    /// <param name="recompute">given clip, view and seed, writes all class scores of that view; shape (Classes)</param>
    /// <param name="seed">chooses the rows</param>
    public StoreComparison Compare(int count, RecomputeScores recompute, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfZero(Rows);
        var draw = RandomStream.Of(seed, "verify teacher store");
        var (k, worst, worstRow, otherClasses) = (Card.TopK, 0f, -1L, 0);
        var (values, classes, again) = (new Half[k], new ushort[k], new float[Card.Classes.Count]);
        for (var i = 0; i < count; i++)
        {
            var row = (long)(draw.NextUInt64() % (ulong)Rows);
            Read(row, values, classes, out var viewSeed);
            recompute((int)(row % Card.Clips), (int)(row / Card.Clips), viewSeed, again);
            for (var j = 0; j < k; j++)
            {
                var difference = MathF.Abs((float)values[j] - again[classes[j]]);
                if (!(difference <= worst))
                {
                    (worst, worstRow) = (difference, row);
                }
            }
            // A class that is not stored must not be clearly better than the last one that is.
            var last = (float)values[k - 1];
            otherClasses += again.Where((score, c) => score > last + 5e-4f && !classes.AsSpan().Contains((ushort)c)).Any() ? 1 : 0;
        }
        return new StoreComparison(count, worst, worstRow, otherClasses);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        scores.Dispose();
        ids.Dispose();
    }

    internal static void Require(string folder, TeacherStoreCard card, TeacherStoreCard? expected)
    {
        if (expected is not null && card.DifferencesTo(expected) is { Count: > 0 } differences)
        {
            throw new BadInputException(folder, "", $"the store was made by something else: {string.Join("; ", differences)}");
        }
    }
}
