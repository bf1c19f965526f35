using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>A numpy element type as a pickle has it: a kind and a number of bytes, such as "f8", and a byte order.</summary>
internal sealed class NumpyType(string code)
{
    public bool BigEndian { get; set; }

    /// <summary>Bytes of one element, or null where the code has none.</summary>
    public int? Bytes { get; } = code.Length > 1 && int.TryParse(code.AsSpan(1), out var bytes) && bytes is > 0 and < 1 << 20
        ? code[0] == 'U' ? 4 * bytes : bytes : null;

    /// <summary>The element type of a tensor of such values, or null where there is none.</summary>
    public ScalarType? Torch => code switch
    {
        "f2" => ScalarType.Float16,
        "f4" => ScalarType.Float32,
        "f8" => ScalarType.Float64,
        "i1" => ScalarType.Int8,
        "i2" => ScalarType.Int16,
        "i4" => ScalarType.Int32,
        "i8" => ScalarType.Int64,
        "u1" => ScalarType.Byte,
        "b1" => ScalarType.Bool,
        _ => null,
    };

    /// <summary>A scalar as bool, long, BigInteger, double or string; null for other types and other lengths.</summary>
    public object? Scalar(byte[] value)
    {
        if (Bytes != value.Length)
        {
            return null;
        }
        var little = BigEndian && code[0] != 'S' ? Swapped(value, code[0] == 'U' ? 4 : value.Length) : value;
        return code switch
        {
            "f2" => (double)BinaryPrimitives.ReadHalfLittleEndian(little),
            "f4" => (double)BinaryPrimitives.ReadSingleLittleEndian(little),
            "f8" => BinaryPrimitives.ReadDoubleLittleEndian(little),
            "b1" => little[0] != 0,
            "i1" or "i2" or "i4" or "i8" => (long)new BigInteger(little),
            "u1" or "u2" or "u4" => (long)new BigInteger(little, isUnsigned: true),
            "u8" => new BigInteger(little, isUnsigned: true) is var n && n <= long.MaxValue ? (object)(long)n : n,
            _ when code[0] == 'U' => Encoding.UTF32.GetString(little).TrimEnd('\0'),
            _ when code[0] == 'S' => Encoding.Latin1.GetString(little).TrimEnd('\0'),
            _ => null,
        };
    }

    public static byte[] Swapped(byte[] data, int width)
    {
        var swapped = (byte[])data.Clone();
        for (var at = 0; at + width <= swapped.Length; at += width)
        {
            swapped.AsSpan(at, width).Reverse();
        }
        return swapped;
    }

    public override string ToString() => Names.Quote(code);
}

/// <summary>A numpy array as a pickle has it: its bytes, in the order of C or of Fortran.</summary>
internal sealed class NumpyArray
{
    public NumpyType? Type { get; set; }
    public long[] Shape { get; set; } = [];
    public bool Fortran { get; set; }
    public byte[] Data { get; set; } = [];

    /// <summary>A CPU tensor of the values, or null where the type has no tensor.</summary>
    public Tensor? ToTensor()
    {
        if (Type?.Torch is not { } type)
        {
            return null;
        }
        var data = Type.BigEndian ? NumpyType.Swapped(Data, Type.Bytes!.Value) : Data;
        if (type == ScalarType.Bool && data.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)1) >= 0)
        {
            return null;
        }
        var tensor = TensorBytes.New(Fortran ? [.. Enumerable.Reverse(Shape)] : Shape, type, (piece, place) => data.AsSpan((int)place, piece.Length).CopyTo(piece));
        if (!Fortran)
        {
            return tensor;
        }
        using (tensor)
        {
            return tensor.permute([.. Enumerable.Range(0, Shape.Length).Reverse().Select(d => (long)d)]).contiguous();
        }
    }
}
