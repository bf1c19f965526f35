// Outputs of a sequence model, made once and read at every epoch. A store is a folder:
//   index.records   where each utterance's outputs lie; its card is the SequenceStoreCard
//   words.records   decoded sequences, 32-bit words
//   frames.records  encoder output, a row of float16 a frame
//   places.records  token distributions along the gold tokens: k float16 log-probabilities and k tokens a place, of
//                   16 bits where the vocabulary has at most 65536, else of 32
//   ids.records     where each id stands (IdIndex.cs)
// All are record files (RecordLayout.cs), little-endian; a part that the card does not name has no file. An index row is on the disk only after what it points to; rows of
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
    private readonly RecordFile index, ids;
    private readonly RecordFile? words, frames, places;

    private SequenceStore(string folder, SequenceStoreCard card, RecordFile index, RecordFile ids, RecordFile? words, RecordFile? frames, RecordFile? places) =>
        (Folder, Card, this.index, this.ids, this.words, this.frames, this.places) = (folder, card, index, ids, words, frames, places);

    /// <summary>The store's folder.</summary>
    public string Folder { get; }

    /// <summary>What made the store.</summary>
    public SequenceStoreCard Card { get; }

    /// <summary>Number of utterances.</summary>
    public int Count => (int)index.Count;

    /// <summary>Bytes of the files on disk, checksums and index included.</summary>
    public long BytesOnDisk => Files.Sum(f => new FileInfo(f.FilePath).Length);

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
        return row >= 0 && row < Count ? row : throw new BadInputException(Folder, $"utterance \"{id}\"", "no utterance of the store has this id");
    }

    /// <summary>Everything that is stored of an utterance; the parts' own readers need less memory.</summary>
    /// <param name="id">the utterance's id</param>
    /// <exception cref="BadInputException">No utterance has the id, or the store is damaged.</exception>
    public SequenceRow Read(string id)
    {
        var row = Find(id);
        var frameCount = frames is null ? 0 : Frames(row);
        var encoder = frames is null ? null : new float[(long)frameCount * Card.Width];
        var size = places is null ? 0 : Positions(row) * Card.TopK;
        var (values, tokens) = places is null ? (null, null) : (new float[size], new int[size]);
        if (encoder is not null)
        {
            Encoder(row, encoder);
        }
        if (values is not null)
        {
            Distribution(row, values, tokens);
        }
        return new SequenceRow(id, words is null ? [] : Best(row), encoder, frameCount, values, tokens);
    }

    /// <summary>The decoded sequences of an utterance, the best first.</summary>
    /// <exception cref="BadInputException">The store has none, or is damaged.</exception>
    public StoredSequence[] Best(int row)
    {
        var file = words ?? throw Lacks("decoded sequences");
        var at = At(row);
        Require(row, file, at.FirstWord, at.Words);
        var found = new List<StoredSequence>();
        var (word, end) = (at.FirstWord, at.FirstWord + at.Words);
        while (word < end)
        {
            var length = Word(file, word);
            if (length < 0 || length > end - word - 3 || found.Count == Card.Best)
            {
                throw Damaged(file, row, $"sequence {found.Count} of {length} tokens where {end - word} words are left of at most {Card.Best} sequences");
            }
            var tokens = new int[length];
            for (var i = 0; i < length; i++)
            {
                tokens[i] = Word(file, word + 3 + i);
                if ((uint)tokens[i] >= (uint)Card.Vocabulary)
                {
                    throw Damaged(file, row, $"token {tokens[i]} of {Card.Vocabulary}");
                }
            }
            found.Add(new StoredSequence(tokens, BitConverter.Int32BitsToSingle(Word(file, word + 1)), BitConverter.Int32BitsToSingle(Word(file, word + 2))));
            word += 3 + length;
        }
        return [.. found];
    }

    /// <summary>The number of encoder frames of an utterance.</summary>
    /// <exception cref="BadInputException">The store has no encoder output, or is damaged.</exception>
    public int Frames(int row)
    {
        var file = frames ?? throw Lacks("encoder output");
        var at = At(row);
        Require(row, file, at.FirstFrame, at.Frames);
        return at.Frames;
    }

    /// <summary>Writes the encoder output (frames, width) of an utterance, frame by frame.</summary>
    /// <param name="row">the utterance</param>
    /// <param name="into">as long as <see cref="Frames"/> times the card's width</param>
    /// <exception cref="BadInputException">The store has no encoder output, or is damaged.</exception>
    public void Encoder(int row, Span<float> into)
    {
        var (count, width) = (Frames(row), Card.Width);
        if (into.Length != (long)count * width)
        {
            throw new ArgumentException($"room for {into.Length} values, {count} frames of width {width} are stored", nameof(into));
        }
        var first = At(row).FirstFrame;
        for (var t = 0; t < count; t++)
        {
            Float16.Read(frames!.Row(first + t), into.Slice(t * width, width));
        }
    }

    /// <summary>The number of places whose distribution is stored.</summary>
    /// <exception cref="BadInputException">The store has no distributions, or is damaged.</exception>
    public int Positions(int row)
    {
        var file = places ?? throw Lacks("token distributions");
        var at = At(row);
        Require(row, file, at.FirstPlace, at.Places);
        return at.Places;
    }

    /// <summary>Writes the largest log-probabilities of each place and their tokens, (places, k) each.</summary>
    /// <param name="row">the utterance</param>
    /// <param name="logProbabilities">as long as <see cref="Positions"/> times k</param>
    /// <param name="tokens">as long</param>
    /// <exception cref="BadInputException">The store has no distributions, or is damaged.</exception>
    public void Distribution(int row, Span<float> logProbabilities, Span<int> tokens)
    {
        var (count, k) = (Positions(row), Card.TopK);
        if (logProbabilities.Length != (long)count * k || tokens.Length != logProbabilities.Length)
        {
            throw new ArgumentException($"room for {logProbabilities.Length} log-probabilities and {tokens.Length} tokens, {count} places of {k} are stored");
        }
        var first = At(row).FirstPlace;
        var narrow = Card.TokenBytes == 2;
        for (var place = 0; place < count; place++)
        {
            var bytes = places!.Row(first + place);
            Float16.Read(bytes[..(2 * k)], logProbabilities.Slice(place * k, k));
            for (var i = 0; i < k; i++)
            {
                var token = narrow ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * (k + i))..]) : BinaryPrimitives.ReadInt32LittleEndian(bytes[(2 * k + 4 * i)..]);
                tokens[place * k + i] = (uint)token < (uint)Card.Vocabulary ? token : throw Damaged(places, row, $"token {token} of {Card.Vocabulary}");
            }
        }
    }

    /// <summary>Compares every checksum of the store; returns what is damaged, empty for a sound store.</summary>
    public IReadOnlyList<BadInputException> VerifyChecksums() =>
        [.. Files.SelectMany(f => f.Verify())];

    /// <inheritdoc/>
    public void Dispose()
    {
        index.Dispose();
        ids.Dispose();
        words?.Dispose();
        frames?.Dispose();
        places?.Dispose();
    }

    private IEnumerable<RecordFile> Files => new[] { index, ids, words, frames, places }.OfType<RecordFile>();

    private SequenceIndex At(int row)
    {
        if ((uint)row >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, $"the store has {Count} utterances");
        }
        return SequenceIndex.Read(index.Row(row));
    }

    private void Require(int row, RecordFile file, long first, int count)
    {
        if (first < 0 || count < 0 || first > file.Count - count)
        {
            throw new BadInputException(index.FilePath, $"utterance {row}", $"rows {first} to {first + count - 1} of {file.FilePath}, which has {file.Count}: one of the files is damaged or of another store");
        }
    }

    private static int Word(RecordFile file, long row) => BinaryPrimitives.ReadInt32LittleEndian(file.Row(row));

    private BadInputException Lacks(string what) => new(Folder, "", $"the store was made without {what}");

    private static BadInputException Damaged(RecordFile file, int row, string what) => new(file.FilePath, $"utterance {row}", $"{what}: the file is damaged or of another store");
}
