using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>The bytes of a safetensors file: the same tensors and metadata give the same bytes, in whatever order they come.</summary>
internal static class SafeTensorsWriter
{
    /// <summary>One tensor to write; <c>Write</c> puts its dense little-endian bytes into the stream.</summary>
    public sealed record Item(string Name, ScalarType DType, long[] Shape, Action<Stream> Write);

    public static void Write(Stream stream, IEnumerable<Item> items, IReadOnlyDictionary<string, string>? metadata)
    {
        // Wide elements first, so that every tensor begins at a multiple of its element's size.
        var ordered = items.OrderByDescending(i => SafeTensorsHeader.BytesOf(i.DType)).ThenBy(i => i.Name, StringComparer.Ordinal).ToArray();
        var header = Header(ordered, metadata);
        Span<byte> size = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(size, header.Length);
        stream.Write(size);
        stream.Write(header);
        foreach (var item in ordered)
        {
            var begin = stream.Position;
            item.Write(stream);
            var bytes = Shapes.Bytes(item.Shape, SafeTensorsHeader.BytesOf(item.DType));
            if (stream.Position - begin != bytes)
            {
                throw new InvalidOperationException($"'{item.Name}' wrote {stream.Position - begin} bytes in place of {bytes}");
            }
        }
    }

    private static byte[] Header(Item[] items, IReadOnlyDictionary<string, string>? metadata)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }
                json.WriteEndObject();
            }
            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            var begin = 0L;
            foreach (var item in items)
            {
                if (!names.Add(item.Name))
                {
                    throw new ArgumentException($"the name '{item.Name}' is reserved or there twice", nameof(items));
                }
                var end = checked(begin + Shapes.Bytes(item.Shape, SafeTensorsHeader.BytesOf(item.DType))!.Value);
                json.WriteStartObject(item.Name);
                json.WriteString("dtype", SafeTensorsHeader.NameOf(item.DType));
                WriteNumbers(json, "shape", item.Shape);
                WriteNumbers(json, "data_offsets", [begin, end]);
                json.WriteEndObject();
                begin = end;
            }
            json.WriteEndObject();
        }
        while (bytes.Length % 8 != 0)
        {
            bytes.WriteByte((byte)' ');
        }
        return bytes.Length <= SafeTensorsHeader.LongestHeader ? bytes.ToArray()
            : throw new ArgumentException($"a header of {bytes.Length} bytes; at most {SafeTensorsHeader.LongestHeader} are allowed", nameof(metadata));
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, long[] numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }
        json.WriteEndArray();
    }
}
