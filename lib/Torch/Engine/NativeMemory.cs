namespace TorchSharp;

/// <summary>
/// The garbage collector sees a tensor's object of a few dozen bytes and not its megabytes. So memory in use is watched here: at
/// a limit tensors that nobody holds are collected, and the limit is set anew above what is left. Steps that dispose of their
/// tensors meet it once or twice, when the process first needs that much. Counts the memory of the CPU only.
/// </summary>
internal static unsafe class NativeMemory
{
    private const long Step = 512L << 20, LongestStep = 2L << 30, NearTheEnd = 256L << 20, Few = 16;

    private static readonly long* inUse = Door.MemoryInUse();
    private static readonly long most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 10 * 8;
    private static long step = Step;
    private static long limit = Math.Min(Step, most);
    private static int busy;
    private static long collected;

    /// <summary>Bytes in tensors on the CPU now; 0 where the C library's own allocator is in use.</summary>
    internal static long InUse => inUse == null ? 0 : Volatile.Read(ref *inUse);

    /// <summary>How often the limit was met.</summary>
    internal static int Collections { get; private set; }

    /// <summary>A tensor was freed by its finalizer.</summary>
    internal static void CountCollected() => Interlocked.Increment(ref collected);

    /// <summary>As at the process's start, but from what is in use now: what ran before set the limit by its own needs.</summary>
    internal static void Restart()
    {
        step = Step;
        Volatile.Write(ref limit, Math.Min(InUse + Step, Math.Max(most, InUse + NearTheEnd)));
    }

    internal static void Watch()
    {
        if (inUse != null && Volatile.Read(ref *inUse) > Volatile.Read(ref limit)) Collect();
    }

    private static void Collect()
    {
        if (Interlocked.Exchange(ref busy, 1) != 0) return;
        try
        {
            Collections++;
            long before = InUse, already = Interlocked.Read(ref collected);
            // Most garbage is young.
            foreach (int generation in (ReadOnlySpan<int>)[0, 2])
            {
                GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
                GC.WaitForPendingFinalizers();
                if (InUse < before / 2) break;
            }
            long after = InUse;
            // What is held and not garbage is no reason to look again soon. Other threads' steps end meanwhile and free theirs, so
            // what counts is what the collector itself found.
            bool found = Interlocked.Read(ref collected) - already > Few && after < before / 4 * 3;
            step = found ? Step : Math.Min(2 * step, LongestStep);
            long from = found ? after : Math.Max(before, after);
            Volatile.Write(ref limit, Math.Min(from + step, Math.Max(most, from + NearTheEnd)));
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }
}
