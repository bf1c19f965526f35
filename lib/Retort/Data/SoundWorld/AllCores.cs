using System.Runtime.ExceptionServices;
using Retort.Torch;

namespace Retort.Data;

/// <summary>
/// A loop over all cores that fails with the first error itself, as a plain loop does, and not with a list of them. No more than a core's
/// number at once: a body that waits for a process would let the pool add threads, and with them processes, without end.
/// </summary>
internal static class AllCores
{
    public static void For(int count, Action<int> body, int threads = 0)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount }, body);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.Flatten().InnerExceptions[0]);
        }
    }

    /// <summary>Works beside one another, each on a core of its own, so that the numbers are the same with and without the others. The first error is thrown when all have ended.</summary>
    public static void Beside(params Action[] work)
    {
        var errors = new Exception?[work.Length];
        var threads = work.Select((action, i) => new Thread(() =>
        {
            try
            {
                using var alone = Threads.RunWith(1);
                action();
            }
            catch (Exception e)
            {
                errors[i] = e;
            }
        }, 16 << 20)
        { IsBackground = true }).ToArray();
        using (Threads.OneBlasThread())
        {
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
        }
        if (errors.FirstOrDefault(e => e is not null) is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }
}
