using System.Buffers.Binary;

namespace Retort.Data;

/// <summary>Where an utterance's outputs lie: first row and number of rows in each of the three files; 36 bytes.</summary>
internal readonly record struct SequenceIndex(long FirstWord, int Words, long FirstFrame, int Frames, long FirstPlace, int Places)
{
    public const int Bytes = 36;

    public void Write(Span<byte> row)
    {
        BinaryPrimitives.WriteInt64LittleEndian(row, FirstWord);
        BinaryPrimitives.WriteInt32LittleEndian(row[8..], Words);
        BinaryPrimitives.WriteInt64LittleEndian(row[12..], FirstFrame);
        BinaryPrimitives.WriteInt32LittleEndian(row[20..], Frames);
        BinaryPrimitives.WriteInt64LittleEndian(row[24..], FirstPlace);
        BinaryPrimitives.WriteInt32LittleEndian(row[32..], Places);
    }

    public static SequenceIndex Read(ReadOnlySpan<byte> row) => new(
        BinaryPrimitives.ReadInt64LittleEndian(row), BinaryPrimitives.ReadInt32LittleEndian(row[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(row[12..]), BinaryPrimitives.ReadInt32LittleEndian(row[20..]),
        BinaryPrimitives.ReadInt64LittleEndian(row[24..]), BinaryPrimitives.ReadInt32LittleEndian(row[32..]));
}
