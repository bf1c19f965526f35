using System.Buffers.Binary;

namespace Retort.Data;

/// <summary>
/// Fills a <see cref="SequenceStore"/>, utterance by utterance. May be killed at any instant; opened again with the same card
/// it continues behind the last utterance whose outputs are on the disk.
/// </summary>
public sealed class SequenceStoreWriter : IDisposable
{
    private const int FlushEvery = 256;
    private readonly RecordFileWriter index;
    private readonly RecordFileWriter? words, frames, places;
    private readonly IReadOnlyList<string> ids;

    private SequenceStoreWriter(string folder, SequenceStoreCard card, IReadOnlyList<string> ids)
    {
        (Card, this.ids) = (card, ids);
        RecordFileWriter? Part(int size, string name) => size > 0 ? RecordFileWriter.Resume(Path.Combine(folder, name)) : null;
        words = Part(card.Best, SequenceStore.WordsFile);
        frames = Part(card.Width, SequenceStore.FramesFile);
        places = Part(card.TopK, SequenceStore.PlacesFile);
        index = RecordFileWriter.Resume(Path.Combine(folder, SequenceStore.IndexFile));
    }

    /// <summary>What makes the store.</summary>
    public SequenceStoreCard Card { get; }

    /// <summary>Utterances written so far; the next one is that of this number.</summary>
    public int Written => (int)index.Count;

