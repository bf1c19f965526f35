using TorchSharp;

namespace Retort.Torch;

/// <summary>
/// How many cores an operator may use. Results can depend on that number (sums are split differently), so whoever wants the
/// same bits again runs with the same number; arms of an ablation run with one each.
/// </summary>
public static class Threads
{
    /// <summary>
    /// Operators called from this thread use <paramref name="intraOp"/> cores until the result is disposed of, on this
    /// thread. Other threads keep their own number. (With TorchSharp the number is the process's.)
    /// </summary>
    public static IDisposable RunWith(int intraOp)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(intraOp);
        return new Scope(intraOp);
    }

    /// <summary>
    /// Cores of the matrix products, which have their own pool where libtorch is linked to OpenBLAS (Debian's is): one number
    /// for the whole process. False where the BLAS in use has no such setting and follows the number of the operators.
    /// </summary>
    public static bool SetBlasThreads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
#if TORCHSHARP
        return false;
#else
        return Door.BlasThreads(count) >= 0;
#endif
    }

    /// <summary>
    /// Gives the matrix products one core (<see cref="SetBlasThreads"/>) until the result is disposed of, and then the
    /// number they had. Where several hold on to it at once, until the last of them lets go.
    /// </summary>
    public static IDisposable OneBlasThread() => new BlasScope();

    private sealed class BlasScope : IDisposable
    {
        private static readonly object gate = new();
        private static int holders, before;
        private bool done;

        internal BlasScope()
        {
            lock (gate)
            {
                if (holders++ == 0) before = Set(1);
            }
        }

        public void Dispose()
        {
            lock (gate)
            {
                if (done) return;
                done = true;
                if (--holders == 0 && before > 0) Set(before);
            }
        }

#if TORCHSHARP
        private static int Set(int count) => -1;
#else
        private static int Set(int count) => Door.BlasThreads(count);
#endif
    }

    private sealed class Scope : IDisposable
    {
        private readonly int before;
        private bool done;

        internal Scope(int intraOp) => before = Set(intraOp);

        public void Dispose()
        {
            if (done) return;
            done = true;
            Set(before);
        }

        private static int Set(int count)
        {
#if TORCHSHARP
            int old = torch.get_num_threads();
            torch.set_num_threads(count);
#else
            int old = Door.Threads(count, Door.ThisThread);
            Door.Check(old);
#endif
            return old;
        }
    }
}
