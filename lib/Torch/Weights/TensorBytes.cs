using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>The raw bytes of CPU tensors, of any size, in pieces that a span can hold.</summary>
internal static class TensorBytes
{
    private const long LongestPiece = 1 << 30;

    /// <summary>What happens to one piece: its bytes in the tensor, and the place of the first in the whole.</summary>
    public delegate void Visit(Span<byte> piece, long place);

    /// <summary>Goes through a dense CPU tensor's bytes in order.</summary>
    public static void Each(Tensor dense, Visit visit, long longestPiece = LongestPiece)
    {
        long elements = dense.NumberOfElements, size = dense.ElementSize;
        var step = longestPiece / size;
        if (elements == 0)
        {
            return;
        }
        using var flat = dense.view(-1);
        for (var start = 0L; start < elements; start += step)
        {
            using var piece = flat.narrow(0, start, Math.Min(step, elements - start));
            visit(piece.bytes, start * size);
        }
    }

    /// <summary>A new CPU tensor of this kind and shape whose bytes the caller fills in.</summary>
    public static Tensor New(long[] shape, ScalarType type, Visit fill)
    {
        var tensor = empty(shape, type, CPU);
        try
        {
            Each(tensor, fill);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Writes the tensor's elements as dense bytes, whatever its strides and device are.</summary>
    public static void Write(Tensor tensor, Stream stream)
    {
        using var scope = NewDisposeScope();
        Each(tensor.detach().cpu().contiguous(), (piece, _) => stream.Write(piece));
    }

    /// <summary>Truth values are bytes of 0 or 1; any other would break the arithmetic that reads them.</summary>
    public static void CheckTruth(ReadOnlySpan<byte> bytes, ScalarType type, string source, string place)
    {
        if (type == ScalarType.Bool && bytes.IndexOfAnyExceptInRange((byte)0, (byte)1) is var bad and >= 0)
        {
            throw new BadInputException(source, place, $"a truth value of {bytes[bad]}; expected 0 or 1");
        }
    }
}
