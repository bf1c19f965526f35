// Measures of class-incremental learning. Average incremental accuracy as the SLU paper's table has it (the mean over tasks of
// the accuracy on all test data seen so far, the first task included); forgetting: Chaudhry et al. (ECCV 2018), equation 3, and
// backward transfer in the form that averages all pairs, as the continuum library has them.

namespace Retort.Metrics;

/// <summary>
/// How well a model that learns task after task does on each task: entry (i, j) is the accuracy on the test data of task j
/// after training through task i, for j at most i. Accuracies are fractions from 0 to 1.
/// </summary>
public sealed class AccuracyMatrix
{
    private readonly long[][] correct;
    private readonly long[] sizes;

    /// <summary>The matrix from counts, so that tasks of different sizes weigh as their test items do.</summary>
    /// <param name="correct">row i: right answers on tasks 0 to i after training through task i; further entries are not read</param>
    /// <param name="sizes">test items of each task</param>
    /// <exception cref="ArgumentException">There is no task, a row is too short, or a count is not between 0 and the task's size.</exception>
    public AccuracyMatrix(IReadOnlyList<IReadOnlyList<long>> correct, IReadOnlyList<long> sizes)
    {
        if (sizes.Count == 0 || correct.Count != sizes.Count)
        {
            throw new ArgumentException($"{correct.Count} rows for {sizes.Count} tasks; expected one a task, and at least one", nameof(correct));
        }
        this.sizes = [.. sizes];
        this.correct = new long[sizes.Count][];
        for (var i = 0; i < sizes.Count; i++)
        {
            if (sizes[i] <= 0)
            {
                throw new ArgumentException($"task {i} has {sizes[i]} test items", nameof(sizes));
            }
            if (correct[i].Count <= i)
            {
                throw new ArgumentException($"row {i} has {correct[i].Count} entries; expected at least {i + 1}", nameof(correct));
            }
            this.correct[i] = [.. correct[i].Take(i + 1)];
            for (var j = 0; j <= i; j++)
            {
                if (this.correct[i][j] < 0 || this.correct[i][j] > sizes[j])
                {
                    throw new ArgumentException($"row {i}, task {j}: {this.correct[i][j]} of {sizes[j]} right", nameof(correct));
                }
            }
        }
    }

    /// <summary>The number of tasks.</summary>
    public int Tasks => sizes.Length;

    /// <summary>The accuracy on a task after training through another.</summary>
    /// <param name="trained">the last task trained</param>
    /// <param name="tested">the task tested, at most <paramref name="trained"/></param>
    public double this[int trained, int tested] => tested <= trained ? (double)correct[trained][tested] / sizes[tested]
        : throw new ArgumentOutOfRangeException(nameof(tested), tested, $"after task {trained} only tasks 0 to {trained} are tested");

    /// <summary>The accuracy on all test items of tasks 0 to <paramref name="trained"/>, each item weighing the same.</summary>
    public double Seen(int trained) => (double)correct[trained].Sum() / sizes.Take(trained + 1).Sum();

    /// <summary>The mean of <see cref="Seen"/> over the tasks, the first included.</summary>
    public double AverageAccuracy => Enumerable.Range(0, Tasks).Average(Seen);

    /// <summary>The accuracy on all test items after the last task.</summary>
    public double LastAccuracy => Seen(Tasks - 1);

    /// <summary>
    /// The mean over all tasks but the last of the best accuracy that a task had before the end less the one it has in the end.
    /// NaN with one task.
    /// </summary>
    public double Forgetting => Tasks < 2 ? double.NaN : Enumerable.Range(0, Tasks - 1).Average(j =>
        Enumerable.Range(j, Tasks - 1 - j).Max(l => this[l, j]) - this[Tasks - 1, j]);

    /// <summary>
    /// The mean over all pairs i &gt; j of the accuracy on task j after task i less the one just after task j; negative where
    /// the model forgets. NaN with one task.
    /// </summary>
    public double BackwardTransfer => Tasks < 2 ? double.NaN : Enumerable.Range(0, Tasks).SelectMany(i =>
        Enumerable.Range(0, i).Select(j => this[i, j] - this[j, j])).Average();
}
