// The header of a safetensors file (format of huggingface/safetensors, README "Format"): 8 bytes with the header's
// length, JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ..., "__metadata__": {text: text}}, then the
// data without holes or overlaps. Nothing that the header says is believed before it has been held against the file.

using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Retort.Torch;

internal sealed class SafeTensorsHeader
{
    public const long LongestHeader = 100_000_000;
    private const int MostDimensions = 64;

    private static readonly (string Name, ScalarType Type, int Bytes)[] Kinds =
    [
        ("F64", ScalarType.Float64, 8), ("F32", ScalarType.Float32, 4), ("F16", ScalarType.Float16, 2),
        ("BF16", ScalarType.BFloat16, 2), ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4),
        ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1), ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    private SafeTensorsHeader(List<SafeTensorsEntry> entries, Dictionary<string, string> metadata, long dataOffset)
    {
        Entries = entries;
        Metadata = metadata;
        DataOffset = dataOffset;
    }

    /// <summary>The tensors, in the order of their data.</summary>
    public List<SafeTensorsEntry> Entries { get; }

    public Dictionary<string, string> Metadata { get; }

    /// <summary>The byte of the file at which the data begins.</summary>
    public long DataOffset { get; }

    public static string NameOf(ScalarType type) => Array.Find(Kinds, k => k.Type == type).Name
        ?? throw new ArgumentException($"safetensors files hold no {type} here; expected {string.Join(", ", Kinds.Select(k => k.Type))}");

    public static int BytesOf(ScalarType type) => Array.Find(Kinds, k => k.Type == type).Bytes;

    public static SafeTensorsHeader Read(Stream stream, string source)
    {
        var length = stream.Length;
        Span<byte> head = stackalloc byte[8];
        stream.Position = 0;
        if (stream.ReadAtLeast(head, 8, throwOnEndOfStream: false) < 8)
        {
            throw new BadInputException(source, "byte 0", $"a file of {length} bytes; a safetensors file begins with 8 bytes of header length");
        }
        var size = BinaryPrimitives.ReadUInt64LittleEndian(head);
        if (size > LongestHeader)
        {
            throw new BadInputException(source, "byte 0", $"a header of {size} bytes; at most {LongestHeader} are allowed (not a safetensors file?)");
        }
        if ((long)size > length - 8)
        {
            throw new BadInputException(source, "byte 0", $"a header of {size} bytes, but only {length - 8} follow (truncated?)");
        }
        var json = new byte[size];
        stream.ReadExactly(json);
        return Parse(json, length - 8 - (long)size, source);
    }

    public static SafeTensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength, string source)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        var entries = new List<SafeTensorsEntry>();
        Dictionary<string, string>? metadata = null;
        try
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            Expect(ref reader, JsonTokenType.StartObject, source, "an object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                if (!names.Add(name))
                {
                    throw Bad(reader, source, $"{Names.Quote(name)} is named twice");
                }
                if (name == "__metadata__")
                {
                    metadata = ReadMetadata(ref reader, source);
                }
                else
                {
                    entries.Add(ReadEntry(ref reader, name, dataLength, source));
                }
            }
            if (reader.Read())
            {
                throw Bad(reader, source, "something follows the header's object");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new BadInputException(source, $"header byte {reader.BytesConsumed}", $"the header is no valid JSON: {FirstLine(e.Message)}", e);
        }
        CheckTiling(entries, dataLength, source);
        return new SafeTensorsHeader(entries, metadata ?? [], 8 + json.Length);
    }

    private static void CheckTiling(List<SafeTensorsEntry> entries, long dataLength, string source)
    {
        entries.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin)
            : a.Length != b.Length ? a.Length.CompareTo(b.Length) : string.CompareOrdinal(a.Name, b.Name));
        var end = 0L;
        foreach (var entry in entries)
        {
            if (entry.Begin != end)
            {
                throw new BadInputException(source, $"tensor {Names.Quote(entry.Name)}",
                    $"its data begins at {entry.Begin}, but the tensor before it ends at {end}; neither holes nor overlaps are allowed");
            }
            end = entry.Begin + entry.Length;
        }
        if (end != dataLength)
        {
            throw new BadInputException(source, $"header", $"the tensors take {end} bytes, but the file holds {dataLength} bytes of data");
        }
    }

    private static SafeTensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, long dataLength, string source)
    {
        (string Name, ScalarType Type, int Bytes)? kind = null;
        long[]? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, source, $"an object for {Names.Quote(name)}");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.GetString();
            if (field == "dtype" && kind is null)
            {
                Expect(ref reader, JsonTokenType.String, source, $"the dtype of {Names.Quote(name)}");
                var text = reader.GetString();
                var at = Array.FindIndex(Kinds, k => k.Name == text);
                kind = at >= 0 ? Kinds[at] : throw new BadInputException(source, $"tensor {Names.Quote(name)}",
                    $"dtype {Names.Quote(text!)}; expected one of {string.Join(", ", Kinds.Select(k => k.Name))}");
            }
            else if (field == "shape" && shape is null)
            {
                shape = ReadNumbers(ref reader, name, MostDimensions, source);
            }
            else if (field == "data_offsets" && offsets is null)
            {
                offsets = ReadNumbers(ref reader, name, 2, source);
            }
            else
            {
                throw Bad(reader, source, $"{Names.Quote(name)} has the field {Names.Quote(field!)} which is unknown or there twice; expected dtype, shape, data_offsets");
            }
        }
        if (kind is not { } known || shape is null || offsets is not { Length: 2 })
        {
            throw new BadInputException(source, $"tensor {Names.Quote(name)}", "expected a dtype, a shape and two data_offsets");
        }
        if (offsets[0] > offsets[1] || offsets[1] > dataLength)
        {
            throw new BadInputException(source, $"tensor {Names.Quote(name)}",
                $"data_offsets [{offsets[0]}, {offsets[1]}] do not lie in the file's {dataLength} bytes of data");
        }
        var bytes = Shapes.Bytes(shape, known.Bytes);
        if (bytes != offsets[1] - offsets[0])
        {
            throw new BadInputException(source, $"tensor {Names.Quote(name)}", $"shape [{string.Join(", ", shape)}] of {known.Name} needs " +
                $"{(bytes is { } need ? need.ToString() : "more than 2^63")} bytes, but its data_offsets span {offsets[1] - offsets[0]}");
        }
        return new SafeTensorsEntry(name, known.Type, shape, offsets[0], offsets[1] - offsets[0]);
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, string name, int most, string source)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, source, $"a list of numbers for {Names.Quote(name)}");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
            {
                throw Bad(reader, source, $"{Names.Quote(name)}: expected a whole number from 0 to 2^63 - 1");
            }
            if (numbers.Count == most)
            {
                throw Bad(reader, source, $"{Names.Quote(name)}: more than {most} numbers");
            }
            numbers.Add(number);
        }
        return [.. numbers];
    }

    private static Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader, string source)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        Expect(ref reader, JsonTokenType.StartObject, source, "an object of texts for __metadata__");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String, source, $"a text for {Names.Quote(key)} of __metadata__");
            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                throw Bad(reader, source, $"{Names.Quote(key)} of __metadata__ is named twice");
            }
        }
        return metadata;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string source, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw Bad(reader, source, $"expected {what}");
        }
    }

    private static BadInputException Bad(Utf8JsonReader reader, string source, string problem) =>
        new(source, $"header byte {reader.TokenStartIndex}", problem);

    private static string FirstLine(string message) => message.Split('\n')[0].TrimEnd();
}
