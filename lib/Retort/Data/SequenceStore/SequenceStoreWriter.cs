using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Retort.Data;

/// <summary>
/// Fills a <see cref="SequenceStore"/>, utterance by utterance. May be killed at any instant; opened again with the same card
/// it continues behind the last utterance whose outputs are on the disk. One writer at a time, of one thread.
/// </summary>
public sealed class SequenceStoreWriter : IDisposable
{
    private const int RowsOfIndexBlock = 1024;
    private static readonly TimeSpan longestUncommitted = TimeSpan.FromSeconds(10);
    private readonly string folder;
    private readonly IReadOnlyList<string> ids;
    private readonly int commitEvery;
    private readonly SequenceRowBytes encoded;
    private readonly List<RecordFileWriter> open = [];
    private readonly RecordFileWriter index;
    private readonly RecordFileWriter? words, frames, places;
    private readonly List<byte> pending = [];
    private long lastCommit = Stopwatch.GetTimestamp();
    private bool broken;

    private SequenceStoreWriter(string folder, SequenceStoreCard card, IReadOnlyList<string> ids, int commitEvery, Func<string, Stream, Stream>? wrap)
    {
        (Card, this.folder, this.ids, this.commitEvery, encoded) = (card, folder, ids, commitEvery, new SequenceRowBytes(folder, card));
        RecordFileWriter Resume(string name, int rowBytes)
        {
            using (var there = RecordFile.Open(Path.Combine(folder, name)))
            {
                if (there.RowBytes != rowBytes)
                {
                    throw new BadInputException(there.FilePath, "", $"rows of {there.RowBytes} bytes, the card's have {rowBytes}: the file is of another store");
                }
            }
            open.Add(RecordFileWriter.ResumeThrough(Path.Combine(folder, name), wrap is null ? null : stream => wrap(name, stream)));
            return open[^1];
        }
        try
        {
            index = Resume(SequenceStore.IndexFile, SequenceIndex.Bytes);
            words = card.Best > 0 ? Resume(SequenceStore.WordsFile, 4) : null;
            frames = card.Width > 0 ? Resume(SequenceStore.FramesFile, card.FrameBytes) : null;
            places = card.TopK > 0 ? Resume(SequenceStore.PlacesFile, card.PlaceBytes) : null;
            RequirePartsOfLast();
        }
        catch
        {
            open.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>What makes the store.</summary>
    public SequenceStoreCard Card { get; }

    /// <summary>Utterances added so far, those of earlier runs too; the next one is that of this number.</summary>
    public int Written => Committed + pending.Count / SequenceIndex.Bytes;

    /// <summary>Utterances that would survive if the process were killed now.</summary>
    public int Committed => (int)index.Committed;

    /// <summary>Begins a store, or continues the one in the folder if it was begun by the same card.</summary>
    /// <param name="folder">the store's folder; made where absent</param>
    /// <param name="card">what makes the store; its Ids field is filled in here</param>
    /// <param name="ids">the utterances' ids in their order, all different</param>
    /// <exception cref="BadInputException">
    /// The folder holds a store of something else, a damaged one, or one that another process writes; or it cannot be written.
    /// </exception>
    public static SequenceStoreWriter Open(string folder, SequenceStoreCard card, IReadOnlyList<string> ids) => OpenThrough(folder, card, ids);

    internal static SequenceStoreWriter OpenThrough(string folder, SequenceStoreCard card, IReadOnlyList<string> ids, int commitEvery = 256, Func<string, Stream, Stream>? wrap = null)
    {
        card.Check();
        if (ids.Count != card.Count)
        {
            throw new ArgumentException($"{ids.Count} ids for {card.Count} utterances", nameof(ids));
        }
        card = card with { Ids = IdIndex.HashOf(ids) };
        var path = Path.Combine(folder, SequenceStore.IndexFile);
        if (!Directory.Exists(folder))
        {
            StoreFolder.Begin(folder, SequenceStore.IdsFile, ids, part => MakeFiles(part, card));
        }
        else if (!File.Exists(path))
        {
            throw new BadInputException(folder, "", $"the folder exists and holds no sequence store ({SequenceStore.IndexFile} is missing): choose another name or remove it");
        }
        using (var there = RecordFile.Open(path))
        {
            SequenceStoreCard.Require(folder, SequenceStoreCard.FromJson(path, there.Card), card);
        }
        return new SequenceStoreWriter(folder, card, ids, commitEvery, wrap);
    }

    /// <summary>Writes the next utterance. Nothing of it is written where it is refused.</summary>
    /// <exception cref="ArgumentException">It is another utterance than the next.</exception>
    /// <exception cref="BadInputException">
    /// Its parts are not the card's, a number is not finite or does not fit; or the disk is full or fails, and then the writer
    /// is of no more use, and what was committed is safe.
    /// </exception>
    public void Add(SequenceRow row)
    {
        ThrowIfBroken();
        if (Written >= Card.Count || row.Id != ids[Written])
        {
            throw new ArgumentException($"\"{row.Id}\" is not the next utterance, which is {(Written < Card.Count ? $"\"{ids[Written]}\"" : "none: the store is full")}", nameof(row));
        }
        encoded.Encode(row);
        var at = new SequenceIndex(
            words?.Count ?? 0, encoded.Words.Length / 4,
            frames?.Count ?? 0, Card.Width > 0 ? encoded.Frames.Length / Card.FrameBytes : 0,
            places?.Count ?? 0, Card.TopK > 0 ? encoded.Places.Length / Card.PlaceBytes : 0);
        OnDisk(() =>
        {
            words?.Append(encoded.Words);
            frames?.Append(encoded.Frames);
            places?.Append(encoded.Places);
        });
        Span<byte> entry = stackalloc byte[SequenceIndex.Bytes];
        at.Write(entry);
        pending.AddRange(entry);
        if (pending.Count >= commitEvery * SequenceIndex.Bytes || Stopwatch.GetElapsedTime(lastCommit) > longestUncommitted)
        {
            Flush();
        }
    }

    /// <summary>Puts what was added on the disk. Done by itself every 256 utterances and at the first one after ten seconds.</summary>
    /// <exception cref="BadInputException">The disk is full or fails; what was committed before is safe.</exception>
    public void Flush()
    {
        ThrowIfBroken();
        OnDisk(() =>
        {
            // The index says of an utterance that it is there: it comes last.
            words?.Flush();
            frames?.Flush();
            places?.Flush();
            index.Append(CollectionsMarshal.AsSpan(pending));
            index.Flush();
        });
        pending.Clear();
        lastCommit = Stopwatch.GetTimestamp();
    }

    /// <summary>Puts everything on the disk and says that it is all.</summary>
    /// <exception cref="InvalidOperationException">Utterances are missing.</exception>
    /// <exception cref="BadInputException">The disk is full or fails.</exception>
    public void Finish()
    {
        if (Written < Card.Count)
        {
            throw new InvalidOperationException($"{Written} of {Card.Count} utterances are written; the next is \"{ids[Written]}\"");
        }
        Flush();
    }

    /// <summary>Puts what was added on the disk and closes the store.</summary>
    public void Dispose()
    {
        try
        {
            if (!broken)
            {
                Flush();
            }
        }
        finally
        {
            // The index is empty-handed here: rows that no index row points to may follow, and are read by nobody.
            broken = true;
            foreach (var file in open)
            {
                try
                {
                    file.Dispose();
                }
                catch (BadInputException)
                {
                    // The disk failed already, and that was thrown; this file's uncommitted rows belong to no utterance.
                }
            }
        }
    }

    private void OnDisk(Action write)
    {
        try
        {
            write();
        }
        catch (BadInputException e)
        {
            broken = true;
            throw new BadInputException(e.Input, $"utterance \"{ids[Math.Min(Written, Card.Count - 1)]}\"", $"{e.Problem}; the store has {Committed} whole utterances and its writer continues behind them", e);
        }
    }

    private void ThrowIfBroken() => ObjectDisposedException.ThrowIf(broken, this);

    // After a kill the parts hold at least what the index points to. A part that was cut or replaced since would be
    // written on at the wrong row.
    private void RequirePartsOfLast()
    {
        if (Committed > Card.Count)
        {
            throw new BadInputException(index.FilePath, "", $"there are {Committed} utterances, the card says {Card.Count}");
        }
        if (Committed == 0)
        {
            return;
        }
        using var file = RecordFile.Open(index.FilePath);
        var last = SequenceIndex.Read(file.Row(Committed - 1));
        foreach (var (part, end) in new[] { (words, last.FirstWord + last.Words), (frames, last.FirstFrame + last.Frames), (places, last.FirstPlace + last.Places) })
        {
            if (part is not null && part.Committed < end)
            {
                throw new BadInputException(part.FilePath, $"row {part.Committed}", $"the index has {Committed} utterances, which need {end} rows here: the file was cut or replaced, the store must be made again");
            }
        }
    }

    private static void MakeFiles(string folder, SequenceStoreCard card)
    {
        void Make(bool wanted, string name, int bytes)
        {
            if (wanted)
            {
                RecordFileWriter.Create(Path.Combine(folder, name), bytes, "{}", rowsPerBlock: Math.Clamp((1 << 20) / bytes, 1, 1 << 16)).Dispose();
            }
        }
        Make(card.Best > 0, SequenceStore.WordsFile, 4);
        Make(card.Width > 0, SequenceStore.FramesFile, card.FrameBytes);
        Make(card.TopK > 0, SequenceStore.PlacesFile, card.PlaceBytes);
        RecordFileWriter.Create(Path.Combine(folder, SequenceStore.IndexFile), SequenceIndex.Bytes, card.ToJson(), RowsOfIndexBlock).Dispose();
    }
}
