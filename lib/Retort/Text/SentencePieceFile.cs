// The file format of SentencePiece (Kudo and Richardson 2018): a protocol buffer, sentencepiece_model.proto. Read here by its
// field numbers; unknown fields are skipped, as protocol buffers want it.

using System.Buffers.Binary;
using System.Text;

namespace Retort.Text;

/// <summary>What a piece is.</summary>
internal enum PieceKind
{
    Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6,
}

/// <summary>One piece of a model: its text, its score, what it is.</summary>
internal sealed record Piece(string Text, float Score, PieceKind Kind);

/// <summary>The parts of a tokenizer.model that encoding and decoding need.</summary>
internal sealed record SentencePieceFile
{
    public required IReadOnlyList<Piece> Pieces { get; init; }

    /// <summary>1 unigram, 2 byte pair encoding.</summary>
    public int ModelType { get; init; } = 1;

    public bool ByteFallback { get; init; }

    public int UnknownId { get; init; }

    public int StartId { get; init; } = 1;

    public int EndId { get; init; } = 2;

    public int PaddingId { get; init; } = -1;

    public string Normalizer { get; init; } = "";

    public bool HasCharacterMap { get; init; }

    public bool AddDummyPrefix { get; init; } = true;

    public bool RemoveExtraWhitespaces { get; init; } = true;

    public bool EscapeWhitespaces { get; init; } = true;

    /// <summary>Reads a file.</summary>
    /// <exception cref="BadInputException">It cannot be read, or is no such file.</exception>
    public static SentencePieceFile Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
        try
        {
            return Parse(bytes);
        }
        catch (FormatException e)
        {
            throw new BadInputException(path, "", $"is no SentencePiece model: {e.Message}", e);
        }
    }

    private static SentencePieceFile Parse(byte[] bytes)
    {
        var pieces = new List<Piece>();
        var file = new SentencePieceFile { Pieces = pieces };
        foreach (var field in Fields(bytes))
        {
            switch (field.Number)
            {
                case 1:
                    pieces.Add(ParsePiece(field.Bytes(), pieces.Count));
                    break;
                case 2:
                    foreach (var f in Fields(field.Bytes()))
                    {
                        file = f.Number switch
                        {
                            3 => file with { ModelType = f.Int() },
                            35 => file with { ByteFallback = f.Int() != 0 },
                            40 => file with { UnknownId = f.Int() },
                            41 => file with { StartId = f.Int() },
                            42 => file with { EndId = f.Int() },
                            43 => file with { PaddingId = f.Int() },
                            _ => file,
                        };
                    }
                    break;
                case 3:
                    foreach (var f in Fields(field.Bytes()))
                    {
                        file = f.Number switch
                        {
                            1 => file with { Normalizer = f.Text() },
                            2 => file with { HasCharacterMap = f.Bytes().Length > 0 },
                            3 => file with { AddDummyPrefix = f.Int() != 0 },
                            4 => file with { RemoveExtraWhitespaces = f.Int() != 0 },
                            5 => file with { EscapeWhitespaces = f.Int() != 0 },
                            _ => file,
                        };
                    }
                    break;
            }
        }
        return pieces.Count > 0 ? file : throw new FormatException("it has no pieces");
    }

    private static Piece ParsePiece(ReadOnlyMemory<byte> bytes, int number)
    {
        var (text, score, kind) = ("", 0f, PieceKind.Normal);
        foreach (var f in Fields(bytes))
        {
            switch (f.Number)
            {
                case 1: text = f.Text(); break;
                case 2: score = f.Float(); break;
                case 3: kind = (PieceKind)f.Int(); break;
            }
        }
        if (text.Length == 0 || !Enum.IsDefined(kind) || float.IsNaN(score))
        {
            throw new FormatException($"piece {number} has the text \"{text}\", the score {score} and the type {(int)kind}");
        }
        return new Piece(text, score, kind);
    }

    private readonly record struct Field(int Number, int Wire, ulong Value, ReadOnlyMemory<byte> Content)
    {
        public int Int() => Wire == 0 ? unchecked((int)Value) : throw new FormatException($"field {Number} is no whole number");

        public float Float() => Wire == 5 ? BinaryPrimitives.ReadSingleLittleEndian(Content.Span) : throw new FormatException($"field {Number} is no float");

        public ReadOnlyMemory<byte> Bytes() => Wire == 2 ? Content : throw new FormatException($"field {Number} has no length");

        public string Text()
        {
            try
            {
                return new UTF8Encoding(false, true).GetString(Bytes().Span);
            }
            catch (DecoderFallbackException e)
            {
                throw new FormatException($"field {Number} is no UTF-8", e);
            }
        }
    }

    private static IEnumerable<Field> Fields(ReadOnlyMemory<byte> bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var tag = Varint(bytes, ref at);
            var (number, wire) = ((int)(tag >> 3), (int)(tag & 7));
            if (number == 0 || tag >> 32 != 0)
            {
                throw new FormatException($"byte {at}: there is no field {tag >> 3}");
            }
            switch (wire)
            {
                case 0:
                    yield return new Field(number, wire, Varint(bytes, ref at), default);
                    break;
                case 1 or 5:
                    yield return new Field(number, wire, 0, Take(bytes, ref at, wire == 1 ? 8UL : 4UL));
                    break;
                case 2:
                    var length = Varint(bytes, ref at);
                    yield return new Field(number, wire, 0, Take(bytes, ref at, length));
                    break;
                default:
                    throw new FormatException($"byte {at}: a field of kind {wire}");
            }
        }
    }

    private static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> bytes, ref int at, ulong count)
    {
        if (count > (ulong)(bytes.Length - at))
        {
            throw new FormatException($"byte {at}: {count} bytes are announced, but {bytes.Length - at} are left");
        }
        var taken = bytes.Slice(at, (int)count);
        at += (int)count;
        return taken;
    }

    private static ulong Varint(ReadOnlyMemory<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= bytes.Length)
            {
                throw new FormatException($"byte {at}: the file ends in a number");
            }
            var b = bytes.Span[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
        throw new FormatException($"byte {at}: a number of more than 64 bits");
    }
}
