using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// What a <see cref="DecoderCache"/> keeps where the fused kernels decode: the projections of all earlier steps as they were
/// written, and which row of each step a present row descends from. Nothing is copied when hypotheses change places.
/// </summary>
internal sealed class StepHistory : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)[] cross;
    private readonly List<Tensor>[] steps;
    private readonly List<long[]> ancestors = [];
    private readonly Tensor lengths;
    private long[] memories;
    private Tensor? table;
    private Tensor? owners;

    /// <param name="projected">of each layer, the memory's projection (M, S, 2 D) to keys and values</param>
    /// <param name="heads">number of heads</param>
    /// <param name="lengths">valid frames of each memory; null if all are</param>
    public StepHistory(IReadOnlyList<Tensor> projected, int heads, IReadOnlyList<long>? lengths)
    {
        using var scope = NewDisposeScope();
        long count = projected[0].shape[0], frames = projected[0].shape[1], head = projected[0].shape[2] / 2 / heads;
        cross = [.. projected.Select(kv =>
        {
            var both = kv.view(count, frames, 2, heads, head);
            var keys = nn.functional.pad(both.select(2, 0).permute(0, 2, 3, 1), (0, (frames + 63) / 64 * 64 - frames));  // (M, heads, d, S')
            var values = both.select(2, 1).transpose(1, 2);  // (M, heads, S, d)
            return (keys.contiguous().DetachFromDisposeScope(), values.contiguous().DetachFromDisposeScope());
        })];
        steps = [.. projected.Select(_ => new List<Tensor>())];
        this.lengths = (lengths is null ? full([count], frames, ScalarType.Int64) : tensor([.. lengths])).DetachFromDisposeScope();
        memories = [.. Enumerable.Range(0, (int)count).Select(m => (long)m)];
    }

    /// <summary>Number of memories that are decoded still.</summary>
    public long Memories => memories.Length;

    /// <summary>One more token of so many rows, those of one memory beside one another.</summary>
    public void Begin(long rows)
    {
        ancestors.Add([.. Enumerable.Range(0, (int)rows).Select(r => (long)r)]);
        table?.Dispose();
        owners?.Dispose();
        table = tensor([.. ancestors.SelectMany(a => a)], [ancestors.Count, rows]).DetachFromDisposeScope();
        var each = rows / memories.Length;
        owners = tensor([.. memories.SelectMany(m => Enumerable.Repeat(m, (int)each))]).DetachFromDisposeScope();
    }

    /// <summary>Self-attention (N, D) of a layer from this step's projection (N, 3 D), which is kept.</summary>
    public Tensor Self(int layer, Tensor projected, int heads)
    {
        steps[layer].Add(projected.DetachFromDisposeScope());
        return Fused.AttendSteps(steps[layer], table!, heads);
    }

    /// <summary>Cross-attention (N, D) of a layer from queries (N, D).</summary>
    public Tensor Cross(int layer, Tensor queries) => Fused.AttendMemory(queries, cross[layer].Keys, cross[layer].Values, owners!, lengths);

    /// <summary>Row i descends from what was row rows[i].</summary>
    public void SelectRows(ReadOnlySpan<long> rows)
    {
        for (var s = 0; s < ancestors.Count; s++)
        {
            var (before, after) = (ancestors[s], new long[rows.Length]);
            for (var i = 0; i < after.Length; i++)
            {
                after[i] = before[rows[i]];
            }
            ancestors[s] = after;
        }
    }

    /// <summary>Memory i is what was memory chosen[i].</summary>
    public void SelectMemories(ReadOnlySpan<long> chosen)
    {
        var after = new long[chosen.Length];
        for (var i = 0; i < after.Length; i++)
        {
            after[i] = memories[chosen[i]];
        }
        memories = after;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (keys, values) in cross)
        {
            keys.Dispose();
            values.Dispose();
        }
        foreach (var step in steps.SelectMany(s => s))
        {
            step.Dispose();
        }
        lengths.Dispose();
        table?.Dispose();
        owners?.Dispose();
    }
}
