namespace Retort.Metrics;

/// <summary>
/// What one run of class-incremental learning got right of each test item after each task: kept item by item, so that measures can be taken
/// of resampled ones and two runs compared on the same. Averages are over tasks, each measured on everything seen so far, the first
/// task included. All in percent.
/// </summary>
public class TaskScores
{
    private readonly Func<string, float[]> outputs;
    private readonly float[] taskOf;

    /// <param name="outputs">
    /// by name, a number an item: "task", from 0; "right 0" and so on, 1 where the item is right after that task; "copies", how many of its
    /// class the last rehearsal memory has
    /// </param>
    public TaskScores(Func<string, float[]> outputs)
    {
        (this.outputs, taskOf) = (outputs, outputs("task"));
        Tasks = (int)taskOf.Max() + 1;
    }

    /// <summary>The number of tasks.</summary>
    public int Tasks { get; }

    /// <summary>Accuracy on everything seen after a task.</summary>
    /// <param name="task">the task, from 0</param>
    /// <param name="weights">how often each item counts; null: once</param>
    public double Accuracy(int task, double[]? weights = null) => Seen($"right {task}", null, task, weights);

    /// <summary>Plasticity: the mean over later tasks of the accuracy on a task right after it was learned; NaN with one task.</summary>
    public double NewTasks(double[]? weights = null) =>
        Tasks == 1 ? double.NaN : Enumerable.Range(1, Tasks - 1).Average(task => Ratio($"right {task}", null, i => taskOf[i] == task, weights));

    /// <summary>Retention: the accuracy after the last task on all tasks before it; NaN with one task.</summary>
    /// <param name="weights">how often each item counts</param>
    /// <param name="inMemory">only items whose class the last memory has (or has not); NaN where there are none</param>
    public double OldTasks(double[]? weights = null, bool? inMemory = null)
    {
        var copies = outputs("copies");
        return Ratio($"right {Tasks - 1}", null, i => taskOf[i] < Tasks - 1 && (inMemory is null || copies[i] > 0 == inMemory), weights);
    }

    /// <summary>The mean over tasks of a measure of everything seen.</summary>
    public double Average(Func<int, double[]?, double> of, double[]? weights = null) => Enumerable.Range(0, Tasks).Average(task => of(task, weights));

    /// <summary>The accuracy matrix.</summary>
    public AccuracyMatrix Matrix() => new(
        [.. Enumerable.Range(0, Tasks).Select(after => (IReadOnlyList<long>)[.. Enumerable.Range(0, after + 1).Select(task =>
            Enumerable.Range(0, taskOf.Length).Where(i => taskOf[i] == task).Sum(i => (long)outputs($"right {after}")[i]))])],
        [.. Enumerable.Range(0, Tasks).Select(task => taskOf.LongCount(t => t == task))]);

    /// <summary>Forgetting and backward transfer (<see cref="AccuracyMatrix"/>), and the accuracy on each task after each, by name.</summary>
    public Dictionary<string, double> Values()
    {
        var matrix = Matrix();
        var values = new Dictionary<string, double> { ["forgetting"] = 100 * matrix.Forgetting, ["backward transfer"] = 100 * matrix.BackwardTransfer };
        for (var after = 0; after < Tasks; after++)
        {
            values[$"accuracy after task {after + 1}"] = Accuracy(after);
            for (var task = 0; task <= after; task++)
            {
                values[$"task {task + 1} after task {after + 1}"] = 100 * matrix[after, task];
            }
        }
        return values;
    }

    /// <summary>Outputs by name.</summary>
    protected float[] Items(string name) => outputs(name);

    /// <summary>A sum over another, of everything seen after a task.</summary>
    /// <param name="part">outputs that are summed</param>
    /// <param name="of">outputs that they are a part of; null: 1 an item</param>
    /// <param name="task">the task, from 0</param>
    /// <param name="weights">how often each item counts</param>
    protected double Seen(string part, string? of, int task, double[]? weights) => Ratio(part, of, i => taskOf[i] <= task, weights);

    private double Ratio(string part, string? of, Func<int, bool> counts, double[]? weights)
    {
        var (numerator, denominator) = (outputs(part), of is null ? null : outputs(of));
        double sum = 0, all = 0;
        for (var i = 0; i < taskOf.Length; i++)
        {
            if (counts(i))
            {
                var weight = weights?[i] ?? 1;
                sum += weight * numerator[i];
                all += weight * (denominator?[i] ?? 1);
            }
        }
        return all == 0 ? double.NaN : 100 * sum / all;
    }
}
