using Retort.Data;
using Retort.Metrics;
using Retort.Text;

namespace Retort.Papers.Slu;

/// <summary>
/// What one run got right of each test item after each task: kept item by item, so that measures can be taken of resampled
/// items and two runs compared on the same ones.
/// </summary>
public sealed class SluItems
{
    private readonly int tasks;
    private readonly int[] taskOf;
    private readonly float[] words, allWords;
    private readonly float[][] right, edits, allEdits, tp, fp, fn;

    /// <param name="test">the test utterances</param>
    /// <param name="taskOf">the task of each</param>
    /// <param name="predictions">after each task, those of all tasks so far</param>
    /// <exception cref="ArgumentException">An utterance of a task seen has no prediction.</exception>
    public SluItems(SpokenData test, IReadOnlyList<int> taskOf, IReadOnlyList<IReadOnlyList<SluPrediction>> predictions)
    {
        (tasks, this.taskOf) = (predictions.Count, [.. taskOf]);
        float[][] Rows() => [.. Enumerable.Range(0, tasks).Select(_ => new float[test.Count])];
        (right, edits, allEdits, tp, fp, fn) = (Rows(), Rows(), Rows(), Rows(), Rows(), Rows());
        (words, allWords) = (new float[test.Count], new float[test.Count]);
        for (var task = 0; task < tasks; task++)
        {
            var said = predictions[task].ToDictionary(p => p.File);
            for (var i = 0; i < test.Count; i++)
            {
                if (taskOf[i] > task)
                {
                    continue;
                }
                var truth = test.Recordings[i];
                if (!said.TryGetValue(truth.File, out var p))
                {
                    throw new ArgumentException($"\"{truth.File}\" has no prediction after task {task}", nameof(predictions));
                }
                var (meaning, transcript) = SlurpTarget.Read(p.Text);
                right[task][i] = meaning.Intent == truth.Meaning.Intent ? 1 : 0;
                var spoken = ErrorRate.Words([truth.Transcript], [transcript]);
                var whole = ErrorRate.Words([truth.Target()], [p.Text]);
                (edits[task][i], words[i]) = (spoken.Edits, spoken.ReferenceLength);
                (allEdits[task][i], allWords[i]) = (whole.Edits, whole.ReferenceLength);
                var entities = SlurpScorer.Score(new Dictionary<string, Meaning> { [truth.File] = truth.Meaning }, new Dictionary<string, Meaning> { [truth.File] = meaning }).SluF1.Micro;
                (tp[task][i], fp[task][i], fn[task][i]) = ((float)entities.TruePositives, (float)entities.FalsePositives, (float)entities.FalseNegatives);
            }
        }
    }

    /// <summary>The number of tasks.</summary>
    public int Tasks => tasks;

    /// <summary>The number of test items.</summary>
    public int Count => words.Length;

    /// <summary>A measure in percent.</summary>
    /// <param name="measure">which</param>
    /// <param name="weights">how often each item counts; empty for once each</param>
    public double Measure(SluMeasure measure, ReadOnlySpan<float> weights = default)
    {
        switch (measure)
        {
            case SluMeasure.LastAccuracy: return Accuracy(tasks - 1, weights);
            case SluMeasure.LastWer: return Wer(tasks - 1, weights);
            case SluMeasure.LastSluF1: return SluF1(tasks - 1, weights);
            default:
                var sum = 0.0;
                for (var task = 0; task < tasks; task++)
                {
                    sum += measure switch
                    {
                        SluMeasure.AverageAccuracy => Accuracy(task, weights),
                        SluMeasure.AverageWer => Wer(task, weights),
                        SluMeasure.AverageStringWer => Ratio(allEdits[task], allWords, task, weights),
                        SluMeasure.AverageSluF1 => SluF1(task, weights),
                        _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "no such measure"),
                    };
                }
                return sum / tasks;
        }
    }

    /// <summary>Intent accuracy on everything seen after a task, in percent.</summary>
    public double Accuracy(int task, ReadOnlySpan<float> weights = default)
    {
        double sum = 0, all = 0;
        for (var i = 0; i < Count; i++)
        {
            if (taskOf[i] <= task)
            {
                var weight = weights.IsEmpty ? 1 : weights[i];
                sum += weight * right[task][i];
                all += weight;
            }
        }
        return 100 * sum / Math.Max(all, 1e-9);
    }

    /// <summary>Word error rate of the transcripts of everything seen after a task, in percent.</summary>
    public double Wer(int task, ReadOnlySpan<float> weights = default) => Ratio(edits[task], words, task, weights);

    /// <summary>SLU-F1, micro, of everything seen after a task, in percent.</summary>
    public double SluF1(int task, ReadOnlySpan<float> weights = default)
    {
        double p = 0, f = 0, n = 0;
        for (var i = 0; i < Count; i++)
        {
            if (taskOf[i] <= task)
            {
                var weight = weights.IsEmpty ? 1 : weights[i];
                p += weight * tp[task][i];
                f += weight * fp[task][i];
                n += weight * fn[task][i];
            }
        }
        return p == 0 ? 0 : 100 * 2 * p / (2 * p + f + n);
    }

    /// <summary>The accuracy matrix of intents.</summary>
    public AccuracyMatrix Matrix()
    {
        var correct = new long[tasks][];
        for (var i = 0; i < tasks; i++)
        {
            correct[i] = new long[i + 1];
            for (var item = 0; item < Count; item++)
            {
                if (taskOf[item] <= i)
                {
                    correct[i][taskOf[item]] += (long)right[i][item];
                }
            }
        }
        return new AccuracyMatrix(correct, [.. Enumerable.Range(0, tasks).Select(task => (long)taskOf.Count(t => t == task))]);
    }

    private double Ratio(float[] part, float[] of, int task, ReadOnlySpan<float> weights)
    {
        double sum = 0, all = 0;
        for (var i = 0; i < Count; i++)
        {
            if (taskOf[i] <= task)
            {
                var weight = weights.IsEmpty ? 1 : weights[i];
                sum += weight * part[i];
                all += weight * of[i];
            }
        }
        return 100 * sum / Math.Max(all, 1e-9);
    }
}
