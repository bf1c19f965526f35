using Retort.Data;
using Retort.Metrics;
using Retort.Text;
using Retort.Training;

namespace Retort.Papers.Slu;

/// <summary>
/// What one run got right of each test utterance after each task: kept utterance by utterance, so that measures can be taken of
/// resampled ones and two runs compared on the same. Averages are over tasks, each measured on everything seen so far, the first
/// task included, as in the paper's tables. All in percent.
/// </summary>
public sealed class SluScores
{
    private readonly Func<string, float[]> outputs;
    private readonly float[] taskOf;

    /// <param name="outputs">the run's outputs by name, as <see cref="Outputs"/> has them</param>
    public SluScores(Func<string, float[]> outputs)
    {
        (this.outputs, taskOf) = (outputs, outputs("task"));
        Tasks = (int)taskOf.Max() + 1;
    }

    /// <summary>The number of tasks.</summary>
    public int Tasks { get; }

    /// <summary>Scores of each utterance after each task.</summary>
    /// <param name="test">the test utterances</param>
    /// <param name="taskOf">the task of each</param>
    /// <param name="predictions">after each task, those of all tasks so far</param>
    /// <param name="copies">utterances of each intent in the last memory; null: none</param>
    /// <exception cref="ArgumentException">An utterance of a task seen has no prediction.</exception>
    internal static Dictionary<string, float[]> Outputs(SpokenData test, IReadOnlyList<int> taskOf, IReadOnlyList<IReadOnlyList<SlurpPrediction>> predictions, IReadOnlyDictionary<string, int>? copies = null)
    {
        var outputs = new Dictionary<string, float[]>
        {
            ["task"] = [.. taskOf.Select(t => (float)t)],
            ["copies"] = [.. test.Recordings.Select(r => (float)(copies?.GetValueOrDefault(r.Meaning.Intent) ?? 0))],
            ["words"] = [.. test.Recordings.Select(r => (float)ErrorRate.Words([r.Transcript], [""]).ReferenceLength)],
            ["string words"] = [.. test.Recordings.Select(r => (float)ErrorRate.Words([r.Target()], [""]).ReferenceLength)],
        };
        for (var task = 0; task < predictions.Count; task++)
        {
            float[] New(string name) => outputs[$"{name} {task}"] = new float[test.Count];
            var (right, edits, stringEdits, tp, fp, fn) = (New("right"), New("edits"), New("string edits"), New("tp"), New("fp"), New("fn"));
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
                right[i] = meaning.Intent == truth.Meaning.Intent ? 1 : 0;
                edits[i] = ErrorRate.Words([truth.Transcript], [transcript]).Edits;
                stringEdits[i] = ErrorRate.Words([truth.Target()], [p.Text]).Edits;
                var entities = SlurpScorer.Score(new Dictionary<string, Meaning> { [truth.File] = truth.Meaning }, new Dictionary<string, Meaning> { [truth.File] = meaning }).SluF1.Micro;
                (tp[i], fp[i], fn[i]) = ((float)entities.TruePositives, (float)entities.FalsePositives, (float)entities.FalseNegatives);
            }
        }
        return outputs;
    }

    /// <summary>The accuracy on the validation utterances after <see cref="ClassIncremental.First"/>.</summary>
    public static Measure Validation { get; } = new("validation accuracy", 1, (outputs, _) => outputs["validation"][0]);

    /// <summary>
    /// The measures of an experiment, the paper's columns first; test utterances in clusters by intent. Whether the published WER is of the
    /// transcript or of the whole decoded string (as the authors' scripts compute it) is not known: both are here.
    /// </summary>
    /// <param name="test">the test utterances</param>
    public static IReadOnlyList<Measure> Measures(SpeechDataset test)
    {
        var intents = test.Data.Recordings.Select(r => r.Meaning.Intent).ToArray();
        var known = intents.Distinct().Order(StringComparer.Ordinal).ToList();
        int[] clusters = [.. intents.Select(intent => known.IndexOf(intent))];
        Measure Of(string name, Func<SluScores, double[]?, double> of) =>
            new(name, test.Count, (outputs, weights) => of(new SluScores(n => outputs[n]), weights)) { Clusters = clusters };
        return
        [
            Of("average accuracy", (s, w) => s.Average(s.Accuracy, w)),
            Of("last accuracy", (s, w) => s.Accuracy(s.Tasks - 1, w)),
            Of("average string WER", (s, w) => s.Average(s.StringWer, w)) with { LowerIsBetter = true },
            Of("average SLU-F1", (s, w) => s.Average(s.SluF1, w)),
            Of("average WER", (s, w) => s.Average(s.Wer, w)) with { LowerIsBetter = true },
            Of("last SLU-F1", (s, w) => s.SluF1(s.Tasks - 1, w)),
            Of("new-task accuracy", (s, w) => s.NewTasks(w)),
            Of("old-task accuracy", (s, w) => s.OldTasks(w)),
            Of("old-task accuracy, intent in memory", (s, w) => s.OldTasks(w, inMemory: true)),
            Of("old-task accuracy, intent not in memory", (s, w) => s.OldTasks(w, inMemory: false)),
        ];
    }

    /// <summary>Intent accuracy on everything seen after a task.</summary>
    public double Accuracy(int task, double[]? weights = null) => Ratio($"right {task}", null, i => taskOf[i] <= task, weights);

    /// <summary>Word error rate of the transcripts of everything seen after a task.</summary>
    public double Wer(int task, double[]? weights = null) => Ratio($"edits {task}", "words", i => taskOf[i] <= task, weights);

    /// <summary>Word error rate of the whole decoded strings, intent and entities included.</summary>
    public double StringWer(int task, double[]? weights = null) => Ratio($"string edits {task}", "string words", i => taskOf[i] <= task, weights);

    /// <summary>SLU-F1, micro, of everything seen after a task.</summary>
    public double SluF1(int task, double[]? weights = null)
    {
        double p = 0, f = 0, n = 0;
        var (tp, fp, fn) = (outputs($"tp {task}"), outputs($"fp {task}"), outputs($"fn {task}"));
        for (var i = 0; i < taskOf.Length; i++)
        {
            var weight = weights?[i] ?? 1;
            (p, f, n) = (p + weight * tp[i], f + weight * fp[i], n + weight * fn[i]);
        }
        return p == 0 ? 0 : 100 * 2 * p / (2 * p + f + n);
    }

    /// <summary>Plasticity: the mean over later tasks of the accuracy on a task right after it was learned; NaN with one task.</summary>
    public double NewTasks(double[]? weights = null) =>
        Tasks == 1 ? double.NaN : Enumerable.Range(1, Tasks - 1).Average(task => Ratio($"right {task}", null, i => taskOf[i] == task, weights));

    /// <summary>Retention: the accuracy after the last task on all tasks before it; NaN with one task.</summary>
    /// <param name="weights">how often each utterance counts</param>
    /// <param name="inMemory">only utterances whose intent the last memory has (or has not); NaN where there are none</param>
    public double OldTasks(double[]? weights = null, bool? inMemory = null)
    {
        var copies = outputs("copies");
        return Ratio($"right {Tasks - 1}", null, i => taskOf[i] < Tasks - 1 && (inMemory is null || copies[i] > 0 == inMemory), weights);
    }

    /// <summary>The mean over tasks of a measure of everything seen.</summary>
    public double Average(Func<int, double[]?, double> of, double[]? weights = null) => Enumerable.Range(0, Tasks).Average(task => of(task, weights));

    /// <summary>The accuracy matrix of intents.</summary>
    public AccuracyMatrix Matrix() => new(
        [.. Enumerable.Range(0, Tasks).Select(after => (IReadOnlyList<long>)[.. Enumerable.Range(0, after + 1).Select(task =>
            Enumerable.Range(0, taskOf.Length).Where(i => taskOf[i] == task).Sum(i => (long)outputs($"right {after}")[i]))])],
        [.. Enumerable.Range(0, Tasks).Select(task => taskOf.LongCount(t => t == task))]);

    /// <summary>Forgetting and backward transfer (<see cref="AccuracyMatrix"/>), and the accuracy on each task after each, by name.</summary>
    internal Dictionary<string, double> Values()
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
