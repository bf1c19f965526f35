namespace Retort.Data;

/// <summary>
/// Classes that arrive task by task: each class belongs to one task, and with it all its samples. Training sees one task at a
/// time, testing all tasks so far.
/// </summary>
public sealed class TaskSplit
{
    private readonly Dictionary<string, int> taskOf = [];

    /// <summary>A split with the classes of each task given.</summary>
    /// <param name="tasks">the classes of each task</param>
    /// <exception cref="ArgumentException">There is no task, a task has no class, or a class stands in two places.</exception>
    public TaskSplit(IReadOnlyList<IReadOnlyList<string>> tasks)
    {
        if (tasks.Count == 0)
        {
            throw new ArgumentException("there is no task", nameof(tasks));
        }
        Tasks = [.. tasks.Select(task => (IReadOnlyList<string>)[.. task])];
        for (var t = 0; t < Tasks.Count; t++)
        {
            if (Tasks[t].Count == 0)
            {
                throw new ArgumentException($"task {t} has no class", nameof(tasks));
            }
            foreach (var name in Tasks[t])
            {
                if (!taskOf.TryAdd(name, t))
                {
                    throw new ArgumentException($"the class \"{name}\" stands in task {taskOf[name]} and again in task {t}", nameof(tasks));
                }
            }
        }
    }

    /// <summary>The classes of each task.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Tasks { get; }

    /// <summary>The classes of all tasks, in the order of the tasks.</summary>
    public IReadOnlyList<string> Classes => [.. Tasks.SelectMany(task => task)];

    /// <summary>Tasks of equal size: SLURP-3 is the 18 scenarios in 3 tasks, SLURP-6 in 6.</summary>
    /// <param name="order">the classes in the order of arrival</param>
    /// <param name="tasks">how many tasks</param>
    /// <exception cref="ArgumentException">The classes cannot be shared out evenly.</exception>
    public static TaskSplit Even(IReadOnlyList<string> order, int tasks) => tasks > 0 && order.Count > 0 && order.Count % tasks == 0
        ? OfSizes(order, [.. Enumerable.Repeat(order.Count / tasks, tasks)])
        : throw new ArgumentException($"{order.Count} classes cannot be shared out evenly to {tasks} tasks", nameof(tasks));

    /// <summary>Tasks of the sizes given.</summary>
    /// <param name="order">the classes in the order of arrival</param>
    /// <param name="sizes">how many classes each task has</param>
    /// <exception cref="ArgumentException">The sizes are not positive or do not add up to the number of classes.</exception>
    public static TaskSplit OfSizes(IReadOnlyList<string> order, IReadOnlyList<int> sizes)
    {
        if (sizes.Any(size => size <= 0) || sizes.Sum(size => (long)size) != order.Count)
        {
            throw new ArgumentException($"tasks of {string.Join(", ", sizes)} classes do not make {order.Count}", nameof(sizes));
        }
        var from = 0;
        var tasks = new List<IReadOnlyList<string>>();
        foreach (var size in sizes)
        {
            tasks.Add([.. order.Skip(from).Take(size)]);
            from += size;
        }
        return new TaskSplit(tasks);
    }

    /// <summary>The task of a class.</summary>
    /// <exception cref="ArgumentException">The split does not have the class.</exception>
    public int TaskOf(string name) => taskOf.TryGetValue(name, out var task) ? task
        : throw new ArgumentException($"the class \"{name}\" is in no task", nameof(name));

    /// <summary>The samples of one task, ascending.</summary>
    /// <param name="classes">the class of each sample</param>
    /// <param name="task">the task</param>
    public int[] Of(IReadOnlyList<string> classes, int task) => Where(classes, task, t => t == task);

    /// <summary>The samples of all tasks up to one, ascending: what is tested after it.</summary>
    /// <param name="classes">the class of each sample</param>
    /// <param name="task">the last task seen</param>
    public int[] Seen(IReadOnlyList<string> classes, int task) => Where(classes, task, t => t <= task);

    private int[] Where(IReadOnlyList<string> classes, int task, Func<int, bool> wanted)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(task);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(task, Tasks.Count);
        return [.. Enumerable.Range(0, classes.Count).Where(i => wanted(TaskOf(classes[i])))];
    }
}
