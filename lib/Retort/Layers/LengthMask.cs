using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>Masks of rows that are padded on the right, from their lengths.</summary>
public static class LengthMask
{
    /// <summary>(B, T) of bool: true where row b has a value at t, t &lt; lengths[b].</summary>
    /// <param name="lengths">B lengths</param>
    /// <param name="padded">T, the padded length</param>
    /// <param name="device">where the mask is wanted; null for the CPU</param>
    /// <exception cref="ArgumentException">A length is less than 1 or more than T.</exception>
    public static Tensor Valid(IReadOnlyList<long> lengths, long padded, Device? device = null)
    {
        for (var b = 0; b < lengths.Count; b++)
        {
            if (lengths[b] < 1 || lengths[b] > padded)
            {
                throw new ArgumentException($"row {b} has length {lengths[b]}; it must lie in 1..{padded}", nameof(lengths));
            }
        }
        using var scope = NewDisposeScope();
        return arange(padded, device: device).unsqueeze(0).lt(tensor([.. lengths], device: device).unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// (B, 1, 1, T) of the given type: 0 where a key is valid, -infinity in the padding; added to attention scores
    /// (B, heads, queries, T).
    /// </summary>
    /// <param name="lengths">B lengths</param>
    /// <param name="padded">T, the padded length</param>
    /// <param name="dtype">the scores' type</param>
    /// <param name="device">where the mask is wanted; null for the CPU</param>
    /// <exception cref="ArgumentException">A length is less than 1 or more than T.</exception>
    public static Tensor Additive(IReadOnlyList<long> lengths, long padded, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        using var scope = NewDisposeScope();
        var valid = Valid(lengths, padded, device);
        return zeros(valid.shape, dtype, device).masked_fill_(valid.logical_not(), float.NegativeInfinity)
            .unsqueeze(1).unsqueeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>The additive mask (B, 1, 1, S) of a memory (B, S, D); null if no lengths are given.</summary>
    /// <exception cref="ArgumentException">There are more or fewer lengths than memories, or one is out of range.</exception>
    internal static Tensor? OfMemory(Tensor memory, IReadOnlyList<long>? lengths)
    {
        if (lengths is not null && lengths.Count != memory.shape[0])
        {
            throw new ArgumentException($"{lengths.Count} lengths do not fit {memory.shape[0]} memories", nameof(lengths));
        }
        return lengths is null ? null : Additive(lengths, memory.shape[1], memory.dtype, memory.device);
    }

    /// <summary>(T, T) of the given type: 0 on and below the diagonal, -infinity above, so that no query sees a later key.</summary>
    /// <param name="length">T</param>
    /// <param name="dtype">the scores' type</param>
    /// <param name="device">where the mask is wanted; null for the CPU</param>
    public static Tensor Causal(long length, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        using var scope = NewDisposeScope();
        return full([length, length], float.NegativeInfinity, dtype, device).triu_(1).MoveToOuterDisposeScope();
    }
}
