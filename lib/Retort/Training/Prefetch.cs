namespace Retort.Training;

/// <summary>
/// Loads the batches of the next steps on other threads while this one is at work. Loading is a pure function of the step,
/// so that a run may begin anywhere and the numbers do not depend on who loads.
/// </summary>
/// <typeparam name="T">what a batch is before it becomes tensors, such as float[][]</typeparam>
public sealed class Prefetch<T>
{
    private readonly Func<long, T> load;
    private readonly long steps;
    private readonly int ahead;
    private readonly Dictionary<long, Task<T>> loading = [];

    /// <summary>Loads on demand and ahead of it.</summary>
    /// <param name="load">the batch of a step, counted from 0; called from several threads at once</param>
    /// <param name="steps">steps of the run: nothing is loaded beyond it</param>
    /// <param name="ahead">how many steps ahead, each with a thread while it loads</param>
    public Prefetch(Func<long, T> load, long steps, int ahead = 2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ahead);
        (this.load, this.steps, this.ahead) = (load, steps, ahead);
    }

    /// <summary>The batch of a step. To be asked for by one thread, step after step; a jump costs what was loaded in vain.</summary>
    /// <exception cref="Exception">What loading this step threw.</exception>
    public T this[long step]
    {
        get
        {
            for (var next = step; next <= step + ahead && (next < steps || next == step); next++)
            {
                var at = next;
                if (!loading.ContainsKey(at))
                {
                    loading[at] = Task.Run(() => load(at));
                }
            }
            foreach (var other in loading.Keys.Where(s => s < step || s > step + ahead).ToArray())
            {
                loading.Remove(other);
            }
            loading.Remove(step, out var batch);
            return batch!.GetAwaiter().GetResult();
        }
    }
}
