// Outputs of a sequence model, made once and read at every epoch. A store is a folder:
//   index.records   where each utterance's outputs lie; its card is the SequenceStoreCard
//   words.records   decoded sequences, 32-bit words
//   frames.records  encoder output, a row of float16 a frame
//   places.records  token distributions along the gold tokens: k float16 log-probabilities and k 32-bit tokens a place
//   ids.records     where each id stands (IdIndex.cs)
// All are record files (RecordLayout.cs), little-endian. An index row is on the disk only after what it points to; rows of
// the other files that no index row points to are left from a kill and read by nobody.

using System.Buffers.Binary;

namespace Retort.Data;

/// <summary>
/// Reads decoded sequences, encoder outputs and token distributions of a teacher from a memory-mapped store. Memory does not
/// grow with the store; safe from several threads at once.
/// </summary>
public sealed class SequenceStore : IDisposable
{
    internal const string IndexFile = "index.records";
    internal const string WordsFile = "words.records";
    internal const string FramesFile = "frames.records";
    internal const string PlacesFile = "places.records";
    internal const string IdsFile = "ids.records";
    private readonly string folder;
    private readonly RecordFile index, ids;
    private readonly RecordFile? words, frames, places;

    private SequenceStore(string folder, SequenceStoreCard card, RecordFile index, RecordFile ids, RecordFile? words, RecordFile? frames, RecordFile? places) =>
        (this.folder, Card, this.index, this.ids, this.words, this.frames, this.places) = (folder, card, index, ids, words, frames, places);

    /// <summary>What made the store.</summary>
    public SequenceStoreCard Card { get; }

    /// <summary>Number of utterances.</summary>
    public int Count => (int)index.Count;

    /// <summary>Opens a store.</summary>
    /// <param name="folder">the store's folder</param>
    /// <param name="expected">what this run would have made; null accepts any store</param>
    /// <exception cref="BadInputException">No store, a damaged or unfinished one, or one made by something else.</exception>
    public static SequenceStore Open(string folder, SequenceStoreCard? expected = null)
    {
        var open = new List<RecordFile>();
        RecordFile File(string name)
        {
            open.Add(RecordFile.Open(Path.Combine(folder, name)));
            return open[^1];
        }
        try
        {
            var index = File(IndexFile);
            var ids = File(IdsFile);
            var card = SequenceStoreCard.FromJson(index.FilePath, index.Card);
            SequenceStoreCard.Require(folder, card, expected);
            var (words, frames, places) = (card.Best > 0 ? File(WordsFile) : null, card.Width > 0 ? File(FramesFile) : null, card.TopK > 0 ? File(PlacesFile) : null);
            if (index.RowBytes != SequenceIndex.Bytes || ids.Count != card.Count || index.Count > card.Count || (words?.RowBytes ?? 4) != 4
                || (frames?.RowBytes ?? card.FrameBytes) != card.FrameBytes || (places?.RowBytes ?? card.PlaceBytes) != card.PlaceBytes)
            {
                throw new BadInputException(folder, "", $"the files do not fit the card: {index.Count} utterances and {ids.Count} ids for {card.Count}, or rows of other sizes");
            }
            if (index.Count < card.Count)
            {
                throw new BadInputException(folder, "", $"the store is not finished: {index.Count} of {card.Count} utterances are there; let its writer resume");
            }
            return new SequenceStore(folder, card, index, ids, words, frames, places);
        }
        catch
        {
            open.ForEach(f => f.Dispose());
            throw;
        }
    }

    /// <summary>The number of the utterance with this id.</summary>
    /// <exception cref="BadInputException">No utterance has it.</exception>
    public int Find(string id)
    {
        var row = IdIndex.Find(ids, id);
        return row >= 0 && row < Count ? row : throw new BadInputException(folder, $"utterance \"{id}\"", "no utterance of the store has this id");
    }