    /// <summary>Begins a store, or continues the one in the folder if it was begun by the same card.</summary>
    /// <param name="folder">the store's folder; made where absent</param>
    /// <param name="card">what makes the store; its Ids field is filled in here</param>
    /// <param name="ids">the utterances' ids in their order, all different</param>
    /// <exception cref="BadInputException">The folder holds a store of something else, or cannot be written.</exception>
    public static SequenceStoreWriter Open(string folder, SequenceStoreCard card, IReadOnlyList<string> ids)
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
            Begin(folder, card, ids);
        }
        else if (!File.Exists(path))
        {
            throw new BadInputException(folder, "", $"the folder exists and holds no sequence store ({SequenceStore.IndexFile} is missing): choose another name or remove it");
        }
        using (var there = RecordFile.Open(path))
        {
            SequenceStoreCard.Require(folder, SequenceStoreCard.FromJson(path, there.Card), card);
        }
        return new SequenceStoreWriter(folder, card, ids);
    }

    /// <summary>Writes the next utterance.</summary>
    /// <exception cref="ArgumentException">It is another utterance than the next, its parts are not the card's, or a number is not finite.</exception>
    /// <exception cref="BadInputException">The disk is full or fails. What was flushed is safe.</exception>
    public void Add(SequenceRow row)
    {
        Check(row);
        var at = new SequenceIndex(words?.Count ?? 0, 0, frames?.Count ?? 0, 0, places?.Count ?? 0, 0);
        if (words is not null)
        {
            at = at with { Words = WriteSequences(row.Best) };
        }
        if (frames is not null)
        {
            frames.Append(Halves(row.Encoder!));
            at = at with { Frames = row.Frames };
        }
        if (places is not null)
        {
            at = at with { Places = row.Tokens!.Length / Card.TopK };
            WritePlaces(row);
        }
        Span<byte> entry = stackalloc byte[SequenceIndex.Bytes];
        at.Write(entry);
        // The index must not be on the disk before what it points to; the row that fills a block of it puts the block there.
        if ((index.Count + 1) % FlushEvery == 0)
        {
            FlushParts();
        }
        index.Append(entry);
    }

    /// <summary>Puts everything on the disk.</summary>
    /// <exception cref="InvalidOperationException">Utterances are missing.</exception>
    public void Finish()
    {
        if (Written < Card.Count)
        {
            throw new InvalidOperationException($"{Written} of {Card.Count} utterances are written; the next is \"{ids[Written]}\"");
        }
        FlushParts();
        index.Flush();
    }

    /// <summary>Puts what was written on the disk and closes the store.</summary>
    public void Dispose()
    {
        words?.Dispose();
        frames?.Dispose();
        places?.Dispose();
        index.Dispose();
    }

    private void FlushParts()
    {
        words?.Flush();
        frames?.Flush();
        places?.Flush();
    }

    private void Check(SequenceRow row)
    {
        if (Written >= Card.Count || row.Id != ids[Written])
        {
            throw new ArgumentException($"\"{row.Id}\" is not the next utterance, which is {(Written < Card.Count ? $"\"{ids[Written]}\"" : "none: the store is full")}", nameof(row));
        }
        void Require(bool holds, string what)
        {
            if (!holds)
            {
                throw new ArgumentException($"\"{row.Id}\": {what}", nameof(row));
            }
        }
        Require(Card.Best == 0 ? row.Best.Count == 0 : row.Best.Count >= 1 && row.Best.Count <= Card.Best, $"{row.Best.Count} sequences; the store keeps {(Card.Best == 0 ? "none" : $"1 to {Card.Best}")}");
        Require(row.Best.All(s => float.IsFinite(s.Score) && float.IsFinite(s.LogProbability) && s.Tokens.All(t => t >= 0 && t < Card.Vocabulary)), $"a sequence has a score that is not finite, or a token beyond {Card.Vocabulary - 1}");
        Require(Card.Width == 0 ? row.Encoder is null : row.Encoder is not null && row.Frames > 0 && row.Encoder.Length == (long)row.Frames * Card.Width, $"{row.Encoder?.Length ?? 0} values for {row.Frames} frames of width {Card.Width}");
        Require(row.Encoder is null || row.Encoder.All(v => MathF.Abs(v) <= 65504), "the encoder output has a value that is not finite or beyond float16 (65504)");
        Require(Card.TopK == 0 ? row.Tokens is null && row.LogProbabilities is null
            : row.Tokens is { Length: > 0 } && row.Tokens.Length % Card.TopK == 0 && row.LogProbabilities?.Length == row.Tokens.Length, $"{row.LogProbabilities?.Length ?? 0} log-probabilities and {row.Tokens?.Length ?? 0} tokens; the store keeps {Card.TopK} of each place");
        Require(row.Tokens is null || row.Tokens.All(t => t >= 0 && t < Card.Vocabulary), $"a token of a distribution lies beyond {Card.Vocabulary - 1}");
        Require(row.LogProbabilities is null || row.LogProbabilities.All(v => v is <= 1e-3f and >= -65504), "a log-probability is positive, not finite, or beyond float16");
    }

    // Of each sequence: its length, score and log-probability as bits, and the tokens; 32-bit words.
    private int WriteSequences(IReadOnlyList<StoredSequence> best)
    {
        var count = best.Sum(s => 3 + s.Tokens.Length);
        var bytes = new byte[4 * count];
        var at = 0;
        void Word(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
            at += 4;
        }
        foreach (var sequence in best)
        {
            Word(sequence.Tokens.Length);
            Word(BitConverter.SingleToInt32Bits(sequence.Score));
            Word(BitConverter.SingleToInt32Bits(sequence.LogProbability));
            foreach (var token in sequence.Tokens)
            {
                Word(token);
            }
        }
        words!.Append(bytes);
        return count;
    }

    private void WritePlaces(SequenceRow row)
    {
        var k = Card.TopK;
        var bytes = new byte[row.Tokens!.Length * 6];
        for (var place = 0; place < row.Tokens.Length / k; place++)
        {
            var to = bytes.AsSpan(place * Card.PlaceBytes, Card.PlaceBytes);
            for (var i = 0; i < k; i++)
            {
                BinaryPrimitives.WriteHalfLittleEndian(to[(2 * i)..], (Half)row.LogProbabilities![place * k + i]);
                BinaryPrimitives.WriteInt32LittleEndian(to[(2 * k + 4 * i)..], row.Tokens[place * k + i]);
            }
        }
        places!.Append(bytes);
    }

    private static byte[] Halves(float[] values)
    {
        var bytes = new byte[2 * values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(2 * i), (Half)values[i]);
        }
        return bytes;
    }

    private static void Begin(string folder, SequenceStoreCard card, IReadOnlyList<string> ids)
    {
        var full = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar);
        var part = $"{full}.part-{Guid.NewGuid():n}";
        try
        {
            Directory.CreateDirectory(part);
            IdIndex.Write(Path.Combine(part, SequenceStore.IdsFile), folder, ids);
            void Part(int size, string name, int bytes)
            {
                if (size > 0)
                {
                    RecordFileWriter.Create(Path.Combine(part, name), bytes, "{}", rowsPerBlock: Math.Clamp((1 << 20) / bytes, 1, 1 << 16)).Dispose();
                }
            }
            Part(card.Best, SequenceStore.WordsFile, 4);
            Part(card.Width, SequenceStore.FramesFile, card.FrameBytes);
            Part(card.TopK, SequenceStore.PlacesFile, card.PlaceBytes);
            RecordFileWriter.Create(Path.Combine(part, SequenceStore.IndexFile), SequenceIndex.Bytes, card.ToJson(), rowsPerBlock: FlushEvery).Dispose();
            Directory.Move(part, full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(folder, "", $"the store cannot be made: {e.Message}", e);
        }
        finally
        {
            if (Directory.Exists(part))
            {
                Directory.Delete(part, recursive: true);
            }
        }
    }
}
