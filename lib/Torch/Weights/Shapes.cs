namespace Retort.Torch;

/// <summary>Arithmetic of sizes that come from files and may overflow.</summary>
internal static class Shapes
{
    /// <summary>Bytes of a dense tensor; null where a partial product of the sizes exceeds 2^63 - 1, a zero not excepted.</summary>
    public static long? Bytes(ReadOnlySpan<long> shape, int elementBytes)
    {
        Int128 product = elementBytes;
        var zero = false;
        foreach (var size in shape)
        {
            if (size < 0)
            {
                return null;
            }
            zero |= size == 0;
            product *= Math.Max(size, 1);
            if (product > long.MaxValue)
            {
                return null;
            }
        }
        return zero ? 0 : (long)product;
    }

    public static string Text(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