    /// <summary>The decoded sequences of an utterance, the best first.</summary>
    /// <exception cref="BadInputException">The store has none, or is damaged.</exception>
    public StoredSequence[] Best(int row)
    {
        var file = words ?? throw Lacks("decoded sequences");
        var at = At(row, file, i => (i.FirstWord, i.Words));
        var found = new List<StoredSequence>();
        for (var word = at.First; word < at.First + at.Count;)
        {
            var length = Word(file, word);
            if (length < 0 || word + 3 + length > at.First + at.Count)
            {
                throw Damaged(file, row);
            }
            var tokens = new int[length];
            for (var i = 0; i < length; i++)
            {
                tokens[i] = Word(file, word + 3 + i);
                if (tokens[i] < 0 || tokens[i] >= Card.Vocabulary)
                {
                    throw Damaged(file, row);
                }
            }
            found.Add(new StoredSequence(tokens, BitConverter.Int32BitsToSingle(Word(file, word + 1)), BitConverter.Int32BitsToSingle(Word(file, word + 2))));
            word += 3 + length;
        }
        return [.. found];
    }

    /// <summary>The number of encoder frames of an utterance.</summary>
    public int Frames(int row) => At(row, frames ?? throw Lacks("encoder output"), i => (i.FirstFrame, i.Frames)).Count;

    /// <summary>Writes the encoder output (frames, width) of an utterance.</summary>
    /// <param name="row">the utterance</param>
    /// <param name="into">as long as frames times width</param>
    public void Encoder(int row, Span<float> into)
    {
        var file = frames ?? throw Lacks("encoder output");
        var at = At(row, file, i => (i.FirstFrame, i.Frames));
        if (into.Length != (long)at.Count * Card.Width)
        {
            throw new ArgumentException($"room for {into.Length} values, {at.Count} frames of width {Card.Width} are stored", nameof(into));
        }
        for (var t = 0; t < at.Count; t++)
        {
            Halves(file.Row(at.First + t), into.Slice(t * Card.Width, Card.Width));
        }
    }

    /// <summary>The number of places whose distribution is stored.</summary>
    public int Positions(int row) => At(row, places ?? throw Lacks("token distributions"), i => (i.FirstPlace, i.Places)).Count;

    /// <summary>Writes the largest log-probabilities of each place and their tokens, (places, k) each.</summary>
    /// <param name="row">the utterance</param>
    /// <param name="logProbabilities">as long as places times k</param>
    /// <param name="tokens">as long</param>
    public void Distribution(int row, Span<float> logProbabilities, Span<int> tokens)
    {
        var file = places ?? throw Lacks("token distributions");
        var k = Card.TopK;
        var at = At(row, file, i => (i.FirstPlace, i.Places));
        if (logProbabilities.Length != (long)at.Count * k || tokens.Length != logProbabilities.Length)
        {
            throw new ArgumentException($"room for {logProbabilities.Length} log-probabilities and {tokens.Length} tokens, {at.Count} places of {k} are stored");
        }
        for (var place = 0; place < at.Count; place++)
        {
            var bytes = file.Row(at.First + place);
            Halves(bytes, logProbabilities.Slice(place * k, k));
            for (var i = 0; i < k; i++)
            {
                var token = BinaryPrimitives.ReadInt32LittleEndian(bytes[(2 * k + 4 * i)..]);
                tokens[place * k + i] = token >= 0 && token < Card.Vocabulary ? token : throw Damaged(file, row);
            }
        }
    }

    /// <summary>Compares every checksum of the store; returns what is damaged, empty for a sound store.</summary>
    public IReadOnlyList<BadInputException> VerifyChecksums() =>
        [.. new[] { index, ids, words, frames, places }.Where(f => f is not null).SelectMany(f => f!.Verify())];

    /// <inheritdoc/>
    public void Dispose()
    {
        index.Dispose();
        ids.Dispose();
        words?.Dispose();
        frames?.Dispose();
        places?.Dispose();
    }

    private (long First, int Count) At(int row, RecordFile file, Func<SequenceIndex, (long, int)> part)
    {
        if ((uint)row >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, $"the store has {Count} utterances");
        }
        var (first, count) = part(SequenceIndex.Read(index.Row(row)));
        return first >= 0 && count >= 0 && first + count <= file.Count ? (first, count) : throw Damaged(index, row);
    }

    private static int Word(RecordFile file, long row) => BinaryPrimitives.ReadInt32LittleEndian(file.Row(row));

    private static void Halves(ReadOnlySpan<byte> bytes, Span<float> into)
    {
        for (var i = 0; i < into.Length; i++)
        {
            into[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]);
        }
    }

    private BadInputException Lacks(string what) => new(folder, "", $"the store was made without {what}");

    private static BadInputException Damaged(RecordFile file, int row) => new(file.FilePath, $"utterance {row}", "the row says what cannot be: the file is damaged");
}
