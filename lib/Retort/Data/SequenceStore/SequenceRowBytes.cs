using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Retort.Data;

/// <summary>Checks an utterance's outputs against the card and makes the bytes of the store's files of them.</summary>
internal sealed class SequenceRowBytes(string folder, SequenceStoreCard card)
{
    // A log-probability that rounding lifted above 0, and the sum of a place's probabilities above 1.
    private const float Rounding = 1e-2f;
    private readonly HashSet<int> ofPlace = [];
    private byte[] words = [], frames = [], places = [];
    private int wordBytes, frameBytes, placeBytes;

    /// <summary>Of each sequence: its length, score and log-probability as bits, and the tokens; 32-bit words.</summary>
    public ReadOnlySpan<byte> Words => words.AsSpan(0, wordBytes);

    /// <summary>Float16, a row of the card's width a frame.</summary>
    public ReadOnlySpan<byte> Frames => frames.AsSpan(0, frameBytes);

    /// <summary>A row a place: k float16 log-probabilities, then k tokens of the card's size.</summary>
    public ReadOnlySpan<byte> Places => places.AsSpan(0, placeBytes);

    public void Encode(SequenceRow row)
    {
        (wordBytes, frameBytes, placeBytes) = (0, 0, 0);
        EncodeSequences(row);
        EncodeFrames(row);
        EncodePlaces(row);
    }

    private void EncodeSequences(SequenceRow row)
    {
        if (row.Best.Count > card.Best || (row.Best.Count == 0 && card.Best > 0))
        {
            throw Bad(row, "", $"{row.Best.Count} sequences; the store keeps {(card.Best == 0 ? "none" : $"1 to {card.Best}")}");
        }
        var at = Room(ref words, ref wordBytes, 4L * row.Best.Sum(s => 3L + s.Tokens.Length), row);
        for (var i = 0; i < row.Best.Count; i++)
        {
            var sequence = row.Best[i];
            if (!float.IsFinite(sequence.Score) || !float.IsFinite(sequence.LogProbability))
            {
                throw Bad(row, $", sequence {i}", $"score {sequence.Score}, log-probability {sequence.LogProbability}: both must be finite");
            }
            BinaryPrimitives.WriteInt32LittleEndian(at, sequence.Tokens.Length);
            BinaryPrimitives.WriteSingleLittleEndian(at[4..], sequence.Score);
            BinaryPrimitives.WriteSingleLittleEndian(at[8..], sequence.LogProbability);
            for (var j = 0; j < sequence.Tokens.Length; j++)
            {
                var token = sequence.Tokens[j];
                if ((uint)token >= (uint)card.Vocabulary)
                {
                    throw Bad(row, $", sequence {i}, token {j}", $"{token}; tokens are 0 to {card.Vocabulary - 1}");
                }
                BinaryPrimitives.WriteInt32LittleEndian(at[(12 + 4 * j)..], token);
            }
            at = at[(12 + 4 * sequence.Tokens.Length)..];
        }
    }

    private void EncodeFrames(SequenceRow row)
    {
        var values = row.Encoder;
        if (card.Width == 0 ? values is not null : values is null || row.Frames < 0 || values.Length != (long)row.Frames * card.Width)
        {
            throw Bad(row, "", card.Width == 0 ? "has encoder output; the store keeps none" : $"{values?.Length ?? 0} values of encoder output for {row.Frames} frames of width {card.Width}");
        }
        if (values is null)
        {
            return;
        }
        var to = MemoryMarshal.Cast<byte, Half>(Room(ref frames, ref frameBytes, 2L * values.Length, row));
        for (var i = 0; i < values.Length; i++)
        {
            var half = (Half)values[i];
            if (!Half.IsFinite(half))
            {
                throw Bad(row, $", frame {i / card.Width}, value {i % card.Width}", $"{values[i]}; float16 holds finite values up to 65504");
            }
            to[i] = half;
        }
        Float16.Swap(to);
    }

    private void EncodePlaces(SequenceRow row)
    {
        var (values, tokens, k) = (row.LogProbabilities, row.Tokens, card.TopK);
        if (k == 0 ? values is not null || tokens is not null : values is null || tokens is null || values.Length != tokens.Length || values.Length % k != 0)
        {
            throw Bad(row, "", $"{values?.Length ?? 0} log-probabilities and {tokens?.Length ?? 0} tokens; the store keeps {(k == 0 ? "none" : $"{k} of each at each place")}");
        }
        if (values is null || tokens is null)
        {
            return;
        }
        var to = Room(ref places, ref placeBytes, (long)values.Length * (2 + card.TokenBytes), row);
        for (var first = 0; first < values.Length; first += k)
        {
            ofPlace.Clear();
            var sum = 0.0;
            for (var i = 0; i < k; i++)
            {
                var (value, token) = (values[first + i], tokens[first + i]);
                if (value is not <= Rounding || !Half.IsFinite((Half)value))
                {
                    throw Bad(row, $", place {first / k}", $"the log-probability of token {token} is {value}; it lies between -65504 and 0");
                }
                if ((uint)token >= (uint)card.Vocabulary || !ofPlace.Add(token))
                {
                    throw Bad(row, $", place {first / k}", $"token {token} {((uint)token < (uint)card.Vocabulary ? "stands there twice" : $"is none of 0 to {card.Vocabulary - 1}")}");
                }
                sum += Math.Exp(value);
                BinaryPrimitives.WriteHalfLittleEndian(to[(2 * i)..], (Half)value);
                if (card.TokenBytes == 2)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(to[(2 * k + 2 * i)..], (ushort)token);
                }
                else
                {
                    BinaryPrimitives.WriteInt32LittleEndian(to[(2 * k + 4 * i)..], token);
                }
            }
            if (sum > 1 + Rounding)
            {
                throw Bad(row, $", place {first / k}", $"the probabilities add up to {sum:G4}: these are not log-probabilities of one distribution");
            }
            to = to[card.PlaceBytes..];
        }
    }

    // The buffers only grow: after the longest utterance nothing is allocated.
    private Span<byte> Room(ref byte[] buffer, ref int used, long bytes, SequenceRow row)
    {
        if (bytes > Array.MaxLength)
        {
            throw Bad(row, "", $"{bytes} bytes of one part; a part of an utterance has at most 2 GiB");
        }
        if (buffer.Length < bytes)
        {
            buffer = new byte[Math.Max(bytes, Math.Min(2L * buffer.Length, Array.MaxLength))];
        }
        used = (int)bytes;
        return buffer.AsSpan(0, used);
    }

    private BadInputException Bad(SequenceRow row, string place, string problem) => new(folder, $"utterance \"{row.Id}\"{place}", problem);
}
