using TorchSharp;

namespace Retort.Torch;

/// <summary>
/// The weights of <see cref="Fused.Linear"/>, <see cref="Fused.Mlp"/> and <see cref="Fused.Block"/> in the form their products read, kept from call to call: for a network
/// that runs many times on few rows, where making that form takes up to as long as the products (a denoiser's steps, clips one by one). A weight takes its own size of memory more. What an
/// operator writes to a weight is noticed; what is written through <c>data</c> or <c>bytes</c> is not. Results are the same bits as without.
/// </summary>
public sealed class KeptWeights : IDisposable
{
#if TORCHSHARP
    /// <summary>Calls of this thread use and fill it until the result is disposed of, on this thread; without gradients only.</summary>
    public IDisposable Use() => torch.NewDisposeScope();

    /// <summary>Lets go of the weights' copies.</summary>
    public void Dispose() { }
#else
    private readonly object gate = new();
    private nint handle = Door.KeptNew();
    private int used;

    /// <summary>Calls of this thread use and fill it until the result is disposed of, on this thread; without gradients only.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses it.</exception>
    public IDisposable Use()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(handle == 0, this);
            if (used != 0) throw new InvalidOperationException("these kept weights are in use already; each thread needs its own");
            used = 1;
        }
        return new Scope(this);
    }

    /// <summary>Lets go of the weights' copies; in use, when that ends.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (used == 1) used = 2;
            else if (used == 0) Free();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the copies of one that was not disposed of.</summary>
    ~KeptWeights() => Free();

    private void Free()
    {
        if (handle != 0) Door.KeptFree(handle);
        handle = 0;
    }

    private sealed class Scope : IDisposable
    {
        private readonly int thread = Environment.CurrentManagedThreadId;
        private readonly nint before;
        private KeptWeights? owner;

        internal Scope(KeptWeights owner) => (this.owner, before) = (owner, Door.KeptUse(owner.handle));

        public void Dispose()
        {
            if (owner is not { } mine) return;
            OwnThread.Check(thread, "kept weights");
            owner = null;
            Door.KeptUse(before);
            lock (mine.gate)
            {
                if (mine.used == 2) mine.Free();
                mine.used = 0;
            }
        }
    }
#endif
}
