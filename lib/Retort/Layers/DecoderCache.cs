using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// What a decoder keeps between steps: the memory's keys and values, made once, and those of the
/// tokens so far. Its tensors belong to no dispose scope; dispose it.
/// </summary>
public sealed class DecoderCache : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)[] cross;
    private readonly (Tensor Keys, Tensor Values)?[] self;
    private Tensor? memoryMask;

    // For the fused kernels, which keep all in here.
    private DecoderCache(StepHistory history)
    {
        (cross, self) = ([], []);
        History = history;
    }

    private DecoderCache((Tensor Keys, Tensor Values)[] cross, Tensor? memoryMask)
    {
        this.cross = cross;
        self = new (Tensor, Tensor)?[cross.Length];
        this.memoryMask = memoryMask;
        foreach (var (keys, values) in cross)
        {
            keys.DetachFromDisposeScope();
            values.DetachFromDisposeScope();
        }
        memoryMask?.DetachFromDisposeScope();
    }

    /// <summary>Number of tokens that each row has.</summary>
    public int Length { get; private set; }

    /// <summary>Number of memories.</summary>
    public long Memories => History?.Memories ?? cross[0].Keys.shape[0];

    private StepHistory? History { get; }

    /// <summary>The cache of a memory (M, S, D) for these layers: its keys and values. Without gradients.</summary>
    internal static DecoderCache Start(IList<DecoderBlock> layers, Tensor memory, IReadOnlyList<long>? memoryLengths, int heads)
    {
        using var scope = NewDisposeScope();
        var mask = LengthMask.OfMemory(memory, memoryLengths);
        if (memory.dim() == 3 && Fused.HasSteps(memory, heads))
        {
            var projected = layers.Select(layer => layer.Memory(memory)).ToArray();
            if (projected.All(p => p.dtype == ScalarType.Float32))
            {
                return new DecoderCache(new StepHistory(projected, heads, memoryLengths));
            }
        }
        return new DecoderCache([.. layers.Select(layer => layer.KeysValues(memory))], mask);
    }

    /// <summary>One more token (N, 1, D) of each row through the layers: (N, D). Without gradients.</summary>
    /// <exception cref="ArgumentException">N is no multiple of the memories.</exception>
    internal Tensor Step(IList<DecoderBlock> layers, Tensor x)
    {
        if (x.shape[0] % Memories != 0)
        {
            throw new ArgumentException($"{x.shape[0]} rows are no multiple of {Memories} memories", nameof(x));
        }
        using var scope = NewDisposeScope();
        if (History is { } history)
        {
            history.Begin(x.shape[0]);
            x = x.squeeze(1);
            for (var i = 0; i < layers.Count; i++)
            {
                x = layers[i].StepFused(x, history, i);
            }
        }
        else
        {
            for (var i = 0; i < layers.Count; i++)
            {
                (x, var keys, var values) = layers[i].Step(x, self[i], cross[i], memoryMask);
                Set(i, keys, values);
            }
            x = x.squeeze(1);
        }
        Length++;
        return x.MoveToOuterDisposeScope();
    }

    private void Set(int layer, Tensor keys, Tensor values)
    {
        DisposeSelf(layer);
        self[layer] = (keys.DetachFromDisposeScope(), values.DetachFromDisposeScope());
    }

    /// <summary>
    /// Row i becomes a copy of what was row rows[i]. The hypotheses of a memory stay beside one another: rows / memories
    /// must again be a whole number.
    /// </summary>
    /// <param name="rows">numbers of rows before, int64</param>
    public void SelectRows(Tensor rows)
    {
        History?.SelectRows(rows.data<long>().ToArray());
        for (var i = 0; i < self.Length; i++)
        {
            if (self[i] is { } s)
            {
                Set(i, s.Keys.index_select(0, rows), s.Values.index_select(0, rows));
            }
        }
    }

    /// <summary>Memory i becomes what was memory memories[i]; select the rows to fit.</summary>
    /// <param name="memories">numbers of memories before, int64</param>
    public void SelectMemories(Tensor memories)
    {
        History?.SelectMemories(memories.data<long>().ToArray());
        for (var i = 0; i < cross.Length; i++)
        {
            var (keys, values) = cross[i];
            cross[i] = (keys.index_select(0, memories).DetachFromDisposeScope(), values.index_select(0, memories).DetachFromDisposeScope());
            keys.Dispose();
            values.Dispose();
        }
        if (memoryMask is { } mask)
        {
            memoryMask = mask.index_select(0, memories).DetachFromDisposeScope();
            mask.Dispose();
        }
    }

    /// <summary>Frees all tensors.</summary>
    public void Dispose()
    {
        for (var i = 0; i < cross.Length; i++)
        {
            cross[i].Keys.Dispose();
            cross[i].Values.Dispose();
            DisposeSelf(i);
        }
        memoryMask?.Dispose();
        History?.Dispose();
    }

    private void DisposeSelf(int layer)
    {
        self[layer]?.Keys.Dispose();
        self[layer]?.Values.Dispose();
        self[layer] = null;
    }
}
