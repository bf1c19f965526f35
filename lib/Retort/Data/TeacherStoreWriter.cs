using System.Buffers.Binary;

namespace Retort.Data;

/// <summary>
/// Fills a <see cref="TeacherStore"/>: view by view, and in each view clip by clip. May be killed at any instant; opened
/// again with the same card it continues at <see cref="NextRow"/>.
/// </summary>
public sealed class TeacherStoreWriter : IDisposable
{
    private readonly RecordFileWriter writer;
    private readonly byte[] row;
    private readonly Half[] values;
    private readonly ushort[] classes;
    private readonly float[] best;

    private TeacherStoreWriter(RecordFileWriter writer, TeacherStoreCard card)
    {
        this.writer = writer;
        Card = card;
        row = new byte[card.BytesPerView];
        values = new Half[card.TopK];
        classes = new ushort[card.TopK];
        best = new float[card.TopK];
    }

    /// <summary>What makes the store.</summary>
    public TeacherStoreCard Card { get; }

    /// <summary>The row that the next append fills.</summary>
    public long NextRow => writer.Count;

    /// <summary>The view of <see cref="NextRow"/>.</summary>
    public int NextView => (int)(NextRow / Card.Clips);

    /// <summary>The clip of <see cref="NextRow"/>.</summary>
    public int NextClip => (int)(NextRow % Card.Clips);

    /// <summary>True when every view of every clip was appended.</summary>
    public bool Complete => NextRow == (long)Card.Clips * Card.Views;

    /// <summary>What was left out of a truncated end when the store was resumed; null where it was whole.</summary>
    public string? Recovered => writer.Recovered;

    /// <summary>Begins a store, or continues the one in the folder if it was begun by the same card.</summary>
    /// <param name="folder">the store's folder; made where absent</param>
    /// <param name="card">what makes the store; its Ids field is filled in here</param>
    /// <param name="ids">the clips' ids in their order, all different</param>
    /// <exception cref="BadInputException">The folder holds a store of something else, or cannot be written.</exception>
    public static TeacherStoreWriter Open(string folder, TeacherStoreCard card, IReadOnlyList<string> ids)
    {
        card.Check();
        if (ids.Count != card.Clips)
        {
            throw new ArgumentException($"{ids.Count} ids for {card.Clips} clips", nameof(ids));
        }
        card = card with { Ids = IdIndex.HashOf(ids) };
        var scores = Path.Combine(folder, TeacherStore.ScoresFile);
        if (!Directory.Exists(folder))
        {
            StoreFolder.Begin(folder, TeacherStore.IdsFile, ids,
                part => RecordFileWriter.Create(Path.Combine(part, TeacherStore.ScoresFile), card.BytesPerView, card.ToJson()).Dispose());
        }
        else if (!File.Exists(scores))
        {
            throw new BadInputException(folder, "", $"the folder exists and holds no teacher store ({TeacherStore.ScoresFile} is missing): choose another name or remove it");
        }
        using (var there = RecordFile.Open(scores))
        {
            TeacherStore.Require(folder, TeacherStoreCard.FromJson(scores, there.Card), card);
        }
        return new TeacherStoreWriter(RecordFileWriter.Resume(scores), card);
    }

    /// <summary>Begins or continues the store of a data set's clips.</summary>
    public static TeacherStoreWriter Open(string folder, TeacherStoreCard card, TaggingData data) =>
        Open(folder, card, [.. Enumerable.Range(0, data.Count).Select(data.Id)]);

    /// <summary>Keeps the k largest scores of the next row, in float16.</summary>
    /// <param name="scores">the teachers' scores; shape (Classes), or (B, Classes) for the next B rows</param>
    /// <param name="seeds">the views' seeds; one a row</param>
    /// <exception cref="ArgumentException">The lengths do not fit, a score is not finite, or the store is full.</exception>
    public void Append(ReadOnlySpan<float> scores, params ReadOnlySpan<uint> seeds)
    {
        var count = Card.Classes.Count;
        if (scores.Length != seeds.Length * (long)count)
        {
            throw new ArgumentException($"{scores.Length} scores for {seeds.Length} rows of {count} classes", nameof(scores));
        }
        for (var i = 0; i < seeds.Length; i++)
        {
            Largest(scores.Slice(i * count, count));
            Append(values, classes, seeds[i]);
        }
    }

    /// <summary>Appends a row whose k best scores are known. Shapes of both: (k), scores descending.</summary>
    public void Append(ReadOnlySpan<Half> values, ReadOnlySpan<ushort> classes, uint seed)
    {
        var k = Card.TopK;
        if (values.Length != k || classes.Length != k)
        {
            throw new ArgumentException($"{values.Length} scores and {classes.Length} classes, the store keeps {k} of each");
        }
        if (Complete)
        {
            throw new ArgumentException($"the store is full: it has all {Card.Views} views of {Card.Clips} clips");
        }
        for (var i = 0; i < k; i++)
        {
            if (!Half.IsFinite(values[i]) || classes[i] >= Card.Classes.Count || (i > 0 && values[i] > values[i - 1]))
            {
                throw new ArgumentException($"row {NextRow}: score {values[i]} of class {classes[i]}; scores are finite and descending, classes below {Card.Classes.Count}");
            }
            BinaryPrimitives.WriteHalfLittleEndian(row.AsSpan(2 * i), values[i]);
            BinaryPrimitives.WriteUInt16LittleEndian(row.AsSpan(2 * (k + i)), classes[i]);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(row.AsSpan(4 * k), seed);
        writer.Append(row);
    }

    /// <summary>Puts what was appended on the disk.</summary>
    public void Flush() => writer.Flush();

    /// <summary>Puts what was appended on the disk and closes the store.</summary>
    public void Dispose() => writer.Dispose();

    // The k largest, descending; of equal scores the lower class first.
    private void Largest(ReadOnlySpan<float> scores)
    {
        var k = Card.TopK;
        var filled = 0;
        for (var c = 0; c < scores.Length; c++)
        {
            var score = scores[c];
            if (!float.IsFinite(score))
            {
                throw new ArgumentException($"row {NextRow}: the score of class {c} is {score}", nameof(scores));
            }
            if (filled == k && score <= best[k - 1])
            {
                continue;
            }
            var place = filled < k ? filled++ : k - 1;
            for (; place > 0 && best[place - 1] < score; place--)
            {
                best[place] = best[place - 1];
                classes[place] = classes[place - 1];
            }
            best[place] = score;
            classes[place] = (ushort)c;
        }
        for (var i = 0; i < k; i++)
        {
            values[i] = (Half)best[i];
        }
    }
}
