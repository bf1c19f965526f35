using System.Runtime.ExceptionServices;

namespace Retort.Data;

/// <summary>A loop over all cores that fails with the first error itself, as a plain loop does, and not with a list of them.</summary>
internal static class AllCores
{
    public static void For(int count, Action<int> body, int threads = -1)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.Flatten().InnerExceptions[0]);
        }
    }
}
