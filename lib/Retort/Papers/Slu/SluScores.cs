using Retort.Data;
using Retort.Metrics;
using Retort.Text;
using Retort.Training;

namespace Retort.Papers.Slu;

/// <summary>
/// What one run understood of each test utterance after each task: intents (<see cref="TaskScores"/>), words, whole strings and entities.
/// Averages as in the paper's tables. All in percent.
/// </summary>
/// <param name="outputs">the run's outputs by name, as <see cref="Outputs"/> has them</param>
public sealed class SluScores(Func<string, float[]> outputs) : TaskScores(outputs)
{
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

    /// <summary>Word error rate of the transcripts of everything seen after a task.</summary>
    public double Wer(int task, double[]? weights = null) => Seen($"edits {task}", "words", task, weights);

    /// <summary>Word error rate of the whole decoded strings, intent and entities included.</summary>
    public double StringWer(int task, double[]? weights = null) => Seen($"string edits {task}", "string words", task, weights);

    /// <summary>SLU-F1, micro, of everything seen after a task.</summary>
    public double SluF1(int task, double[]? weights = null)
    {
        double p = 0, f = 0, n = 0;
        var (tp, fp, fn) = (Items($"tp {task}"), Items($"fp {task}"), Items($"fn {task}"));
        for (var i = 0; i < tp.Length; i++)
        {
            var weight = weights?[i] ?? 1;
            (p, f, n) = (p + weight * tp[i], f + weight * fp[i], n + weight * fn[i]);
        }
        return p == 0 ? 0 : 100 * 2 * p / (2 * p + f + n);
    }
}
