using static TorchSharp.torch;

namespace Retort.Decoding;

/// <summary>Decoding of connectionist temporal classification (Graves et al. 2006).</summary>
public static class CtcDecoding
{
    /// <summary>Best path: the likeliest symbol of each frame, repetitions merged, blanks removed.</summary>
    /// <param name="scores">(B, T, V), logits or log-probabilities</param>
    /// <param name="frames">valid frames of each row; null if all are</param>
    /// <param name="blank">number of the blank</param>
    public static IReadOnlyList<IReadOnlyList<int>> Greedy(Tensor scores, IReadOnlyList<long>? frames, int blank = 0)
    {
        using var scope = NewDisposeScope();
        long batch = scores.shape[0], length = scores.shape[1];
        if (frames is not null && (frames.Count != batch || frames.Any(n => n < 0 || n > length)))
        {
            throw new ArgumentException($"lengths ({string.Join(", ", frames)}) do not fit {batch} rows of {length} frames", nameof(frames));
        }
        var best = scores.argmax(-1).cpu().data<long>().ToArray();
        var rows = new List<IReadOnlyList<int>>();
        for (var b = 0; b < batch; b++)
        {
            var row = new List<int>();
            long last = blank;
            for (var t = 0L; t < (frames?[b] ?? length); t++)
            {
                var symbol = best[b * length + t];
                if (symbol != blank && symbol != last)
                {
                    row.Add((int)symbol);
                }
                last = symbol;
            }
            rows.Add(row);
        }
        return rows;
    }
}
