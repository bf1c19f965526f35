using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// TorchSharp's own format of saved tensors: element type, number of dimensions and sizes in LEB128 (seven bits a byte, the lowest
/// first), then the elements. A module is the number of its tensors and, for each, its key and the tensor.
/// </summary>
internal static class SaveFormat
{
    private const int MostDimensions = 64;

    internal static void Encode(BinaryWriter writer, long value) => writer.Write7BitEncodedInt64(value);

    internal static long Decode(BinaryReader reader)
    {
        try
        {
            return reader.Read7BitEncodedInt64();
        }
        catch (FormatException e)
        {
            throw new InvalidDataException("this is not in TorchSharp's format of saved tensors: a number has no end", e);
        }
    }

    internal static void Write(BinaryWriter writer, Tensor tensor)
    {
        Encode(writer, (int)tensor.dtype);
        long[] shape = tensor.shape;
        Encode(writer, shape.Length);
        foreach (long size in shape) Encode(writer, size);
        writer.Flush();
        Retort.Torch.TensorBytes.Write(tensor, writer.BaseStream);
    }

    /// <summary>Element type, shape and number of bytes of the tensor that begins here.</summary>
    internal static (ScalarType Type, long[] Shape, long Bytes) ReadHeader(BinaryReader reader)
    {
        long type = Decode(reader), dimensions = Decode(reader);
        if (!Enum.IsDefined((ScalarType)type) || dimensions is < 0 or > MostDimensions)
        {
            throw new InvalidDataException($"this is not in TorchSharp's format of saved tensors: element type {type} with {dimensions} dimensions");
        }
        var shape = new long[dimensions];
        long count = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            shape[i] = Decode(reader);
            count = checked(count * shape[i]);
        }
        if (count < 0) throw new InvalidDataException($"a saved tensor has the shape [{string.Join(", ", shape)}]");
        long bytes = checked(count * Tensor.SizeOf((ScalarType)type));
        var stream = reader.BaseStream;
        if (stream.CanSeek && bytes > stream.Length - stream.Position) throw new EndOfStreamException($"a saved tensor of {bytes} bytes ends after {stream.Length - stream.Position}");
        return ((ScalarType)type, shape, bytes);
    }

    internal static void Skip(BinaryReader reader, long bytes)
    {
        var block = new byte[Math.Min(bytes, 1 << 20)];
        while (bytes > 0)
        {
            int part = (int)Math.Min(bytes, block.Length);
            reader.BaseStream.ReadExactly(block, 0, part);
            bytes -= part;
        }
    }

    internal static Tensor Read(BinaryReader reader)
    {
        var (type, shape, _) = ReadHeader(reader);
        var tensor = empty(shape, type, CPU);
        tensor.ReadBytesFromStream(reader.BaseStream);
        return tensor;
    }

    internal static void ReadInto(BinaryReader reader, Tensor tensor, bool skip)
    {
        var (type, shape, bytes) = ReadHeader(reader);
        if (skip)
        {
            Skip(reader, bytes);
            return;
        }
        if (type != tensor.dtype)
        {
            throw new ArgumentException($"Mismatched tensor data types while loading: the file has {type}, the tensor is {tensor.dtype}.");
        }
        if (!shape.AsSpan().SequenceEqual(tensor.shape))
        {
            throw new ArgumentException($"Mismatched tensor shape while loading: the file has [{string.Join(", ", shape)}], the tensor [{string.Join(", ", tensor.shape)}].");
        }
        tensor.ReadBytesFromStream(reader.BaseStream);
    }
}
