using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// What a <see cref="TokenDecoder"/> keeps between steps: the memory's keys and values, made once, and those of the
/// tokens so far. Its tensors belong to no dispose scope; dispose it.
/// </summary>
public sealed class DecoderCache : IDisposable
{
    private readonly (Tensor Keys, Tensor Values)[] cross;
    private readonly (Tensor Keys, Tensor Values)?[] self;
    private Tensor? memoryMask;

    /// <summary>For the fused kernels, which keep all in here.</summary>
    internal DecoderCache(StepHistory history)
    {
        (cross, self) = ([], []);
        History = history;
    }

    internal DecoderCache((Tensor Keys, Tensor Values)[] cross, Tensor? memoryMask)
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
    public int Length { get; internal set; }

    /// <summary>Number of memories.</summary>
    public long Memories => History?.Memories ?? cross[0].Keys.shape[0];

    internal StepHistory? History { get; }

    internal Tensor? MemoryMask => memoryMask;

    internal (Tensor Keys, Tensor Values) Cross(int layer) => cross[layer];

    internal (Tensor Keys, Tensor Values)? Self(int layer) => self[layer];

    internal void Set(int layer, Tensor keys, Tensor values)
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
