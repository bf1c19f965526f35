using System.Runtime.InteropServices;
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
        return Set(count) >= 0;
    }

    /// <summary>
    /// Gives the matrix products one core (<see cref="SetBlasThreads"/>) until the result is disposed of, and then the
    /// number they had. Where several hold on to it at once, until the last of them lets go.
    /// </summary>
    public static IDisposable OneBlasThread() => new BlasScope();

    /// <summary>Processor time that the calling thread has taken since it began; null on Windows, where it is not asked for.</summary>
    public static TimeSpan? ProcessorTime()
    {
        if (OperatingSystem.IsWindows()) return null;
        const int LinuxThreadClock = 3, MacThreadClock = 16;
        return clock_gettime(OperatingSystem.IsMacOS() ? MacThreadClock : LinuxThreadClock, out var time) == 0
            ? TimeSpan.FromTicks(time.Seconds * TimeSpan.TicksPerSecond + time.Nanoseconds / 100) : null;
    }

    private struct Timespec
    {
        public nint Seconds, Nanoseconds;
    }

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, out Timespec time);

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

    }

#if TORCHSHARP
    // TorchSharp's packages bring a BLAS that follows the operators' number; a libtorch of the machine's may sit on OpenBLAS.
    private static readonly (nint Put, nint Get) openBlas = FindOpenBlas();

    private static (nint, nint) FindOpenBlas()
    {
        torch.zeros(1).Dispose(); // so that libtorch has loaded what it needs
        foreach (var name in new[] { "libopenblas.so.0", "libopenblas.so", "libopenblas.dylib" })
        {
            if (!NativeLibrary.TryLoad(name, out var library)) continue;
            if (NativeLibrary.TryGetExport(library, "openblas_set_num_threads", out var put)
                && NativeLibrary.TryGetExport(library, "openblas_get_num_threads", out var get)) return (put, get);
        }
        return (0, 0);
    }

    private static unsafe int Set(int count)
    {
        if (openBlas.Put == 0) return -1;
        var before = ((delegate* unmanaged<int>)openBlas.Get)();
        if (count > 0) ((delegate* unmanaged<int, void>)openBlas.Put)(count);
        return before;
    }
#else
    private static int Set(int count) => Door.BlasThreads(count);
#endif

    private sealed class Scope : IDisposable
    {
        private readonly int before;
        private bool done;

        internal Scope(int intraOp) => before = Exchange(intraOp);

        public void Dispose()
        {
            if (done) return;
            done = true;
            Exchange(before);
        }

        private static int Exchange(int count)
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
